## A wasp plugin.

import wasp

proc hello*(name: string): string {.exported.} =
  ## Greets somebody.
  "Hello " & name

proc divide*(a, b: int32): int32 {.exported.} =
  if b == 0 or (a == low(int32) and b == -1):
    raise newException(ValueError, $a & " can't be divided by " & $b)
  a div b
