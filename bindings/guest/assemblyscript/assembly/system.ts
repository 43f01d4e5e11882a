// What AssemblyScript's standard library asks of its host, by WASI. transform.mjs puts it in the place of imports that no host has.

@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, vectors: usize, count: i32, done: usize): i32;
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(clock: i32, precision: i64, time: usize): i32;
@external("wasi_snapshot_preview1", "random_get")
declare function random_get(place: usize, size: usize): i32;
@external("wasi_snapshot_preview1", "environ_sizes_get")
declare function environ_sizes_get(count: usize, size: usize): i32;
@external("wasi_snapshot_preview1", "environ_get")
declare function environ_get(list: usize, text: usize): i32;
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

const STDOUT = 1, STDERR = 2;
const REALTIME = 0, MONOTONIC = 1;

@lazy const place = memory.data(12);

/** Writes a line. */
function print(fd: i32, text: string): void {
  const line = String.UTF8.encode(text + "\n");
  let start = changetype<usize>(line), left = line.byteLength;
  while (left > 0) {
    store<usize>(place, start);
    store<i32>(place, left, 4);
    if (fd_write(fd, place, 1, place + 8) != 0) return;
    const done = load<i32>(place, 8);
    if (done <= 0) return;
    start += done;
    left -= done;
  }
}

/** Returns nanoseconds. */
function clock(id: i32): u64 {
  if (clock_time_get(id, 1, place) != 0) throw new Error("the clock can't be read");
  return load<u64>(place);
}

export namespace console {
  export function assert(condition: bool, message: string): void {
    if (!condition) print(STDERR, "Assertion failed: " + message);
  }
  export function log(text: string): void {
    print(STDOUT, text);
  }
  export function debug(text: string): void {
    print(STDOUT, text);
  }
  export function info(text: string): void {
    print(STDOUT, text);
  }
  export function warn(text: string): void {
    print(STDERR, text);
  }
  export function error(text: string): void {
    print(STDERR, text);
  }
  export function time(label: string): void {
    timers.set(label, clock(MONOTONIC));
  }
  export function timeLog(label: string): void {
    if (!timers.has(label)) return print(STDERR, "no timer is called " + label);
    print(STDOUT, label + ": " + (f64(clock(MONOTONIC) - timers.get(label)) / 1e6).toString() + "ms");
  }
  export function timeEnd(label: string): void {
    timeLog(label);
    timers.delete(label);
  }
}

@lazy const timers = new Map<string, u64>();

export namespace Date {
  export function now(): f64 {
    return f64(clock(REALTIME) / 1000000);
  }
}

export namespace performance {
  export function now(): f64 {
    return f64(clock(MONOTONIC)) / 1e6;
  }
}

export namespace crypto {
  export function getRandomValues(array: Uint8Array): void {
    if (random_get(array.dataStart, array.length) != 0) throw new Error("no random numbers are to be had");
  }
}

export namespace process {
  export const arch = "wasm32";
  export const platform = "wasm";
  @lazy export const argv: string[] = [];
  @lazy export const env: Map<string, string> = environment();
  @lazy export let exitCode = 0;

  export function exit(code: i32 = exitCode): void {
    proc_exit(code);
  }
  export function time(): i64 {
    return clock(REALTIME) / 1000000;
  }
  export function hrtime(): u64 {
    return clock(MONOTONIC);
  }
}

function environment(): Map<string, string> {
  const variables = new Map<string, string>();
  if (environ_sizes_get(place, place + 4) != 0) return variables;
  const count = load<i32>(place);
  const list = new StaticArray<usize>(count);
  const text = new ArrayBuffer(load<i32>(place, 4));
  if (environ_get(changetype<usize>(list), changetype<usize>(text)) != 0) return variables;
  for (let at = 0; at < count; at++) {
    const variable = String.UTF8.decodeUnsafe(list[at], text.byteLength, true);
    const end = variable.indexOf("=");
    if (end > 0) variables.set(variable.substring(0, end), variable.substring(end + 1));
  }
  return variables;
}

/** Where Math.random begins. */
export function seed(): f64 {
  if (random_get(place, 8) != 0) throw new Error("no random numbers are to be had");
  return load<f64>(place);
}

export function trace(message: string, n: i32 = 0, a0: f64 = 0, a1: f64 = 0, a2: f64 = 0, a3: f64 = 0, a4: f64 = 0): void {
  const numbers: StaticArray<f64> = [a0, a1, a2, a3, a4];
  let line = "trace: " + message;
  for (let at = 0; at < min(n, 5); at++) line += " " + numbers[at].toString();
  print(STDERR, line);
}
