-- Runs programs one after another, as a console does: what one makes global is there for the next.

local call = require("wasp.tools").call
local runner = {}

local function tool_of(name)
  return function(...)
    local answer = call(name, { args = { ... }, kwargs = {} })
    if answer.error ~= nil then error("ToolError: " .. answer.error, 0) end
    return answer.value
  end
end

local function evaluate(code, name)
  -- An expression is its own value, as in the console. In parentheses, a call is no tail call, which no trace would have.
  local chunk = load("return (" .. code .. "\n)", name, "t")
  if chunk == nil then
    local message
    chunk, message = load(code, name, "t")
    if chunk == nil then error(message, 0) end
  end
  local value = chunk()
  io.stdout:flush()
  io.stderr:flush()
  return value
end

function runner.setup(code) evaluate(code, "@setup.lua") end

function runner.run(code, inputs, tools)
  for name, value in pairs(inputs) do _G[name] = value end
  for _, tool in ipairs(tools) do _G[tool.name] = tool_of(tool.name) end
  return evaluate(code, "@run.lua")
end

return runner
