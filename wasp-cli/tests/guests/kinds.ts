import { Json, raiseError, readString, WasmString, writeString } from "wasp-guest/assembly";

@external("env", "call_me")
declare function call_me(name: WasmString): WasmString;

/**
 * Greets
 * somebody.
 *
 * At length.
 */
export function hello(name: string): string {
  return "Hello " + name;
}

export function mixed(a: i64, b: u32, c: f64, d: string, e: Uint8Array, yes: bool, f: f32): f64 {
  const sum = <f64>a + <f64>b + c + <f64>d.length + <f64>e.length + <f64>f;
  return yes ? -sum : sum;
}

export function isEmpty(data: Uint8Array): bool {
  return data.length == 0;
}

export function same(value: Json): Json {
  return value;
}

export function reversed(data: Uint8Array): Uint8Array {
  return data.reverse();
}

export function callback(): string {
  return readString(call_me(writeString("Nic"))).toUpperCase();
}

export function fail(): void {
  raiseError("on purpose");
}

export function throws(): void {
  throw new Error("thrown");
}

function other(): void {}
