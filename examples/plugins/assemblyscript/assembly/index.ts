import { raiseError } from "wasp-guest/assembly";
import { readFile, writeFile } from "wasp-guest/assembly/files";

const IN = "/workspace/in.txt";
const OUT = "/workspace/out.txt";

export function sum(a: i32, b: i32): i32 {
  return a + b;
}

/** Greets. */
export function hello(name: string): string {
  return "Hello " + name;
}

export function reverse(data: Uint8Array): Uint8Array {
  return data.reverse();
}

@external("env", "call_me")
declare function call_me(name: string): string;

export function callback(): string {
  return call_me("Nic");
}

export function fail(): void {
  raiseError("this plugin always fails");
}

export function workspace(argument: string): string {
  const contents = readFile(IN);
  if (contents == null) {
    raiseError(`workspace: can't read "${IN}"`);
    return "";
  }
  const text = argument + " " + String.UTF8.decode(contents.buffer);
  if (!writeFile(OUT, Uint8Array.wrap(String.UTF8.encode(text)))) {
    raiseError(`workspace: can't write "${OUT}"`);
    return "";
  }
  return text;
}
