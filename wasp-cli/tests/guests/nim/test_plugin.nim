import std/[json, strutils, unittest]
import plugin, wasp

proc unset() {.imported("env", "unset").}

test "what the host provides is set":
  callMe = proc (name: string): string = name
  store = proc (key: string, value: seq[byte], times: uint64, sure: bool) = check(value.len == 3 and sure)
  lookup = proc (name: string): JsonNode = %*{"name": name, "age": 41}
  check callback() == 41

test "what was not set is a defect":
  expect AssertionDefect:
    unset()

test "nobody is an error":
  expect KeyError:
    discard hello("nobody")

test "the signatures are told":
  check "hello(name: string) string # Greets somebody.\n" in signatures()
