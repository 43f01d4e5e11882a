import std/[json, strutils]
import wasp

proc callMe*(name: string): string {.imported("env", "call_me").}
proc store*(key: string, value: seq[byte], times: uint64, sure: bool) {.imported("env", "store").}
proc lookup*(name: string): JsonNode {.imported("env", "lookup").}

proc hello*(name: string): string {.exported.} =
  ## Greets
  ## somebody.
  ##
  ## At length.
  if name == "nobody":
    raise newException(KeyError, "nobody is there")
  "Hello " & name

proc mixed*(a: int64, b: uint32, c: float64, d: string, e: seq[byte], yes: bool, f: uint64, g: float32): float64 {.exported.} =
  result = float64(a) + float64(b) + c + float64(d.len) + float64(e.len) + float64(f) + float64(g)
  if yes:
    result = -result

func isEmpty*(data: seq[byte]): bool {.exported.} =
  data.len == 0

proc literal*(): string {.exported.} = "Hello"

proc older*(people: JsonNode, years: int32): JsonNode {.exported.} =
  result = people
  for person in result:
    person["age"] = %(person["age"].getInt + int(years))

proc callback*(): int32 {.exported.} =
  store("key", @[1'u8, 2, 3], 7, true)
  int32(lookup(callMe("Nic"))["age"].getInt)

proc fail*(why: string) {.exported.} =
  raise newException(ValueError, "on purpose: " & why)

proc at*(data: seq[byte], index: int32): int32 {.exported.} =
  int32(data[index])

proc nul*(): string {.exported.} = "a\0b"

proc upper*(name: string): string {.exported.} = name.toUpperAscii
