-- The example plugin as a script in Lua: nothing is compiled, its text is what a host registers.

local wasp = require "wasp"
local env = require "wasp.env"
local plugin = {}

function plugin.sum(a, b) return a + b end

function plugin.hello(name) return "Hello " .. name end

function plugin.reverse(data) return wasp.bytes(data:reverse()) end

function plugin.callback() return env.call_me("Nic") end

function plugin.fail() error("this plugin always fails", 0) end

function plugin.workspace(argument)
  local text = argument .. " " .. assert(io.open("in.txt")):read("a")
  local file <close> = assert(io.open("out.txt", "w"))
  file:write(text)
  return text
end

return plugin
