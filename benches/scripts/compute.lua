-- What costs an interpreter time: calls and sums, and patterns.
local M = {}

local lines = {}
for i = 0, 199 do
  lines[#lines + 1] = ("Line %d: write to user.%d@example%d.org, not to @nobody, before %d-12-24.\n"):format(i, i, i, 1900 + i)
end
local text = table.concat(lines)

function M.fibonacci(n)
  return n < 2 and n or M.fibonacci(n - 1) + M.fibonacci(n - 2)
end

-- Counts the addresses in the text.
function M.find(n)
  local found = 0
  for _ = 1, n do
    local from, to = 1, 0
    while true do
      from, to = text:find("%f[%w][%w.]+@[%w.]+%.%l%l+", to + 1)
      if not from then break end
      found = found + 1
    end
  end
  return found
end

return M
