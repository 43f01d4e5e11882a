"""What programs try that others wrote. After each the host is alive, and the next sandbox is right."""

import json
import os

import pytest

import wasp
from wasp import _language

LIMITS = wasp.Limits(timeout=1.0, memory="64MB", output_bytes="100 kB", tool_calls=100)


def lookup(name):
    return {"name": name, "age": 42}


def run(language, code, **options):
    result = wasp.run(language, code, limits=LIMITS, tools=[lookup], **options)
    value = {"javascript": "typeof leftover + (40 + 2)", "lua": "type(leftover) .. 42", "pocketpy": "42"}[language]
    fresh = wasp.run(language, value)
    assert fresh.value in ("undefined42", "nil42", 42), fresh
    return result


ENDED = {None, "time", "memory", "output", "tool_calls", "stack"}


@pytest.mark.parametrize(
    "code",
    [
        # 1: the host's constructors, by whatever comes from it.
        "lookup.constructor.constructor('return typeof process + typeof require')()",
        "lookup('x').constructor.constructor('return typeof process + typeof require')()",
        "try { lookup() } catch (e) { e.constructor.constructor('return typeof process + typeof require')() }",
        "rows.constructor.constructor('return typeof process + typeof require')()",
    ],
)
def test_there_is_no_way_to_the_host(code):
    assert run("javascript", code, inputs={"rows": [1]}).value == "undefinedundefined"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        # 2 to 4: what runs when errors, promises, results are looked at.
        ("javascript", "Error.prepareStackTrace = () => { throw 1 }; lookup(1, 2, 3)"),
        ("javascript", "Error.prepareStackTrace = () => { for (;;) {} }; null.x"),
        ("javascript", "const e = new Error('a'); e.cause = e; throw e"),
        ("javascript", "throw { toString() { for (;;) {} } }"),
        ("javascript", "throw { get message() { throw 1 } }"),
        ("javascript", "({ then(resolve) { for (;;) {} } })"),
        ("javascript", "Promise.prototype.then = () => { for (;;) {} }; await 1"),
        ("javascript", "class P extends Promise { static get [Symbol.species]() { return Object } }; new P(r => r(1))"),
        ("javascript", "async function* g() { for (;;) yield 1 }; for await (const x of g()) {}"),
        ("javascript", "new Proxy({}, { ownKeys() { for (;;) {} } })"),
        ("javascript", "new Proxy({}, { get() { throw 1 } })"),
        ("javascript", "({ get a() { for (;;) {} } })"),
        ("javascript", "({ toJSON() { for (;;) {} } })"),
        ("javascript", "lookup({ get a() { for (;;) {} } })"),
        # 10 to 12: quickjs-ng#1302, #1296, #1305, #1370, #1209, #1164.
        (
            "javascript",
            "const b = new ArrayBuffer(8, { maxByteLength: 64 }); Atomics.add(new Int32Array(b), 0, { valueOf() { b.resize(0); return 1 } })",
        ),
        (
            "javascript",
            "const a = [1, 2]; class T extends Uint8Array { constructor(x) { super(x); a.length = 0 } }; T.from(a)",
        ),
        ("javascript", "new ArrayBuffer(16).transfer(2 ** 31)"),
        ("javascript", "(1n << 10000000n).toString().length"),
        ("javascript", "const r = /a/g; r.lastIndex = 2 ** 53; r.test('a')"),
        # 15 to 20: what runs long, takes much or is deep.
        ("javascript", "new Array(1e9) + ''"),
        ("javascript", "/^(a+)+$/.test('a'.repeat(60) + 'b')"),
        ("lua", "('a'):rep(1000000):find('.-b')"),
        ("lua", "return 10 ^ 10 ^ 8, ('x'):rep(1 << 40)"),
        ("pocketpy", "10 ** 10 ** 8"),
        ("javascript", "for (;;) try { for (;;) {} } finally { continue }"),
        ("lua", "while true do pcall(function() while true do end end) end"),
        ("pocketpy", "while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
        ("javascript", "const again = () => Promise.resolve().then(again); again()"),
        ("javascript", "'x'.repeat(2 ** 40)"),
        ("javascript", "[...'.'.repeat(1e9)]"),
        ("lua", "local s = 'x' while true do s = s .. s end"),
        ("pocketpy", "s = 'x'\nwhile True: s = s + s"),
        ("javascript", "JSON.parse('['.repeat(1e6))"),
        ("javascript", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a"),
        ("javascript", "const a = []; a.push(a); a"),
        ("lua", "local t = {} t.t = t return t"),
        ("pocketpy", "a = []\na.append(a)\na"),
        ("javascript", "new Function('('.repeat(1e5))"),
        ("lua", "load('return ' .. ('('):rep(1000000))"),
        ("pocketpy", "eval('(' * 100000)"),
        # 21: output.
        ("javascript", "for (;;) console.log('x'.repeat(1e6))"),
        ("lua", "while true do io.write(('x'):rep(1000000)) end"),
        ("pocketpy", "print('x' * 10000000)"),
        # 22: tools.
        ("javascript", "for (let i = 0; i < 1e6; i++) lookup(i)"),
        ("javascript", "lookup('x'.repeat(2e7))"),
        ("lua", "for i = 1, 1000000 do pcall(lookup, i) end"),
        ("pocketpy", "while True:\n    try:\n        lookup(1)\n    except BaseException: pass"),
    ],
)
def test_it_ends(language, code):
    result = run(language, code)
    assert result.stopped in ENDED, result


