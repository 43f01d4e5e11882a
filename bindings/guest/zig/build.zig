//! Builds plugins: a plugin's build.zig calls `addPlugin`.

const std = @import("std");

pub fn build(b: *std.Build) void {
    _ = b.addModule("wasp", .{ .root_source_file = b.path("src/wasp.zig") });
    const strip = b.createModule(.{ .root_source_file = b.path("strip.zig"), .target = b.graph.host });
    b.installArtifact(b.addExecutable(.{ .name = "strip", .root_module = strip }));

    const step = b.step("test", "Test the helper");
    const own = b.createModule(.{ .root_source_file = b.path("src/wasp.zig"), .target = b.graph.host });
    for ([_]*std.Build.Module{ own, strip }) |module| {
        step.dependOn(&b.addRunArtifact(b.addTest(.{ .root_module = module })).step);
    }
}

pub const Options = struct {
    name: []const u8,
    root_source_file: std.Build.LazyPath,
    /// In the mode `safe` an overflow, or an index out of bounds, is a panic, whose words the host is told. `small` has no such checks.
    optimize: std.builtin.Optimize = .safe,
    /// Whether stack traces have files and lines, too: that is a megabyte.
    debug_info: bool = false,
};

/// Has the step "install" write the plugin, as NAME.wasm, and the step "test" run its own tests.
pub fn addPlugin(b: *std.Build, options: Options) void {
    const helper = b.dependency("wasp", .{});
    const imports = [_]std.Build.Module.Import{.{ .name = "wasp", .module = helper.module("wasp") }};
    const plugin = b.addExecutable(.{ .name = options.name, .root_module = b.createModule(.{
        .root_source_file = options.root_source_file,
        .target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .wasi }),
        .optimize = options.optimize,
        .imports = &imports,
        .strip = false,
    }) });
    // A library: its functions may be called many times.
    plugin.wasi_exec_model = .reactor;
    plugin.entry = .disabled;
    plugin.rdynamic = true;
    // By default it is 16 MiB.
    plugin.stack_size = 256 << 10;

    const file = b.fmt("{s}.wasm", .{options.name});
    var module = plugin.getEmittedBin();
    if (!options.debug_info) {
        const strip = b.addRunArtifact(helper.artifact("strip"));
        strip.addFileArg(module);
        module = strip.addOutputFileArg(file);
    }
    b.getInstallStep().dependOn(&b.addInstallFile(module, file).step);

    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = options.root_source_file,
        .target = b.graph.host,
        .imports = &imports,
    }) });
    b.step("test", "Run the plugin's own tests").dependOn(&b.addRunArtifact(tests).step);
}
