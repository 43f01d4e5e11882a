-- A script of a kilobyte, as one writes them: some state, a class, and functions that use them.
local M = {}

local greetings = { en = "Hello", de = "Hallo", fr = "Bonjour", es = "Hola" }
local seen = {}

local Counter = {}
Counter.__index = Counter

function Counter.new(step)
  return setmetatable({ count = 0, step = step or 1 }, Counter)
end

function Counter:next()
  self.count = self.count + self.step
  return self.count
end

local counter = Counter.new(2)

-- Greets somebody.
function M.hello(name, language)
  seen[name] = counter:next()
  return greetings[language or "en"] .. " " .. name
end

-- Says who was greeted, and in which order.
function M.names()
  local names = {}
  for name in pairs(seen) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return seen[a] < seen[b] end)
  return names
end

-- The mean and the largest of some numbers.
function M.statistics(numbers)
  if #numbers == 0 then error("there are no numbers") end
  local sum = 0
  for _, number in ipairs(numbers) do
    sum = sum + number
  end
  return { mean = sum / #numbers, most = math.max(table.unpack(numbers)) }
end

return M
