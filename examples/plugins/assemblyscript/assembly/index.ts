import { raiseError, readBytes, readString, WasmBytes, WasmString, writeBytes, writeString } from "wasp-guest/assembly";
import { readFile, writeFile } from "wasp-guest/assembly/files";

export { allocate, deallocate, get_string_size } from "wasp-guest/assembly";

const IN = "/workspace/in.txt";
const OUT = "/workspace/out.txt";

// Made once: the host does not free it.
const listing = writeString(
`sum(i32, i32) i32
hello(string) string
reverse(bytes) bytes
callback() string
fail()
workspace(string) string
`);

export function wasp_signatures(): WasmString {
  return listing;
}

export function sum(a: i32, b: i32): i32 {
  return a + b;
}

export function hello(name: WasmString): WasmString {
  return writeString("Hello " + readString(name));
}

export function reverse(data: WasmBytes): WasmBytes {
  return writeBytes(readBytes(data).reverse());
}

@external("env", "call_me")
declare function call_me(name: WasmString): WasmString;

export function callback(): WasmString {
  return call_me(writeString("Nic"));
}

export function fail(): void {
  raiseError("this plugin always fails");
}

export function workspace(argument: WasmString): WasmString {
  const contents = readFile(IN);
  if (contents == null) {
    raiseError(`workspace: can't read "${IN}"`);
    return 0;
  }
  const text = readString(argument) + " " + String.UTF8.decode(contents.buffer);
  if (!writeFile(OUT, Uint8Array.wrap(String.UTF8.encode(text)))) {
    raiseError(`workspace: can't write "${OUT}"`);
    return 0;
  }
  return writeString(text);
}
