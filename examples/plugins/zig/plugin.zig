const std = @import("std");
const wasp = @import("wasp");

pub const panic = wasp.panic;
comptime {
    wasp.exportFunctions(@This(), @embedFile("plugin.zig"));
}

var env = wasp.import("env", struct { call_me: *const fn (name: []const u8) []const u8 });

pub fn sum(a: i32, b: i32) i32 {
    return a +% b;
}

/// Greets
pub fn hello(arena: std.mem.Allocator, name: []const u8) ![]const u8 {
    return std.mem.concat(arena, u8, &.{ "Hello ", name });
}

pub fn reverse(arena: std.mem.Allocator, data: wasp.Bytes) !wasp.Bytes {
    const reversed = try arena.dupe(u8, data.data);
    std.mem.reverse(u8, reversed);
    return .{ .data = reversed };
}

pub fn callback() []const u8 {
    return env.call_me("Nic");
}

pub fn fail() !void {
    return wasp.fail("this plugin always fails", .{});
}

pub fn workspace(arena: std.mem.Allocator, io: std.Io, argument: []const u8) ![]const u8 {
    const directory = try wasp.directory(io, "/workspace");
    const contents = directory.readFileAlloc(io, "in.txt", arena, .unlimited) catch
        return wasp.fail("workspace: can't read \"/workspace/in.txt\"", .{});
    const text = try std.mem.concat(arena, u8, &.{ argument, " ", contents });
    directory.writeFile(io, .{ .sub_path = "out.txt", .data = text }) catch
        return wasp.fail("workspace: can't write \"/workspace/out.txt\"", .{});
    return text;
}

test "it asks the host" {
    env.call_me = struct {
        fn mock(name: []const u8) []const u8 {
            return if (std.mem.eql(u8, name, "Nic")) "Hello Nic" else "Hello?";
        }
    }.mock;
    try std.testing.expectEqualStrings("Hello Nic", callback());
}

test "it always fails" {
    try std.testing.expectError(error.Failed, fail());
    try std.testing.expectEqualStrings("this plugin always fails", wasp.failMessage());
}
