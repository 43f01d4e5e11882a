-- What passes, and what doesn't; callbacks; what is there.
local wasp = require "wasp"
local more = require "wasp.tools.more"
local M = {}

function M.run(body) return assert(load("local wasp = require 'wasp' " .. body))() end
function M.try(body)
  local ok, e = pcall(M.run, body)
  return not ok and (tostring(e):gsub("^.-:%d+: ", "")) or wasp.json(e)
end
function M.global(name) return load("return " .. name)() ~= nil end
function M.add(a, b) return more.add(a, b) end

return M
--> run("return 1, 2") == 1
--> run("return 1.0") == 1.0
--> run("return -2^31 | 0") == -2147483648
--> run("return 2^53") == 9007199254740992.0
--> run("return 1/0 == math.huge") == True
--> run("return {}") == []
--> run("return {1, {2, 'x'}}") == [1, [2, "x"]]
--> run("return {a = 1, b = {c = 0.1}}") == {"a": 1, "b": {"c": 0.1}}
--> run("return wasp.json('x')") == "x"
--> run("return wasp.json(nil)") == None
--> run("return {wasp.null, 1}") == [None, 1]
--> run("return wasp.object {}") == {}
--> run("return {wasp.object {}, wasp.json {}}") == [{}, []]
--> run("return {1e15, 1e16, 3.0, -0.0, 1e-7}") == [1e15, 1e16, 3.0, -0.0, 1e-7]
--> run("return wasp.to_json {a = {true, false, 'é\\n'}}") == '{"a":[true,false,"é\\n"]}'
--> run("return wasp.from_json(' [1, {\"a\": null}, \"\\\\ud83d\\\\ude00\\\\ud800\"] ')") == [1, {"a": None}, "\U0001f600\ufffd"]
--> run("return wasp.from_json('null') == wasp.null") == True
--> run("return tostring(wasp.null)") == "null"
--> run("return wasp.from_json('123456789012345678901234567890')") == 1.2345678901234568e29
--> run("return wasp.from_json('[1,2') ") GuestError the JSON is wrong from byte 5 on
--> run("return wasp.from_json('[1,]') ") GuestError the JSON is wrong from byte 4 on
--> run("return wasp.from_json('') ") GuestError the JSON is wrong from byte 1 on
--> run("return wasp.from_json('01') ") GuestError the JSON is wrong from byte 2 on
--> run("return wasp.from_json('{\"a\" 1}') ") GuestError the JSON is wrong from byte 6 on
--> run("return wasp.from_json('nul') ") GuestError the JSON is wrong from byte 1 on
--> run("return wasp.from_json('\"\\\\x\"') ") GuestError the JSON is wrong from byte 3 on
--> run("return wasp.from_json(('['):rep(100000))") GuestError the JSON is more than 1000 deep
--> run("local t = {} for i = 1, 2000 do t = {t} end return t") GuestError is more than 1000 deep
--> run("local t = {} t.t = t return t") GuestError a table that contains itself
--> run("return {a = print}") GuestError a function can't be passed to the host
--> run("return print") GuestError a function can't be passed to the host
--> run("return coroutine.create(print)") GuestError a thread can't be passed to the host
--> run("return io.stdout") GuestError a userdata can't be passed to the host
--> run("return {1, 2, a = 1}") GuestError a table with both names and numbers as keys
--> run("return {1, nil, 3}") GuestError numbers from 1 to how many they are
--> run("return {[0] = 1}") GuestError a table with a key that is neither a name nor a number from 1 on
--> run("return {[true] = 1}") GuestError a table with a key that is neither
--> run("return {0/0}") GuestError a NaN can't be passed as JSON
--> run("return {'\\xff'}") GuestError a string that is no UTF-8 can't be passed as JSON
--> run("return {wasp.bytes 'x'}") GuestError a userdata can't be passed to the host
--> run("return wasp.bytes(3)") GuestError bad argument #1 to 'bytes' (string expected, got number)
--> run("return wasp.callbacks.env.call_me('you')") == "Hello you"
--> run("return wasp.callbacks.env.reverse('abc')") == "cba"
--> run("return wasp.callbacks.env.reverse('ab\\xff')") == b"\xff\x62\x61"
--> run("return wasp.callbacks.env.same({1, {a = 'x'}})") == [1, {"a": "x"}]
--> run("return wasp.callbacks.env.same('x')") == "x"
--> run("return wasp.callbacks.env.same(nil)") == None
--> run("return wasp.callbacks.env.same(wasp.null)") == None
--> add(1, 2) == 3
--> add(1.0, 2) == 3
--> add(1.5, 2) GuestError argument 1 is f64 [1.5], which does not fit i32
--> try("return wasp.callbacks.env.call_me()") == "callback \"env\".\"call_me\" takes 1 argument, not 0"
--> try("wasp.callbacks.env.nothing()") == "attempt to call a nil value (field 'nothing')"
--> try("return require 'wasp.env' == wasp.callbacks.env") == True
--> run("require 'socket'") GuestError there is no module 'socket': a script is one file, and may require what Lua brings, wasp
--> try("return require 'string' == string") == True
--> try("return pcall(error)") == False
--> try("error()") == "nil"
--> run("error({code = 3})") GuestError an error that is a table
--> run("error(setmetatable({}, {__tostring = function() return 'shown' end}))") GuestError shown
--> run("error(setmetatable({}, {__tostring = function() error 'x' end}))") GuestError 
--> run("error('two\\nlines\\0\\xff', 0)") GuestError two lines\\u{0}\ufffd
--> run("error()") GuestError an error that is a nil
--> run("error(5)") GuestError 5
--> run("return load('\\27Lua')") == None
--> run("return select(2, load('\\27Lua', 'x', 'b'))") == "binary chunks are not loaded: a chunk is text"
--> run("return string.dump") == None
--> global("dofile or loadfile or package or os.execute or os.exit or os.getenv or os.tmpname or io.popen or io.tmpfile or debug.getinfo") == False
--> global("os.time and os.clock and os.date and utf8.char and coroutine.close and table.move and math.type and debug.traceback and warn and io.lines") == True
--> run("local a, b = math.random(0), math.random(0) return a ~= b") == True
--> run("math.randomseed(42) local a = math.random(1000) math.randomseed(42) return a == math.random(1000)") == True
--> run("return os.date('!%Y-%m-%d', 86400)") == "1970-01-02"
--> run("return os.time() > 1700000000 and os.clock() >= 0") == True
--> run("for line in io.lines('in.txt') do return line end") == "input"
--> run("local f = assert(io.open('out.txt', 'w')) f:write('a', 1, '\\n') f:close() return io.open('/workspace/out.txt'):read('a')") == "a1\n"
--> run("return select(2, io.open('nowhere'))") == "nowhere: No such file or directory"
--> run("return (select(2, io.open('/etc/passwd')))") == "/etc/passwd: Capabilities insufficient"
--> run("return (select(2, io.open('../etc/passwd')))") == "../etc/passwd: Operation not permitted"
--> run("return os.rename('out.txt', 'new.txt') and os.remove('new.txt')") == True
