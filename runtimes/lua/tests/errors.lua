-- How errors unwind: pcall, coroutines, finalizers, and what closes.
local tests = {}

function tests.pcall_in_pcall()
  local ok, e = pcall(function()
    local inner, message = pcall(error, "inner", 0)
    assert(not inner and message == "inner")
    error("outer", 0)
  end)
  assert(not ok and e == "outer")
end

function tests.xpcall_has_frames()
  local ok, trace = xpcall(function() local x = nil; return x.y end, debug.traceback)
  assert(not ok and trace:find("local 'x'", 1, true) and trace:find("traceback"))
end

function tests.error_in_a_coroutine()
  local c = coroutine.create(function() coroutine.yield(1) error("in it", 0) end)
  assert(coroutine.resume(c))
  local ok, e = coroutine.resume(c)
  assert(not ok and e == "in it" and coroutine.status(c) == "dead")
  assert(select(2, coroutine.resume(c)) == "cannot resume dead coroutine")
end

function tests.yield_across_pcall()
  local c = coroutine.wrap(function()
    local ok, e = pcall(function()
      local x = coroutine.yield(1)
      error(x, 0)
    end)
    assert(not ok)
    return e .. "!"
  end)
  assert(c() == 1 and c("x") == "x!")
end

function tests.yield_in_metamethods_and_iterators()
  local t = setmetatable({}, {
    __add = function(_, x) return coroutine.yield(x) end,
    __index = function(_, k) return coroutine.yield(k) end,
    __lt = function() return coroutine.yield("lt") end,
    __concat = function(_, x) return coroutine.yield(x) end,
    __close = function() coroutine.yield("close") end,
  })
  local seen = {}
  local c = coroutine.wrap(function()
    local x = t + 1
    assert(x == 10 and t.name == 20 and (t < t) == true and t .. "s" == 40)
    for i in function(_, i) return coroutine.yield("for") end do assert(i == 50) break end
    do local closed <close> = t end
    return "end"
  end)
  local answer
  for _, next in ipairs {false, 10, 20, true, 40, 50, false} do seen[#seen + 1] = tostring(c(next)) end
  assert(table.concat(seen, " ") == "1 name lt s for close end", table.concat(seen, " "))
end

function tests.yield_in_a_tail_call()
  local c = coroutine.wrap(function(...) return coroutine.yield(...) end)
  assert(c(1, 2) == 1 and c(3) == 3)
  local d = coroutine.wrap(coroutine.yield)
  assert(d(5) == 5 and d(6) == 6)
  assert(not pcall(d))
end

function tests.yield_from_nowhere()
  local ok, e = pcall(coroutine.yield, 1)
  assert(not ok and e == "attempt to yield from outside a coroutine")
  local c = coroutine.wrap(function() return pcall(table.sort, {3, 2, 1}, function() coroutine.yield() end) end)
  local done, message = c()
  assert(not done and message == "attempt to yield across a C-call boundary")
  c = coroutine.wrap(function() return pcall(string.gsub, "a", "a", coroutine.yield) end)
  done, message = c()
  assert(not done and message == "attempt to yield across a C-call boundary")
end

function tests.wrap_inside_wrap()
  local function numbers(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
  local function squares(n) return coroutine.wrap(function() for i in numbers(n) do coroutine.yield(i * i) end end) end
  local sum = 0
  for x in squares(100) do sum = sum + x end
  assert(sum == 338350)
  local failing = coroutine.wrap(function() coroutine.wrap(function() error({}) end)() end)
  local ok, e = pcall(failing)
  assert(not ok and type(e) == "table")
end

function tests.closed_in_order()
  local order = {}
  local function closing(name)
    return setmetatable({}, {__close = function(_, e) order[#order + 1] = name .. tostring(e) error(name, 0) end})
  end
  local ok, e = pcall(function()
    local a <close> = closing "a"
    local b <close> = closing "b"
    error("x", 0)
  end)
  assert(not ok and e == "a" and table.concat(order, " ") == "bx ab", table.concat(order, " "))
end

function tests.closed_with_the_coroutine()
  local closed
  local c = coroutine.create(function()
    local a <close> = setmetatable({}, {__close = function() closed = true error("in close", 0) end})
    coroutine.yield()
  end)
  coroutine.resume(c)
  local ok, e = coroutine.close(c)
  assert(closed and not ok and e == "in close")
end

function tests.error_in_a_finalizer()
  local ran = 0
  for i = 1, 10 do setmetatable({}, {__gc = function() ran = ran + 1 error "in gc" end}) end
  collectgarbage() collectgarbage()
  assert(ran == 10)
end

function tests.goto_and_integer_for()
  local n = 0
  for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end
  assert(n == 2)
end

local M = {}
function M.names()
  local names = {}
  for name in pairs(tests) do names[#names + 1] = name end
  return names
end
function M.check(name) tests[name]() return name == name end
local function inner(x) local t = x.y return t end
function M.deep(x) local t = inner(x) return t end
function M.tail(x) return inner(x) end
function M.throws_often(n)
  local count = 0
  for i = 1, n do if not pcall(error, i) then count = count + 1 end end
  return count
end
return M
--> check(*) == True
--> deep(None) GuestError attempt to index a nil value (local 'x')
--> throws_often(20000) == 20000
