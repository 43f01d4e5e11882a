//! The blocks that pass between the host and the plugin, and what a call allocates.

const std = @import("std");
const builtin = @import("builtin");
const Allocator = std.mem.Allocator;

/// Whether there is a host: else it is a test of the plugin's own.
pub const hosted = builtin.cpu.arch.isWasm();

/// What blocks for the host are made by.
const heap: Allocator = if (hosted) std.heap.wasm_allocator else std.heap.page_allocator;

/// What lives until the running call ends.
pub var call: std.heap.ArenaAllocator = .init(heap);

/// Returns a string's block with a copy of `text`, which the host will free.
pub fn string(text: []const u8) usize {
    const block = alloc(text.len, 1);
    @memcpy(block[0..text.len], text);
    block[text.len] = 0;
    return @intFromPtr(block.ptr);
}

/// Returns the block of some bytes with a copy of `data`, which the host will free.
pub fn bytes(data: []const u8) usize {
    const block = alloc(data.len, 4);
    std.mem.writeInt(u32, block[0..4], @intCast(data.len), .little);
    @memcpy(block[4..], data);
    return @intFromPtr(block.ptr);
}

fn alloc(length: usize, extra: usize) []u8 {
    return heap.alloc(u8, length + extra) catch @panic("out of memory");
}

/// Where memory for the allocator begins: the linker knows.
extern const __heap_base: u8;

fn allocate(size: usize) callconv(.c) ?[*]u8 {
    const block = heap.alloc(u8, @max(size, 1)) catch return null;
    return block.ptr;
}

/// Frees what `allocate` and the functions above made. What is constant lies below the heap, and stays.
fn deallocate(block: ?[*]u8, size: usize) callconv(.c) void {
    const start = block orelse return;
    if (@intFromPtr(start) >= @intFromPtr(&__heap_base)) heap.free(start[0..@max(size, 1)]);
}

fn getStringSize(text: [*:0]const u8) callconv(.c) usize {
    return std.mem.len(text);
}

/// Allocates a block of each size up to 8 KiB, for which the allocator has a page each: the host's snapshot has these pages then, and no new
/// instance needs to grow its memory for a small text.
fn initialize() callconv(.c) void {
    inline for (3..14) |power| {
        const size = (1 << power) - @sizeOf(usize);
        heap.free(heap.alloc(u8, size) catch return);
    }
}

/// Exports what the host calls to pass strings and bytes.
pub fn exportFunctions() void {
    @export(&initialize, .{ .name = "_initialize" });
    @export(&allocate, .{ .name = "allocate" });
    @export(&deallocate, .{ .name = "deallocate" });
    @export(&getStringSize, .{ .name = "get_string_size" });
}
