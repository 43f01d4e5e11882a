# What passes and what doesn't, and what of Python is there. run(text) runs the lines of a text, and returns `result`.
import wasp

class Thing: pass

def run(text: str):
    space = {'wasp': wasp, 'Thing': Thing}
    exec(text, space)
    return space['result']

def same(x): return x

#> run("result = 1") == 1
#> run("result = 2**31") == 2147483648
#> run("result = 1.0") == 1.0
#> run("result = ()") == []
#> run("result = (1, (2, 'x'))") == [1, [2, "x"]]
#> run("result = {'a': 1, 2: {'c': 0.1}}") == {"a": 1, "2": {"c": 0.1}}
#> run("result = [1e15, 1e16, 3.0, -0.0, 1e-7]") == [1e15, 1e16, 3.0, -0.0, 1e-7]
#> run("result = Thing()") GuestError TypeError: a 'Thing' object has no JSON and can't be passed to the host
#> run("result = same") GuestError NameError
#> run("result = print") GuestError TypeError: a 'function' object has no JSON
#> run("result = [Thing]") GuestError TypeError: a 'type' object has no JSON
#> run("result = [b'x']") GuestError TypeError: a 'bytes' object has no JSON
#> run("result = float('nan')\nresult = [result]") GuestError ValueError: nan has no JSON
#> run("result = {(1, 2): 3}") GuestError TypeError: a dict with a key that is a 'tuple' has no JSON
#> run("result = []\nresult.append(result)") GuestError ValueError: a value that contains itself, or is more than 500 deep, has no JSON
#> run("result = {}\nresult['a'] = result") GuestError ValueError: a value that contains itself
#> run("result = wasp.env.call_me('you')") == "Hello you"
#> run("result = wasp.env.reverse(b'ab\\xff')") == b"\xff\x62\x61"
#> run("result = wasp.env.reverse('abc')") == b"cba"
#> run("result = wasp.env.same({'a': (1, 'x')})") == {"a": [1, "x"]}
#> run("result = wasp.env.same(None)") == None
#> run("from wasp.tools.more import add\nresult = add(1, 2)") == 3
#> run("result = wasp.tools.more.add(1.0, 2)") == 3
#> run("try:\n  wasp.tools.more.add(1.5, 2)\nexcept TypeError as e:\n  result = str(e)") == 'callback "tools.more"."add": argument 1 is f64 [1.5], which does not fit i32'
#> run("result = str(wasp.env.call_me)") == "<callback env.call_me>"
#> run("wasp.env.nothing()") GuestError AttributeError: 'module' object has no attribute 'nothing'
#> run("type(wasp.env.call_me)()") GuestError TypeError: only the host makes callbacks
#> run("import socket") GuestError ImportError: No module named 'socket'
#> run("import json\nresult = json.dumps({'a': [1, 'é\\n\\x01', None, True]})") == '{"a": [1, "é\\n\\u0001", null, true]}'
#> run("import json\nresult = json.dumps({'a': [1, {}], 'b': []}, indent=2)") == '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}'
#> run("import json\nresult = json.loads(' [1, {\"a\": null}, \"\\\\ud83d\\\\ude00\\\\ud800\", true] ')") == [1, {"a": None}, "\U0001f600\ufffd", True]
#> run("import json\nresult = json.loads('12345678901234567890')") == 1.2345678901234567e19
#> run("import json\nresult = json.loads('__import__(1)')") GuestError ValueError: the JSON is wrong from byte 1 on
#> run("import json\nresult = json.loads('[1,2')") GuestError ValueError: the JSON is wrong from byte 5 on
#> run("import json\nresult = json.loads('[1,]')") GuestError ValueError: the JSON is wrong from byte 4 on
#> run("import json\nresult = json.loads('\"\\\\x\"')") GuestError ValueError: the JSON is wrong from byte 3 on
#> run("import json\nresult = json.loads('\"abc')") GuestError ValueError: the JSON is wrong from byte 5 on
#> run("import json\nresult = json.loads('[' * 100000)") GuestError ValueError: the JSON is more than 500 deep
#> run("import json\nresult = []\nresult.append(result)\njson.dumps(result)") GuestError ValueError: a value that contains itself
#> run("with open('in.txt') as f:\n  result = f.read()") == "input\nsecond line\n"
#> run("result = [line for line in open('in.txt')]") == ["input\n", "second line\n"]
#> run("f = open('in.txt')\nresult = [f.readline(), f.read(7), f.read(), f.readline()]") == ["input\n", "second ", "line\n", ""]
#> run("with open('out.bin', 'wb') as f:\n  f.write(b'\\xff\\0')\n  f.write(b'x')\nresult = open('/workspace/out.bin', 'rb').read()") == b"\xff\0x"
#> run("with open('a.txt', 'a') as f: f.write('1')\nwith open('a.txt', 'a') as f: f.write('2')\nresult = open('a.txt').read()\nimport os\nos.remove('a.txt')") == "12"
#> run("import os\nresult = sorted(os.listdir('.')) + [os.path.exists('in.txt'), os.path.exists('x')]") == ["in.txt", "out.bin", True, False]
#> run("open('nowhere')") GuestError OSError: [Errno 44] No such file or directory: 'nowhere'
#> run("open('/etc/passwd')") GuestError OSError: [Errno
#> run("open('../etc/passwd')") GuestError OSError: [Errno
#> run("open('in.txt', 'x')") GuestError ValueError: invalid mode: 'x'
#> run("f = open('in.txt')\nf.close()\nf.read()") GuestError ValueError: I/O operation on closed file
#> run("import random\nresult = random.random() != random.random()") == True
#> run("import random\nrandom.seed(42)\na = random.random()\nrandom.seed(42)\nresult = a == random.random()") == True
#> run("exit(3)") GuestError SystemExit: 3
#> run("raise KeyError('x')") GuestError KeyError: 'x'
#> run("raise Exception()") GuestError Exception
#> run("raise Exception('two\\nlines')") GuestError two lines
#> run("x = = 1") GuestError SyntaxError
#> run("import pickle") GuestError ImportError
#> run("import stdc") GuestError ImportError
#> run("import os\nos.system('x')") GuestError AttributeError
