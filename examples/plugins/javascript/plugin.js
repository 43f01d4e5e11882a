// The example plugin as a script: nothing is compiled, its text is what a host registers.

import { call_me } from "wasp:env"
import { readFile, writeFile } from "wasp:fs"

export function sum(a, b) {
  return (a + b) | 0
}

export function hello(name) {
  return `Hello ${name}`
}

export function reverse(data) {
  return data.toReversed()
}

export function callback() {
  return call_me("Nic")
}

export function fail() {
  throw new Error("this plugin always fails")
}

export function workspace(argument) {
  const text = `${argument} ${readFile("in.txt", "utf8")}`
  writeFile("out.txt", text)
  return text
}
