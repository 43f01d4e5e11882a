//! What a file's text tells of its functions, and the lines of the listing.

const std = @import("std");
const Allocator = std.mem.Allocator;
const values = @import("values.zig");

/// Returns whether a parameter is one that the helper gives, and not the host.
pub fn isGiven(comptime T: type) bool {
    return T == Allocator or T == std.Io;
}

/// Returns the function's line: `name(kind, kind) kind # docs`.
pub fn line(comptime name: [:0]const u8, comptime F: type, comptime source: []const u8) []const u8 {
    const function = @typeInfo(F).@"fn";
    const told = find(name, source);
    var text: []const u8 = name ++ "(";
    var separator: []const u8 = "";
    for (function.param_types, 0..) |Param, at| {
        const T = Param orelse @compileError(name ++ ": a parameter has no type of its own, and the host passes such only");
        if (isGiven(T)) continue;
        const param = if (at < told.params.len) told.params[at] else "";
        const what = name ++ ": the parameter " ++ if (param.len > 0) param else std.fmt.comptimePrint("{d}", .{at});
        const kind = values.kind(T, what);
        if (kind.len == 0) @compileError(what ++ " is void");
        text = text ++ separator ++ (if (param.len > 0 and !std.mem.eql(u8, param, "_")) param ++ ": " else "") ++ kind;
        separator = ", ";
    }
    const Result = function.return_type orelse @compileError(name ++ ": its result has no type of its own");
    const kind = values.kind(values.Payload(Result), name ++ ": its result");
    text = text ++ ")" ++ (if (kind.len > 0) " " ++ kind else "");
    return text ++ (if (told.docs.len > 0) " # " ++ told.docs else "") ++ "\n";
}

const Told = struct { params: []const []const u8 = &.{}, docs: []const u8 = "" };

/// Returns what the source tells of a public function.
fn find(comptime name: [:0]const u8, comptime source: []const u8) Told {
    @setEvalBranchQuota(1000 + 50 * source.len);
    const head = "pub fn " ++ name ++ "(";
    var rest = source;
    while (std.mem.find(u8, rest, head)) |start| {
        const at = source.len - rest.len + start;
        const before = std.mem.trimEnd(u8, source[lineStart(source, at)..at], " ");
        // Else it is within a comment, or a string.
        if (before.len == 0) return .{ .params = params(source[at + head.len ..]), .docs = docs(source[0..lineStart(source, at)]) };
        rest = rest[start + head.len ..];
    }
    return .{};
}

fn lineStart(comptime source: []const u8, at: usize) usize {
    return if (std.mem.findScalarLast(u8, source[0..at], '\n')) |end| end + 1 else 0;
}

/// Returns the names of the parameters in a text that begins with them.
fn params(comptime text: []const u8) []const []const u8 {
    // Zig's own tokenizer wants a NUL at the end.
    const ended: [:0]const u8 = text[0..@min(text.len, 2000)] ++ "";
    var tokenizer: std.zig.Tokenizer = .init(ended);
    var names: []const []const u8 = &.{};
    var depth: usize = 0;
    var previous: []const u8 = "";
    while (true) {
        const token = tokenizer.next();
        switch (token.tag) {
            .l_paren, .l_bracket, .l_brace => depth += 1,
            .r_paren, .r_bracket, .r_brace => {
                if (depth == 0) return names;
                depth -= 1;
            },
            .colon => if (depth == 0) {
                names = names ++ .{previous};
            },
            .eof => return names,
            else => {},
        }
        previous = ended[token.loc.start..token.loc.end];
    }
}

/// Returns the first paragraph of the comment that ends a text, on one line.
fn docs(comptime text: []const u8) []const u8 {
    var start = text.len;
    while (start > 0) {
        const begin = lineStart(text, start - 1);
        if (!std.mem.startsWith(u8, std.mem.trimStart(u8, text[begin..start], " "), "///")) break;
        start = begin;
    }
    var found: []const u8 = "";
    var lines = std.mem.splitScalar(u8, text[start..], '\n');
    while (lines.next()) |comment| {
        const said = std.mem.trim(u8, std.mem.trimStart(u8, comment, " /"), " \r");
        if (said.len == 0) break;
        found = found ++ (if (found.len > 0) " " else "") ++ said;
    }
    return found;
}

test "a line has the names and the comment of the source" {
    const source =
        \\// pub fn hello(not: bool) void {}
        \\/// Greets
        \\/// somebody.
        \\///
        \\/// More.
        \\pub fn hello(arena: Allocator, name: []const u8, times: u32) ![]const u8 {}
        \\
        \\pub fn bare(_: wasp.Bytes, comptime_: fn (a: u8) void) void {}
    ;
    comptime {
        const Hello = fn (Allocator, []const u8, u32) error{OutOfMemory}![]const u8;
        std.debug.assert(std.mem.eql(u8, line("hello", Hello, source), "hello(name: string, times: i32) string # Greets somebody.\n"));
        std.debug.assert(std.mem.eql(u8, line("hello", Hello, ""), "hello(string, i32) string\n"));
        std.debug.assert(std.mem.eql(u8, line("bare", fn (values.Bytes) void, source), "bare(bytes)\n"));
        std.debug.assert(std.mem.eql(u8, line("set", fn (values.Json([]const i64), bool) f64, ""), "set(json, i32) f64\n"));
    }
}
