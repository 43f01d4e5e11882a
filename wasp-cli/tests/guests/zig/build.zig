const std = @import("std");
const wasp = @import("wasp");

pub fn build(b: *std.Build) void {
    wasp.addPlugin(b, .{ .name = "kinds", .root_source_file = b.path("plugin.zig") });
}
