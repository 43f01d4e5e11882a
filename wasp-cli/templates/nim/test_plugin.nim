import std/unittest
import plugin

test "it greets":
  check hello("Nic") == "Hello Nic"

test "nothing is divided by zero":
  check divide(6, 3) == 2
  expect ValueError:
    discard divide(6, 0)
