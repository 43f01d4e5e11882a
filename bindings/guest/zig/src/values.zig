//! How values pass between the host and the plugin.

const std = @import("std");
const failure = @import("failure.zig");
const memory = @import("memory.zig");

/// Bytes; `[]const u8` is text.
pub const Bytes = struct { data: []const u8 };

/// A value of the type T that passes as JSON, by `std.json`.
pub fn Json(comptime T: type) type {
    return struct {
        value: T,

        const Json = T;
    };
}

const accepted = "[]const u8, wasp.Bytes, wasp.Json(T), i32, u32, i64, u64, f32, f64, bool";

/// Returns the kind in a signature listing that a type passes as. `what` is for the compiler's error.
pub fn kind(comptime T: type, comptime what: []const u8) []const u8 {
    return switch (T) {
        void => "",
        i32, u32, bool => "i32",
        i64, u64 => "i64",
        f32 => "f32",
        f64 => "f64",
        []const u8, []u8, [:0]const u8, [:0]u8 => "string",
        Bytes => "bytes",
        else => if (isJson(T)) "json" else @compileError(what ++ " is " ++ @typeName(T) ++ ", and " ++ accepted ++ " are accepted"),
    };
}

/// Returns the type of the WebAssembly signature.
pub fn Raw(comptime T: type) type {
    return switch (T) {
        bool => i32,
        void, i32, u32, i64, u64, f32, f64 => T,
        else => usize,
    };
}

/// Returns the type of a result that isn't an error.
pub fn Payload(comptime T: type) type {
    return switch (@typeInfo(T)) {
        .error_union => |of| of.payload,
        else => T,
    };
}

fn isJson(comptime T: type) bool {
    return @typeInfo(T) == .@"struct" and @hasField(T, "value") and T == Json(@FieldType(T, "value"));
}

/// Takes over what the host passed. It lies in the host's block, and is valid until the call ends.
pub fn fromHost(comptime T: type, raw: Raw(T)) !T {
    return switch (T) {
        bool => raw != 0,
        void, i32, u32, i64, u64, f32, f64 => raw,
        []const u8, []u8, [:0]const u8, [:0]u8 => text(raw),
        Bytes => .{ .data = block(raw)[4..][0..std.mem.readInt(u32, block(raw)[0..4], .little)] },
        else => .{ .value = try parse(@FieldType(T, "value"), text(raw)) },
    };
}

fn block(raw: usize) [*]u8 {
    return @ptrFromInt(raw);
}

fn text(raw: usize) [:0]u8 {
    return std.mem.span(@as([*:0]u8, @ptrCast(block(raw))));
}

fn parse(comptime T: type, json: []const u8) !T {
    return std.json.parseFromSliceLeaky(T, memory.call.allocator(), json, .{ .ignore_unknown_fields = true }) catch |err|
        failure.fail("the JSON is no {s}: {t}", .{ @typeName(T), err });
}

/// Hands a value to the host, in a block of its own where it is no number.
pub fn toHost(value: anytype) !Raw(@TypeOf(value)) {
    return switch (@TypeOf(value)) {
        bool => @intFromBool(value),
        void, i32, u32, i64, u64, f32, f64 => value,
        []const u8, []u8, [:0]const u8, [:0]u8 => {
            if (std.mem.findScalar(u8, value, 0) != null) return failure.fail("a string for the host holds a NUL byte", .{});
            return memory.string(value);
        },
        Bytes => memory.bytes(value.data),
        else => memory.string(try std.json.Stringify.valueAlloc(memory.call.allocator(), value.value, .{})),
    };
}

test "values come back as they were handed over" {
    defer _ = memory.call.reset(.free_all);
    const Person = struct { name: []const u8, age: u32 };
    const person = try fromHost(Json(Person), try toHost(Json(Person){ .value = .{ .name = "Nic", .age = 41 } }));
    try std.testing.expectEqualStrings("Nic", person.value.name);
    try std.testing.expectEqual(41, person.value.age);
    try std.testing.expectEqualStrings("Grüße", try fromHost([]const u8, try toHost(@as([]const u8, "Grüße"))));
    try std.testing.expectEqualSlices(u8, &.{ 0, 255 }, (try fromHost(Bytes, try toHost(Bytes{ .data = &.{ 0, 255 } }))).data);
    try std.testing.expect(try fromHost(bool, try toHost(true)));
}

test "what no host could read is refused" {
    defer _ = memory.call.reset(.free_all);
    try std.testing.expectError(error.Failed, toHost(@as([]const u8, "a\x00b")));
    try std.testing.expectEqualStrings("a string for the host holds a NUL byte", failure.message());
    try std.testing.expectError(error.Failed, fromHost(Json(u8), @intFromPtr("\"a\"")));
    try std.testing.expectEqualStrings("the JSON is no u8: InvalidCharacter", failure.message());
}
