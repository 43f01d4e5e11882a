//! The directories that the host lets a plugin have.

const std = @import("std");
const builtin = @import("builtin");

/// Opens a directory that the host lets the plugin have, such as "/workspace". In a test it is a directory of the machine.
pub fn directory(io: std.Io, path: []const u8) !std.Io.Dir {
    if (builtin.os.tag != .wasi) return std.Io.Dir.cwd().openDir(io, path, .{});
    // Zig takes paths relative to a directory, and WASI has a list of those that are open from descriptor 3 on.
    const wasi = std.os.wasi;
    var fd: wasi.fd_t = 3;
    var name: [4096]u8 = undefined;
    var prestat: wasi.prestat_t = undefined;
    while (wasi.fd_prestat_get(fd, &prestat) == .SUCCESS) : (fd += 1) {
        const length = prestat.u.dir.pr_name_len;
        if (length != path.len or wasi.fd_prestat_dir_name(fd, &name, length) != .SUCCESS) continue;
        if (std.mem.eql(u8, name[0..length], path)) return .{ .handle = fd };
    }
    return error.FileNotFound;
}
