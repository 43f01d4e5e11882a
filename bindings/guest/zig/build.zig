//! Builds plugins. A plugin's build.zig has it as `@import("wasp")`.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const module = b.addModule("wasp", .{ .root_source_file = b.path("src/wasp.zig") });
    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = b.path("src/wasp.zig"),
        .target = b.graph.host,
    }) });
    _ = module;
    b.step("test", "Test the helper").dependOn(&b.addRunArtifact(tests).step);
}

pub const Options = struct {
    name: []const u8,
    root_source_file: std.Build.LazyPath,
    /// Checks of overflow and bounds end in a panic, whose words the host is told. The mode `small` has none of them.
    optimize: std.builtin.Optimize = .safe,
};

/// Installs the plugin as NAME.wasm, and lets the step "test" run its tests.
pub fn addPlugin(b: *std.Build, options: Options) void {
    const wasp = b.dependency("wasp", .{}).module("wasp");
    const plugin = b.addExecutable(.{ .name = options.name, .root_module = b.createModule(.{
        .root_source_file = options.root_source_file,
        .target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .wasi }),
        .optimize = options.optimize,
        .imports = &.{.{ .name = "wasp", .module = wasp }},
        .strip = false,
    }) });
    // A library: it is started once, and its functions may then be called many times.
    plugin.wasi_exec_model = .reactor;
    plugin.entry = .disabled;
    plugin.rdynamic = true;
    // By default it is 16 MiB.
    plugin.stack_size = 256 << 10;
    b.getInstallStep().dependOn(&b.addInstallArtifact(plugin, .{ .dest_dir = .{ .override = .prefix } }).step);

    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = options.root_source_file,
        .target = b.graph.host,
        .imports = &.{.{ .name = "wasp", .module = wasp }},
    }) });
    b.step("test", "Run the plugin's own tests").dependOn(&b.addRunArtifact(tests).step);
}
