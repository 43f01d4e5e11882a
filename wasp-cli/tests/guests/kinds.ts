import { Json, raiseError } from "wasp-guest/assembly";

@external("env", "call_me")
declare function call_me(name: string): string;

@external("env", "look_up")
export declare function look_up(what: Json, data: Uint8Array, all: bool): Json;

@external("env", "count")
declare function count(numbers: i32): i32;

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
  return call_me("Nic").toUpperCase();
}

export function fail(): void {
  raiseError("on purpose");
}

export function throws(): void {
  throw new Error("thrown");
}

/** Looks up: Grüße. */
export function lookUp(what: Json): Json {
  return look_up(what, Uint8Array.wrap(String.UTF8.encode("Grüße")), count(2) == 4);
}

export function prints(text: string): void {
  console.log(text);
  console.error("to stderr: " + text);
  trace("at", 2, 1.5, 2);
}

export function seconds(): i64 {
  return new Date(Date.now()).getTime() / 1000;
}

/** What was drawn before the snapshot, which instances begin with. */
const first = Math.random();

export function drawn(): f64 {
  return first;
}

export function draw(): f64 {
  return Math.random();
}

export function variable(name: string): string {
  return process.env.has(name) ? process.env.get(name) : "";
}

function other(): void {}
