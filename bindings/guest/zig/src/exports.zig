//! The functions that the host calls.

const std = @import("std");
const Entry = @import("entry.zig").Entry;
const failure = @import("failure.zig");
const memory = @import("memory.zig");
const signature = @import("signature.zig");
const values = @import("values.zig");

pub fn exportFunctions(comptime Plugin: type, comptime source: []const u8) void {
    var listing: [:0]const u8 = "";
    for (@typeInfo(Plugin).@"struct".decl_names) |name| {
        const declared = @field(Plugin, name);
        if (@typeInfo(@TypeOf(declared)) != .@"fn" or std.mem.eql(u8, name, "main")) continue;
        listing = listing ++ signature.line(name, @TypeOf(declared), source);
        const shim = Shim(declared, name);
        if (memory.hosted) @export(&shim.entry, .{ .name = name });
    }
    if (!memory.hosted) return;
    const text = listing;
    const Listing = struct {
        fn signatures() callconv(.c) [*:0]const u8 {
            return text;
        }
    };
    @export(&Listing.signatures, .{ .name = "wasp_signatures" });
    memory.exportFunctions();
}

/// Returns the types that the host passes to a function, in WebAssembly.
fn rawParams(comptime F: type) []const type {
    var types: []const type = &.{};
    for (@typeInfo(F).@"fn".param_types) |Param| {
        if (!signature.isGiven(Param.?)) types = types ++ .{values.Raw(Param.?)};
    }
    return types;
}

/// Makes what the host calls of a function.
fn Shim(comptime function: anytype, comptime name: []const u8) type {
    const F = @TypeOf(function);
    const R = values.Raw(values.Payload(@typeInfo(F).@"fn".return_type.?));
    return Entry(name, rawParams(F), R, .c, Call(function, R));
}

/// A call: takes the arguments over, calls, and hands over the result.
fn Call(comptime function: anytype, comptime R: type) type {
    return struct {
        pub fn run(raw: anytype) R {
            failure.forget();
            defer _ = memory.call.reset(.{ .retain_with_limit = 64 << 10 });
            return attempt(raw) catch |err| {
                failure.raise(err);
                return std.mem.zeroes(R); // which the host ignores
            };
        }

        fn attempt(raw: anytype) !R {
            var args: std.meta.ArgsTuple(@TypeOf(function)) = undefined;
            comptime var at = 0;
            inline for (&args) |*arg| {
                const T = @TypeOf(arg.*);
                switch (T) {
                    std.mem.Allocator => arg.* = memory.call.allocator(),
                    std.Io => arg.* = std.Io.Threaded.global_single_threaded.io(),
                    else => {
                        arg.* = try values.fromHost(T, raw[at]);
                        at += 1;
                    },
                }
            }
            const result = @call(.auto, function, args);
            return values.toHost(if (@typeInfo(@TypeOf(result)) == .error_union) try result else result);
        }
    };
}
