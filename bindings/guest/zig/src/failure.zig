//! How a call fails: with a message, an error's name, or a panic's words.

const std = @import("std");
const memory = @import("memory.zig");

var buffer: [4096]u8 = undefined;
var length: usize = 0;

/// Returns the error that makes the call fail with this message.
pub fn fail(comptime format: []const u8, args: anytype) error{Failed} {
    // What is printed may be of the message before.
    var text: [buffer.len]u8 = undefined;
    var writer: std.Io.Writer = .fixed(&text);
    writer.print(format, args) catch {};
    length = whole(writer.buffered()).len;
    @memcpy(buffer[0..length], text[0..length]);
    return error.Failed;
}

/// Forgets the message of a call before.
pub fn forget() void {
    length = 0;
}

/// Returns the message of the last `fail`.
pub fn message() []const u8 {
    return buffer[0..length];
}

/// Returns the text without a character that was cut.
fn whole(text: []const u8) []const u8 {
    var start = text.len;
    while (start > 0) {
        start -= 1;
        if (text[start] & 0xC0 != 0x80) break;
    } else return text;
    const size = std.unicode.utf8ByteSequenceLength(text[start]) catch return text;
    return if (start + size > text.len) text[0..start] else text;
}

/// Returns what an error says: its own message, or its name.
pub fn reason(err: anyerror) []const u8 {
    return if (err == error.Failed and length > 0) message() else @errorName(err);
}

/// Tells the host why the call fails, which it does when the plugin's function returns.
pub fn raise(err: anyerror) void {
    // A string for the host has no NUL within.
    raise_error(memory.string(std.mem.sliceTo(reason(err), 0)));
}

extern "env" fn raise_error(text: usize) void;

/// Ends the call at once. The strings are AssemblyScript's, which this import is from: UTF-16 after its length in bytes.
extern "env" fn abort(text: ?[*]const u16, file: ?[*]const u16, line: u32, column: u32) noreturn;

pub const panic = std.debug.FullPanic(if (memory.hosted) panicInHost else std.debug.defaultPanic);

fn panicInHost(text: []const u8, _: ?usize) noreturn {
    @branchHint(.cold);
    const units = struct {
        var of: [2 + 1024]u16 = undefined;
    };
    const cut = whole(text[0..@min(text.len, 1024)]);
    // It has as many units as bytes at most.
    const count = std.unicode.utf8ToUtf16Le(units.of[2..], cut) catch 0;
    std.mem.writeInt(u32, std.mem.asBytes(units.of[0..2]), @intCast(2 * count), .little);
    abort(units.of[2..].ptr, null, 0, 0);
}

test "a message that is too long ends at a whole character" {
    const text: [2048]u8 = @splat('a');
    try std.testing.expectEqual(error.Failed, fail("{s}{s}", .{ text, text[0..2047] ++ "ü" }));
    try std.testing.expectEqual(4095, message().len);
    try std.testing.expectEqual(error.Failed, fail("{d} is none", .{1}));
    try std.testing.expectEqualStrings("1 is none", message());
}
