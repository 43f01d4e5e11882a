import { raiseError, readString, WasmString, writeString } from "wasp-guest/assembly";

export { allocate, deallocate, get_string_size } from "wasp-guest/assembly";

// Made once: the host does not free it.
const listing = writeString(
`hello(name: string) string # Greets
divide(a: i32, b: i32) i32
`);

export function wasp_signatures(): WasmString {
  return listing;
}

export function hello(name: WasmString): WasmString {
  return writeString("Hello " + readString(name));
}

export function divide(a: i32, b: i32): i32 {
  if (b == 0 || (a == i32.MIN_VALUE && b == -1)) {
    raiseError("the result is no i32");
    return 0;
  }
  return a / b;
}