def test_keys_are_only_keys():
    # 5
    result = run("javascript", 'JSON.parse(\'{"__proto__": {"polluted": 1}, "constructor": 2}\')')
    assert result.value == {"__proto__": {"polluted": 1}, "constructor": 2}
    code = "Object.getPrototypeOf(globalThis) === Object.prototype || typeof polluted"
    assert run("javascript", code, inputs={"__proto__": {"polluted": 1}}).value in (True, "undefined")


@pytest.mark.parametrize(
    ("language", "code"),
    [
        # 9: nothing names the host. 8 and 24: its files.
        (
            "javascript",
            "Object.getOwnPropertyNames(globalThis).filter(n => /^(process|require|Deno|std|os|scriptArgs)$/.test(n)).join()",
        ),
        ("lua", "tostring(os.execute) .. tostring(io.popen) .. tostring(os.getenv) .. tostring(package)"),
        ("pocketpy", "import os\n'environ' in dir(os) or 'system' in dir(os)"),
    ],
)
def test_nothing_names_the_host(language, code):
    assert run(language, code).value in ("", "nilnilnilnil", False)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("javascript", "const { readFile } = await import('wasp:fs'); readFile(path, 'utf8')"),
        ("lua", "assert(io.open(path)):read('a')"),
        ("pocketpy", "open(path).read()"),
    ],
)
@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../../etc/passwd", "/proc/self/environ", "/workspace/../etc/passwd", "link/"]
)
def test_only_its_own_files_are_there(language, code, path):
    for files in (None, {"a": b""}):
        result = run(language, code, inputs={"path": path}, files=files)
        assert result.error is not None
        assert "root:" not in json.dumps(str(result))


def test_code_is_text():
    # 13: bytecode is none.
    chunk = "\x1bLua" + "T\0" * 20
    assert not run("lua", f"load({json.dumps(chunk)})()").ok
    assert run("lua", "string.dump").value is None or not run("lua", "string.dump(print)").ok
    assert not run("javascript", "import('wasp:bytecode')").ok


def test_printed_results_are_no_results():
    # 23
    result = run("javascript", 'console.log(\'{"value": 1}\'); console.log(\'{"done": {"value": 2}}\'); 3')
    assert result.value == 3
    assert run("lua", "print('{\"value\": 1}') return 3").value == 3
    assert run("pocketpy", "print('{\"value\": 1}')\n3").value == 3
    result = run("javascript", "globalThis.lookup = () => 'forged'; lookup()")
    assert (result.value, result.usage.tool_calls) == ("forged", 0)
    assert "no tool" in run("javascript", "(await import('wasp:tools')).call('other', {})?.error").value


def test_depth_is_no_exception_of_the_host():
    # 20
    deep = "let a = []; for (let i = 0; i < 3000; i++) a = [a]; "
    for code in ("a", "lookup(a)"):
        assert not run("javascript", deep + code).ok
    # What CPython calls back.
    for request in (b"[" * 100_000, b'{"done": ' + b"[" * 3000 + b"]" * 3000 + b"}", b"9" * 10_000, b"\xff", b"[]"):
        assert b"error" in _language._door(request)


def test_odd_requests_of_tools():
    for request in ("null", "1", "[]", "{args: 1}", "{kwargs: []}", "{args: [], kwargs: {a: 1}}", "{args: null}"):
        result = run("javascript", f"(await import('wasp:tools')).call('lookup', {request}).error")
        assert isinstance(result.value, str), request


@pytest.mark.parametrize("language", ["javascript", "lua", "pocketpy"])
def test_invalid_text_and_escapes_are_data(language):
    code = {
        "javascript": "console.log('\\x1b[2J\\ud800'); '\\ud800'",
        "lua": "print('\\27[2J\\255') return '\\255'",
        "pocketpy": "print('\\x1b[2J')",
    }[language]
    result = run(language, code)
    assert result.stdout.startswith("\x1b[2J")
    json.dumps(str(result.value))


@pytest.mark.parametrize(
    ("language", "setup", "draw"),
    [
        ("javascript", "Math.random()", "Math.random()"),
        ("lua", "math.randomseed(1)", "math.random()"),
        ("pocketpy", "import random\nrandom.random()", "random.random()"),
    ],
)
def test_seeds_are_new(language, setup, draw):
    # 25
    runtime = wasp.runtime(language, setup=setup)
    assert len({runtime.run(draw).unwrap() for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("language", "poison", "look"),
    [
        # 25: residue.
        (
            "javascript",
            "Array.prototype.map = () => 'poisoned'; JSON.stringify = () => 'p'; globalThis.leftover = 1",
            "[1].map(x => x + 41)[0]",
        ),
        (
            "javascript",
            "Object.prototype.leftover = 1; Math.random = () => 1; for (;;) {}",
            "typeof leftover === 'undefined' && Math.random() < 1 ? 42 : 0",
        ),
        ("lua", "string.rep = nil leftover = 1 error('x')", "#('x'):rep(42)"),
        ("pocketpy", "import json\njson.loads = None\nwhile True: pass", "import json\njson.loads('42')"),
    ],
)
def test_nothing_is_left(language, poison, look):
    runtime = wasp.runtime(language, limits=wasp.Limits(timeout=0.3))
    runtime.run(poison)
    for _ in range(3):
        assert runtime.run(look).value == 42


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc tells how much memory is taken")
@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("javascript", "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)"),
        ("lua", "local t = {} for i = 1, 50 do t[i] = ('x'):rep(1000000) end error('full')"),
        ("pocketpy", "a = ['x' * 1000000 + str(i) for i in range(40)]\nraise ValueError('full')"),
    ],
)
def test_memory_is_given_back(language, code):
    def taken():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(3):
        assert not run(language, code).ok
    before = taken()
    for _ in range(20):
        run(language, code)
    # One that was not given back would be 40 MB and more.
    assert taken() - before < 30_000_000
