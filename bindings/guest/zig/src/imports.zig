//! The functions that the host provides.

const std = @import("std");
const Entry = @import("entry.zig").Entry;
const failure = @import("failure.zig");
const memory = @import("memory.zig");
const values = @import("values.zig");

pub fn import(comptime module: []const u8, comptime Functions: type) Functions {
    var functions: Functions = undefined;
    const fields = @typeInfo(Functions).@"struct";
    inline for (fields.field_names, fields.field_types) |name, Pointer| {
        const F = switch (@typeInfo(Pointer)) {
            .pointer => |pointer| pointer.child,
            else => void,
        };
        if (@typeInfo(F) != .@"fn") @compileError(module ++ "." ++ name ++ " is " ++ @typeName(Pointer) ++ ", and *const fn (...) is accepted");
        @field(functions, name) = &Shim(module, name, F).entry;
    }
    return functions;
}

/// The import itself, as WebAssembly has it.
fn Raw(comptime F: type) type {
    const function = @typeInfo(F).@"fn";
    var params: [function.param_types.len]type = undefined;
    for (function.param_types, &params) |Param, *raw| raw.* = values.Raw(Param.?);
    return @Fn(&params, &@splat(.{}), values.Raw(function.return_type.?), .{ .@"callconv" = .c });
}

/// Makes what the plugin calls of a host's function.
fn Shim(comptime module: []const u8, comptime name: []const u8, comptime F: type) type {
    const function = @typeInfo(F).@"fn";
    const what = module ++ "." ++ name;
    const R = function.return_type.?;
    _ = values.kind(R, what ++ ": its result");
    var params: []const type = &.{};
    for (function.param_types) |Param| {
        _ = values.kind(Param.?, what ++ ": a parameter");
        params = params ++ .{Param.?};
    }
    return Entry(what, params, R, .auto, Call(module, name, F));
}

/// A call of the host's function, which fails within the host: then nothing returns here.
fn Call(comptime module: []const u8, comptime name: []const u8, comptime F: type) type {
    const R = @typeInfo(F).@"fn".return_type.?;
    return struct {
        pub fn run(args: anytype) R {
            if (!memory.hosted) @panic("the host's function " ++ module ++ "." ++ name ++ " is called in a test, which has to replace it");
            const function = @extern(*const Raw(F), .{ .name = name, .library_name = module });
            var raw: std.meta.ArgsTuple(Raw(F)) = undefined;
            inline for (args, &raw) |arg, *to| to.* = values.toHost(arg) catch |err| give_up(err);
            return values.fromHost(R, @call(.auto, function, raw)) catch |err| give_up(err);
        }

        fn give_up(err: anyerror) noreturn {
            std.debug.panic("{s}.{s}: {s}", .{ module, name, failure.reason(err) });
        }
    };
}

test "a host's function is replaced in a test" {
    const Env = struct { call_me: *const fn (name: []const u8) []const u8 };
    var env = import("env", Env);
    env.call_me = struct {
        fn mock(name: []const u8) []const u8 {
            return if (std.mem.eql(u8, name, "Nic")) "Hello Nic" else "?";
        }
    }.mock;
    try std.testing.expectEqualStrings("Hello Nic", env.call_me("Nic"));
}
