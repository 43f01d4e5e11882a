// What a wasp plugin written in AssemblyScript needs.
//
// Numbers (i32, i64, f32, f64) pass between the host and the plugin as they are, strings and bytes as pointers to blocks of
// memory, here WasmString and WasmBytes. The host frees every such block when the call is over; a plugin never does. What
// readString and readBytes return is a copy, and the plugin's own.

/** A string on its way between the plugin and the host: UTF-8, ended by a NUL byte. */
export type WasmString = usize;

/** Bytes on their way between the plugin and the host: after their length, a little endian u32. */
export type WasmBytes = usize;

/** Text that is JSON: what a host passes and gets as such, which the listing tells it of. */
export type Json = string;

/** The string as AssemblyScript's own. */
export function readString(text: WasmString): string {
  return String.UTF8.decodeUnsafe(text, get_string_size(text));
}

/** A string to hand to the host, with a copy of `text`. */
export function writeString(text: string): WasmString {
  if (text.includes("\0")) raiseError("a string for the host holds a NUL byte");
  const size = String.UTF8.byteLength(text, true);
  const block = heap.alloc(size);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, block, true);
  return block;
}

/** The bytes as an array of AssemblyScript's own. */
export function readBytes(bytes: WasmBytes): Uint8Array {
  const data = new Uint8Array(load<u32>(bytes));
  memory.copy(data.dataStart, bytes + 4, data.length);
  return data;
}

/** Bytes to hand to the host, with a copy of `data`. */
export function writeBytes(data: Uint8Array): WasmBytes {
  const block = heap.alloc(data.length + 4);
  store<u32>(block, data.length);
  memory.copy(block + 4, data.dataStart, data.length);
  return block;
}

/**
 * Makes the running call fail with this message. It does return: the plugin goes on, and what its function returns is
 * ignored, so return 0. The next call is a new one.
 */
export function raiseError(message: string): void {
  raise_error(writeString(message));
}

// @ts-ignore: decorator
@external("env", "raise_error")
declare function raise_error(message: WasmString): void;

// What the host calls to pass strings and bytes. A plugin's entry file has to export these three: the transform does.

/** Room for `size` bytes that the host is about to write. */
export function allocate(size: usize): usize {
  return heap.alloc(size);
}

/** The host's way to free what `allocate` gave it and what the plugin handed over. What lies below the heap is nobody's to free. */
export function deallocate(block: usize, size: usize): void {
  if (block >= __heap_base) heap.free(block);
}

/** The length of a string in bytes, without its NUL. */
export function get_string_size(text: WasmString): usize {
  let end = text;
  while (load<u8>(end) != 0) end++;
  return end - text;
}
