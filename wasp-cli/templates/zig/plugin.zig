//! A wasp plugin.

const std = @import("std");
const wasp = @import("wasp");

pub const panic = wasp.panic;
comptime {
    wasp.exportFunctions(@This(), @embedFile("plugin.zig"));
}

/// Greets somebody.
pub fn hello(arena: std.mem.Allocator, name: []const u8) ![]const u8 {
    return std.fmt.allocPrint(arena, "Hello {s}", .{name});
}

pub fn divide(a: i32, b: i32) !i32 {
    return std.math.divTrunc(i32, a, b) catch wasp.fail("{d} can't be divided by {d}", .{ a, b });
}

test "it greets" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    try std.testing.expectEqualStrings("Hello Nic", try hello(arena.allocator(), "Nic"));
}

test "nothing is divided by zero" {
    try std.testing.expectEqual(2, try divide(6, 3));
    try std.testing.expectError(error.Failed, divide(6, 0));
    try std.testing.expectEqualStrings("6 can't be divided by 0", wasp.failMessage());
}
