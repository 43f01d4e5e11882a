import std/algorithm
import wasp

const
  input = "/workspace/in.txt"
  output = "/workspace/out.txt"

proc callMe*(name: string): string {.imported("env", "call_me").}

proc sum*(a, b: int32): int32 {.exported.} =
  a +% b

proc hello*(name: string): string {.exported.} =
  ## Greets
  "Hello " & name

proc reverse*(data: seq[byte]): seq[byte] {.exported.} =
  data.reversed

proc callback*(): string {.exported.} =
  callMe("Nic")

proc fail*() {.exported.} =
  raise newException(ValueError, "this plugin always fails")

proc workspace*(argument: string): string {.exported.} =
  let contents =
    try: readFile(input)
    except IOError: raise newException(IOError, "workspace: can't read \"" & input & "\"")
  result = argument & " " & contents
  try: writeFile(output, result)
  except IOError: raise newException(IOError, "workspace: can't write \"" & output & "\"")
