// What every runtime is tried with. The host offers call_me(name) and store.get(key).
import { call_me } from "wasp:env";
import { readFile, writeFile } from "wasp:fs";

//> hello("Nic") == "Hello Nic"
//> hello("") == "Hello "

/** Greets. */
export function hello(name) {
  return `Hello ${name}`;
}

//> sum(2147483647, 1) == -2147483648

// Adds and wraps around.
export function sum(a, b) {
  return (a + b) | 0;
}

//> reverse(b"\x01\x02\x00") == b"\x00\x02\x01"
//> reverse(b"") == b""

export function reverse(data) {
  return data.toReversed();
}

//> callback() == "Hello Nic"

export function callback() {
  return call_me("Nic");
}

//> fail() GuestError on purpose

export function fail() {
  throw new Error("on purpose");
}

//> workspace("first") == "first input\nsecond line\n"

export function workspace(argument) {
  const text = `${argument} ${readFile("in.txt", "utf8")}`;
  writeFile("out.txt", text);
  return text;
}

//> signatures() == None
//! callback() any
//! fail() any
//! hello(name: any) any # Greets.
//! reverse(data: any) any
//! signatures() any
//! sum(a: any, b: any) any # Adds and wraps around.
//! workspace(argument: any) any

export function signatures() {}
