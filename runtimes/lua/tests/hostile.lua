-- What is deep, large or broken: an error, or an end that leaves the host alone.
local tests = {}

function tests.recursion() local function f() return 1 + f() end f() end
function tests.recursion_by_pcall() local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f() end
function tests.recursion_by_metamethod() local t t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end}) return t.x end
function tests.recursion_by_sort() local function f() table.sort({3, 2, 1}, f) end f() end
function tests.recursion_by_gsub() local function f() return (("x"):gsub("x", f)) end f() end
function tests.recursion_by_load() local function f() return load("return ...")(f()) end f() end
function tests.recursion_by_tostring() local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) tostring(t) end
function tests.recursion_by_coroutines() local function f() return coroutine.wrap(f)() end f() end
function tests.recursion_by_concat() local t t = setmetatable({}, {__concat = function(a, b) return a .. b end}) return t .. t end
function tests.recursion_by_eq() local a, b local m = {} a, b = setmetatable({}, m), setmetatable({}, m) m.__eq = function(x, y) return x == y end return a == b end
function tests.recursion_in_the_handler() xpcall(error, function(e) error(e) end) local function h() return h() + 1 end xpcall(error, h) end
function tests.index_chain() local t = {} for i = 1, 3000 do t = setmetatable({}, {__index = t}) end return t.x end
function tests.index_loop() local t = {} setmetatable(t, {__index = t}) return t.x end
function tests.parentheses() return load("return " .. ("("):rep(100000) .. "1" .. (")"):rep(100000)) end
function tests.blocks() assert(load(("do "):rep(100000) .. ("end "):rep(100000))) end
function tests.functions() assert(load(("return function() "):rep(100000) .. ("end "):rep(100000))) end
function tests.unary() assert(load("return " .. ("not "):rep(100000) .. "1")) end
function tests.powers() assert(load("return " .. ("2^"):rep(100000) .. "1")) end
function tests.concats() assert(load("return " .. ("'a'.."):rep(100000) .. "'b'")) end
function tests.tables() assert(load("return " .. ("{"):rep(100000) .. ("}"):rep(100000))) end
function tests.many_locals() local s = {} for i = 1, 300 do s[i] = "local a" .. i end assert(load(table.concat(s, " "))) end
function tests.many_constants() local s = {} for i = 1, 100000 do s[i] = i .. ".5" end return #load("return {" .. table.concat(s, ",") .. "}")() end
function tests.long_string_repeat() return ("x"):rep(1 << 40) end
function tests.long_string_repeat_of_4_gib() return ("x"):rep((1 << 32) - 1) end
function tests.long_string_by_doubling() local s = "x" while true do s = s .. s end end
function tests.large_table() local t = {} for i = 1, math.huge do t[i] = i end end
function tests.large_table_of_strings() local t = {} for i = 1, math.huge do t[i] = ("x"):rep(1000) .. i end end
function tests.large_concat() local t = {} for i = 1, 100000 do t[i] = ("x"):rep(1000) end return #table.concat(t) end
function tests.unpack_many() return table.unpack({}, 1, 1e8) end
function tests.pack_many() return string.rep(string.char(1), 100):byte(1, -1) and #table.pack(("x"):rep(1000000):byte(1, -1)) end
function tests.format_wide() return #("%99.99f"):format(1e308) end
function tests.format_wrong() return ("%1000d"):format(1) end
function tests.pattern_backtracks() return ("a"):rep(12):find(("a*"):rep(12) .. "b") end
function tests.pattern_deep() return ("a"):rep(300000):match(("(a?"):rep(40)) end
function tests.pattern_recursion() return ("x"):rep(5000):match(".-b") end
function tests.pattern_balance() return #("("):rep(3000):match("%b()") end
function tests.pattern_captures() return ("x"):rep(100):match(("(x)"):rep(33)) end
function tests.sort_misbehaves() local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end) end
function tests.sort_at_random() local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return math.random() < 0.5 end) return #t end
function tests.sort_changes() local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function(a, b) t[#t] = nil return a > b end) end
function tests.next_changes() local t = {} for i = 1, 100 do t[i] = i end for k in pairs(t) do t[k] = nil t[k + 1000] = 1 collectgarbage() end end
function tests.insert_misbehaves() table.insert(setmetatable({}, {__len = function() return math.maxinteger end}), 1) end
function tests.move_misbehaves() table.move({}, 1, math.maxinteger, 2) end
function tests.concat_misbehaves() return table.concat(setmetatable({}, {__len = function() return 1e9 end})) end
function tests.utf8_wrong() return utf8.char(-1) end
function tests.utf8_codes() for _ in utf8.codes("\xff") do end end
function tests.pack_wrong() return string.pack("!16i17", 1) end
function tests.pack_large() return #string.pack(("i16"):rep(100), 1) end
function tests.unpack_wrong() return string.unpack("s4", "\255\255\255\255") end
function tests.unpack_position() return string.unpack("i4", "abcd", math.mininteger) end
function tests.packsize_overflow() return string.packsize(("c2147483647"):rep(3)) end
function tests.collect_in_a_finalizer() setmetatable({}, {__gc = function() collectgarbage() end}) collectgarbage() end
function tests.resurrect() local kept setmetatable({}, {__gc = function(o) kept = o setmetatable(o, getmetatable(o)) end}) collectgarbage() collectgarbage() return type(kept) end
function tests.coroutines_many() local t = {} for i = 1, 1e7 do t[i] = coroutine.create(print) end end
function tests.resume_itself() local c c = coroutine.create(function() return coroutine.resume(c) end) return coroutine.resume(c) end
function tests.close_itself() local c c = coroutine.create(function() return coroutine.close(c) end) return coroutine.resume(c) end
function tests.gc_steps() for i = 1, 100 do collectgarbage("step", i) collectgarbage("generational") collectgarbage("incremental") end end
function tests.gc_setting() collectgarbage("setpause", -1) collectgarbage("setstepmul", 1 << 40) collectgarbage("incremental", 200, 100) end
function tests.binary_chunk() assert(load("\27LuaT\0\x19\x93\r\n\x1a\n" .. ("x"):rep(1000), "x", "b")) end
function tests.binary_chunk_by_default() assert(load(function() return "\27Lua" end)) end
function tests.reader_misbehaves() local n = 0 assert(load(function() n = n + 1 return n < 10 and {} end)) end
function tests.globals_removed() setmetatable(_G, {__index = error, __newindex = error}) end
function tests.string_metatable() local m = getmetatable("") m.__index = function() error "index" end local ok, e = pcall(function() return ("x"):upper() end) m.__index = string return e end
function tests.os_date_wrong() return os.date("%Ez") end
function tests.os_date_far() return os.date("*t", math.maxinteger) end
function tests.os_time_far() return os.time {year = math.maxinteger, month = 1, day = 1} end
function tests.files_many() local t = {} for i = 1, 100000 do t[i] = assert(io.open("many.txt", "w")) end end
function tests.file_read_huge() return io.open("in.txt"):read(1 << 31) end
function tests.file_closed() local f = io.open("in.txt") f:close() return f:read() end
function tests.file_seek_wrong() return io.open("in.txt"):seek("set", -5) end
function tests.file_buffer() local f = io.open("buffer.txt", "w") f:setvbuf("full", 1 << 30) return f:write("x") and true end
function tests.divide() return 1 // 0 end
function tests.modulo() return math.mininteger % -1 + math.mininteger // -1 end
function tests.shift() return (1 << math.mininteger) + (1 >> math.maxinteger) end
function tests.tointeger() return math.tointeger("0x" .. ("f"):rep(1000)) end
function tests.number_long() return tonumber(("9"):rep(100000)) end
function tests.number_base() return tonumber(("z"):rep(100000), 36) end
function tests.upvalues_many() local s = {} for i = 1, 199 do s[i] = "local a" .. i .. " = 1" end return load(table.concat(s, " ") .. " return function() return a1 end")()() end

local M = {}
function M.names()
  local names = {}
  for name in pairs(tests) do names[#names + 1] = name end
  table.sort(names)
  return names
end
function M.check(name)
  local result = tests[name]()
  return type(result)
end
function M.forever() while true do pcall(function() while true do end end) end end
function M.forever_in_c() return ("a"):rep(1 << 20):find((".-"):rep(20) .. "b") end
function M.ok() return collectgarbage("count") < 100000 end
return M
--> check(*) GuestError or a value
--> ok() == True
--> forever() Timeout 
--> forever_in_c() Timeout 
--> ok() == True
