const std = @import("std");
const wasp = @import("wasp");

pub const panic = wasp.panic;
comptime {
    wasp.exportFunctions(@This(), @embedFile("plugin.zig"));
}

const Person = struct { name: []const u8, age: u32 };

var env = wasp.import("env", struct {
    call_me: *const fn (name: []const u8) []const u8,
    store: *const fn (key: []const u8, value: wasp.Bytes, times: u64, sure: bool) void,
    lookup: *const fn (name: []const u8) wasp.Json(Person),
});

/// Greets
/// somebody.
///
/// At length.
pub fn hello(arena: std.mem.Allocator, name: []const u8) ![]const u8 {
    if (std.mem.eql(u8, name, "nobody")) return error.NobodyIsThere;
    return std.fmt.allocPrint(arena, "Hello {s}", .{name});
}

pub fn mixed(a: i64, b: u32, c: f64, d: []const u8, e: wasp.Bytes, yes: bool, f: u64, g: f32) f64 {
    const sum = @as(f64, @floatFromInt(a)) + @as(f64, @floatFromInt(b)) + c + @as(f64, @floatFromInt(d.len + e.data.len + f)) + g;
    return if (yes) -sum else sum;
}

pub fn is_empty(data: wasp.Bytes) bool {
    return data.data.len == 0;
}

pub fn literal() []const u8 {
    return "Hello";
}

pub fn same(data: wasp.Bytes) wasp.Bytes {
    return data;
}

pub fn older(arena: std.mem.Allocator, people: wasp.Json([]const Person), years: u32) !wasp.Json([]Person) {
    const all = try arena.dupe(Person, people.value);
    for (all) |*person| person.age +|= years;
    return .{ .value = all };
}

pub fn callback() u32 {
    env.store("key", .{ .data = &.{ 1, 2, 3 } }, 7, true);
    return env.lookup(env.call_me("Nic")).value.age;
}

pub fn fail_with_nul() !void {
    return wasp.fail("before\x00behind", .{});
}

pub fn fail(why: []const u8) !void {
    return wasp.fail("on purpose: {s}", .{why});
}

pub fn at(data: wasp.Bytes, index: u32) u32 {
    return data.data[index];
}

pub fn deep(levels: u32) u32 {
    var room: [256]u32 = undefined;
    for (&room, 0..) |*item, index| item.* = levels +% @as(u32, @intCast(index));
    return if (levels == 0) 0 else room[deep(levels - 1) % 256] % 2;
}

pub fn nul() []const u8 {
    return "a\x00b";
}

fn unseen() void {}

test "what the host provides is replaced" {
    env = .{
        .call_me = struct {
            fn mock(name: []const u8) []const u8 {
                return name;
            }
        }.mock,
        .store = struct {
            fn mock(_: []const u8, value: wasp.Bytes, _: u64, sure: bool) void {
                std.debug.assert(value.data.len == 3 and sure);
            }
        }.mock,
        .lookup = struct {
            fn mock(name: []const u8) wasp.Json(Person) {
                return .{ .value = .{ .name = name, .age = 41 } };
            }
        }.mock,
    };
    try std.testing.expectEqual(41, callback());
}

test "nobody is an error" {
    try std.testing.expectError(error.NobodyIsThere, hello(std.testing.allocator, "nobody"));
    try std.testing.expectError(error.Failed, fail("why"));
    try std.testing.expectEqualStrings("on purpose: why", wasp.failMessage());
}
