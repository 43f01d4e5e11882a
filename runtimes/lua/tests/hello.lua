-- What every script does: values, callbacks, errors, files.
--! add(a: any, b: any) any
--! bytes(s: any) any # Passes bytes, whatever is in them.
--! call(name: any) any
--! hello(name: any) any # Greets somebody, of whom it knows the name.
--! same(x: any) any
--! sum() any

local wasp = require "wasp"
local env = require "wasp.env"
local M = {}

--- Greets somebody,
-- of whom it knows the name.
-- @param name a string
function M.hello(name) return "Hello " .. name end

-- This is not about sum.

function M.sum(...)
  local sum = 0
  for _, x in ipairs {...} do sum = sum + x end
  return sum
end
M.add = function(a, b) return a + b end
function M.same(x) return x end

-- Passes bytes, whatever is in them.
--
-- More about it.
function M.bytes(s) return wasp.bytes(s) end
local function call(name) return env.call_me(name) end
M.call = call
M.number, M["no(name"] = 3, call

return M
--> hello("Nic") == "Hello Nic"
--> hello(" 世界") == "Hello  世界"
--> hello("") == "Hello "
--> hello(5) == "Hello 5"
--> hello() GuestError hello.lua:16: attempt to concatenate a nil value (local 'name')
--> sum(1, 2, 3.5) == 6.5
--> sum() == 0
--> add(2147483647, 1) == 2147483648
--> add(1, 2) == 3
--> add(0.5, 0.5) == 1.0
--> add(9223372036854775807, 1) == -9223372036854775808
--> add(1, None) GuestError attempt to perform arithmetic on a nil value (local 'b')
--> same(None) == None
--> same("text") == "text"
--> same(b"\xff\x00") == b"\xff\x00"
--> same("a\0b") == b"a\0b"
--> same(b"abc") == "abc"
--> same([1, 2.5, "x", None, True, {"a": []}]) == [1, 2.5, "x", None, True, {"a": []}]
--> same({}) == {}
--> same([]) == []
--> same({"a": {"b": {}}, "c": [[], {}]}) == {"a": {"b": {}}, "c": [[], {}]}
--> same({"\u0001\"\\/\n\u001f": "\u20ac\U0001f600"}) == {"\u0001\"\\/\n\u001f": "\u20ac\U0001f600"}
--> same([9223372036854775807, -9223372036854775808, 0.1, 1e300, 5e-324]) == [9223372036854775807, -9223372036854775808, 0.1, 1e300, 5e-324]
--> same(True) == True
--> bytes("abc") == b"abc"
--> bytes("") == b""
--> call("Nic") == "Hello Nic"
