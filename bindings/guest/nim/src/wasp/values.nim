## How values pass between the host and the plugin.

import std/[json, strutils]
import memory

type
  Text = string
  Bytes = seq[byte]
  Number = int32 | uint32 | int64 | uint64 | float32 | float64

template Raw*(T: typedesc): typedesc =
  ## The type of the WebAssembly signature.
  when T is bool: int32
  elif T is Number: T
  else: pointer

func kindOf*(T: typedesc, what: static string): string =
  ## Returns the kind in a signature listing. `what` is for the compiler's error.
  when T is bool or T is int32 or T is uint32: "i32"
  elif T is int64 or T is uint64: "i64"
  elif T is float32: "f32"
  elif T is float64: "f64"
  elif T is Text: "string"
  elif T is Bytes: "bytes"
  elif T is JsonNode: "json"
  else: {.error: what & " is " & $T & ", and string, seq[byte], JsonNode, int32, uint32, int64, uint64, float32, float64 and bool are accepted".}

proc fromHost*(T: typedesc, raw: auto): T =
  ## Takes a value over.
  when T is bool: raw != 0
  elif T is Number: raw
  elif T is Text: readString(raw)
  elif T is Bytes: readBytes(raw)
  else: parseJson(readString(raw))

# Hand a value over.
func toHost*(value: bool): int32 = int32(value)
func toHost*[T: Number](value: T): T = value
proc toHost*(value: Bytes): pointer = newBytesBlock(value)
proc toHost*(value: JsonNode): pointer = newStringBlock($value)
proc toHost*(value: Text): pointer =
  if '\0' in value:
    raise newException(ValueError, "a string for the host holds a NUL byte")
  newStringBlock(value)

func signature*(name: string, params: seq[(string, string)], output, docs: string): string =
  ## Returns a proc's line in the listing.
  var list: seq[string]
  for (param, kind) in params:
    list.add param & ": " & kind
  result = name & "(" & list.join(", ") & ")"
  if output.len > 0:
    result.add " " & output
  if docs.len > 0:
    result.add " # " & docs
