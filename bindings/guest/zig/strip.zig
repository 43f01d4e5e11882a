//! Copies a module without its debugging information, but with the names of its functions: `strip FROM TO`. Zig's own linker removes both
//! or none.

const std = @import("std");

pub fn main(init: std.process.Init) !void {
    const arena = init.arena.allocator();
    const args = try init.minimal.args.toSlice(arena);
    const directory = std.Io.Dir.cwd();
    const module = try directory.readFileAlloc(init.io, args[1], arena, .unlimited);
    const stripped = try strip(arena, module);
    try directory.writeFile(init.io, .{ .sub_path = args[2], .data = stripped });
}

const header_size = 8;
const custom = 0;

fn strip(arena: std.mem.Allocator, module: []const u8) ![]const u8 {
    var kept: std.ArrayList(u8) = .empty;
    try kept.appendSlice(arena, module[0..header_size]);
    var reader: std.Io.Reader = .fixed(module[header_size..]);
    while (reader.seek < reader.end) {
        const start = reader.seek;
        const id = try reader.takeByte();
        const contents = try reader.take(try reader.takeLeb128(u32));
        if (id != custom or !std.mem.startsWith(u8, try name(contents), ".debug_")) {
            try kept.appendSlice(arena, reader.buffer[start..reader.seek]);
        }
    }
    return kept.items;
}

fn name(contents: []const u8) ![]const u8 {
    var reader: std.Io.Reader = .fixed(contents);
    return reader.take(try reader.takeLeb128(u32));
}

test "what is for debuggers is left out" {
    const header = "\x00asm\x01\x00\x00\x00";
    const kept = "\x00\x05\x04name\x05\x03abc";
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const stripped = try strip(arena.allocator(), header ++ "\x00\x09\x07.debug_x" ++ kept);
    try std.testing.expectEqualStrings(header ++ kept, stripped);
}
