import asyncio
import os
import pickle
import re
import subprocess
import sys
import threading
import time

import pytest

import wasp
from wat import CALCULATOR, CALLS_BACK, long_to_compile

# Its start-up never ends.
OFFERS = b"""(module
  (import "env" "greet" (func $greet (param i32) (result i32)))
  (import "env" "pair" (func (result i32 i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (memory (export "memory") 1 2)
  (data (i32.const 8) "add(a: i32, i32) i64 # Adds\\0aname() string\\00")
  (func (export "wasp_signatures") (result i32) (i32.const 8))
  (func (export "_initialize") (loop (br 0)))
  (func (export "add") (param i32 i32) (result i64) (unreachable))
  (func (export "plain\\1b") (param i32))
  (func (export "name") (result i32) (call $greet (i32.const 0))))"""


def spins(engine, **options):
    engine.register("calculator", CALCULATOR, **options)
    return engine.instance("calculator")


def test_a_module_is_inspected_without_running_it(tmp_path):
    path = tmp_path / "offers.wat"
    path.write_bytes(OFFERS)
    for source in (OFFERS, bytearray(OFFERS), memoryview(OFFERS), path, str(path)):
        info = wasp.inspect(source)
        assert [str(function) for function in info.functions] == [
            "add(a: i32, i32) i64",
            r"plain\u{1b}(i32)",
            "name() string",
        ]
        add, plain, _ = info.functions
        assert (add.docs, add.param_names, add.declared) == ("Adds", ["a", ""], True)
        assert (plain.name, plain.docs, plain.declared) == ("plain\x1b", "", False)
        greet, pair, wasi = info.imports
        assert str(greet) == '"env"."greet" as (i32) -> i32'
        assert (greet.module, greet.name, greet.type) == ("env", "greet", "(i32) -> i32")
        assert (greet.params, greet.result, greet.provider) == ([wasp.I32], wasp.I32, "missing")
        assert (pair.params, pair.result) == (None, wasp.Kind.NONE)
        assert (wasi.provider, info.wasi) == ("wasi", True)
        assert (info.memory_min, info.memory_max) == (1 << 16, 2 << 16)
        assert (info.size, info.memory_used) == (len(OFFERS), 0)
        assert info == wasp.inspect(OFFERS) and repr(info).startswith("<wasp.PluginInfo, functions: add(")
        assert repr(greet) == '<wasp.PluginImport "env"."greet" as (i32) -> i32, missing>'
    assert wasp.inspect(b"(module (memory 1))").memory_max is None
    with pytest.raises(wasp.Error, match="neither binary nor text") as caught:
        wasp.inspect(b"hello")
    assert caught.value.kind == "compile"
    with pytest.raises(wasp.Error, match="No such file") as caught:
        wasp.inspect(tmp_path / "nowhere.wasm")
    assert caught.value.kind == "io"


def test_the_examples_are_listed_without_starting_them(plugin, tmp_path):
    outcome = subprocess.run([sys.executable, "-m", "wasp", plugin], capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    lines = outcome.stdout.splitlines()
    hello = next(line for line in lines if line.startswith("hello("))
    # What is a constant is read; the others' would have to run.
    kinds = {"c": "hello(name: string) string  # Greets", "rust": "hello(name: string) string"}
    assert hello.startswith(kinds.get(plugin.stem, "hello(")), hello
    assert 'import "env"."call_me" as (i32) -> i32, which a callback must provide' in lines


def test_the_command_line_starts_nothing_and_escapes(tmp_path):
    path = tmp_path / "offers.wat"
    path.write_bytes(OFFERS.replace(b"(import", b'(import "env" "memory" (memory 1)) (import', 1))
    listed = subprocess.check_output([sys.executable, "-m", "wasp", path], text=True, timeout=60)
    assert listed.splitlines() == [
        "add(a: i32, i32) i64  # Adds",
        r"plain\u{1b}(i32)  # i32 may be a number, string or bytes",
        "name() string",
        "",
        'import "env"."memory" as memory of 1 pages, which nothing can provide',
        'import "env"."greet" as (i32) -> i32, which a callback must provide',
        'import "env"."pair" as () -> (i32, i32), which nothing can provide',
        'import "wasi_snapshot_preview1"."sched_yield" as () -> i32, which WASI provides',
    ]


def test_the_command_line_calls_what_needs_no_callback(tmp_path):
    path = tmp_path / "calls.wat"
    path.write_bytes(
        CALLS_BACK.replace(b"(func (export", b'(func (export "fine") (result i64) (i64.const 7)) (func (export', 1)
    )
    run = [sys.executable, "-m", "wasp", path]
    assert subprocess.check_output([*run, "fine"], text=True) == "7\n"
    failed = subprocess.run([*run, "ask", "1", "--returns", "int"], capture_output=True, text=True)
    assert failed.returncode == 1
    assert 'it called the missing import "env"."tell" as (i32) -> i32' in failed.stderr
    failed = subprocess.run([*run, "fine", "--timeout", "-1"], capture_output=True, text=True)
    assert failed.returncode == 1 and "Traceback" not in failed.stderr


def test_an_engine_tells_its_plugins(engine):
    assert engine.plugins == [] and len(engine) == 0 and engine and engine.memory_used == 0
    engine.register("greeter", CALCULATOR)
    engine.register("adder", b"(module)")
    assert engine.plugins == ["adder", "greeter"] == list(engine)
    assert "greeter" in engine and "greeters" not in engine and 5 not in engine and len(engine) == 2
    assert repr(engine) == "<wasp.Engine, cranelift, plugins: ['adder', 'greeter']>"
    info = engine.plugin("greeter")
    assert info.memory_used > 0 and engine.memory_used >= info.memory_used
    assert [function.name for function in info.functions][:2] == ["sum", "long"]
    with pytest.raises(wasp.PluginNotFound, match=re.escape('as "greeters" ("greeter" is there)')):
        engine.plugin("greeters")
    with pytest.raises(wasp.PluginNotFound, match=re.escape('("greeter" is there)')):
        engine.instance("greeters")
    engine.unregister("adder")
    assert engine.plugins == ["greeter"]
    for number in range(20):
        engine.register(f"p{number:02}", b"(module)")
    assert repr(engine).endswith("'p04', ...]>")
    assert pickle.loads(pickle.dumps(engine)).plugins == engine.plugins


def test_an_instance_tells_its_plugin_and_memory(engine):
    instance = spins(engine)
    assert instance.plugin == "calculator"
    assert repr(instance) == '<wasp.Instance of "calculator", 65536 bytes of memory>'
    assert repr(instance.memory) == '<wasp.Memory of "calculator", 65536 bytes>'
    assert 0 <= instance.memory.used <= len(instance.memory)
    instance.memory.write(0, b"x")
    assert instance.memory.used > 0
    with pytest.raises(wasp.FunctionNotFound, match=re.escape('("sum" is there)')):
        instance.call("sun", 1, 2)
    with pytest.raises(wasp.Trap):
        instance.call("crash")
    assert repr(instance) == '<wasp.Instance of "calculator", stopped half-way, must be reset>'
    instance.close()
    assert repr(instance) == '<wasp.Instance of "calculator", closed>'
    with pytest.raises(wasp.Error, match="closed"):
        instance.memory.used  # noqa: B018


def test_an_instance_that_is_busy_tells_so(engine):
    seen = []

    def tell(number: int) -> int:
        seen.append(repr(instance))
        with pytest.raises(wasp.Error, match="runs a call already"):
            instance.memory.used  # noqa: B018
        return number

    engine.register("calls", CALLS_BACK, callbacks={("env", "tell"): tell})
    instance = engine.instance("calls")
    assert instance.call("ask", 3, returns=int) == 3
    assert seen == ['<wasp.Instance of "calls", busy>']


def test_an_instance_of_another_process_tells_so(engine):
    # It was forked while a thread was at work in an engine.
    instance = spins(engine)
    worker = threading.Thread(target=engine.register, args=("long", long_to_compile()))
    worker.start()
    time.sleep(0.2)
    child = os.fork()
    if child == 0:
        right = repr(instance) == '<wasp.Instance of "calculator", of another process>'
        os._exit(0 if right and engine.plugins == ["calculator"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    worker.join()
    assert engine.plugins == ["calculator", "long"]


def test_missing_imports_are_traps_if_asked_so(engine):
    with pytest.raises(wasp.ImportNotFound):
        engine.register("calls", CALLS_BACK)
    engine.register("calls", CALLS_BACK, trap_missing_imports=True)
    assert engine.plugin("calls").imports[0].provider == "missing"
    with pytest.raises(wasp.Trap, match=re.escape('it called the missing import "env"."tell" as (i32) -> i32')):
        engine.instance("calls").call("ask", 3, returns=int)
    # It is part of what a pickle registers again.
    again = pickle.loads(pickle.dumps(engine))
    assert "calls" in again

    def tell(number: int) -> int:
        return number + 1

    engine.register("calls", CALLS_BACK, callbacks={("env", "tell"): tell}, trap_missing_imports=True)
    assert engine.plugin("calls").imports[0].provider == "callback"
    assert engine.instance("calls").call("ask", 3, returns=int) == 4


def test_a_call_ends_at_its_own_time_limit(engine):
    instance = spins(engine)
    with pytest.raises(wasp.Timeout, match="its time limit of 20ms"):
        instance.call("spin", timeout=0.02)
    with pytest.raises(wasp.Error, match="must be reset"):
        instance.call("sum", 1, 2, returns=int)
    instance.reset()
    for timeout in (None, 20, 20.5, float("inf"), 1e300):
        assert instance.call("sum", 1, 2, returns=int, timeout=timeout) == 3
    # It was that call's: this one is ended by another thread.
    timer = threading.Timer(0.1, instance.interrupt)
    timer.start()
    with pytest.raises(wasp.Cancelled):
        instance.call("spin")
    timer.join()


def test_the_shorter_time_limit_counts(engine):
    instance = spins(engine, limits=wasp.Limits(timeout=0.03))
    for timeout, counts in ((0.01, "10ms"), (60, "30ms"), (None, "30ms")):
        with pytest.raises(wasp.Timeout, match=f"its time limit of {counts}"):
            instance.call("spin", timeout=timeout)
        instance.reset()


def test_time_limits_that_are_none(example):
    for timeout in (0, -1, 0.0, float("nan"), -float("inf")):
        with pytest.raises(ValueError, match=re.escape(f"timeout is {timeout!r}, and a number of seconds above 0")):
            example.call("hello", "x", returns=str, timeout=timeout)
    for timeout in ("1", True, [1], b"1"):
        with pytest.raises(TypeError, match=re.escape(f"timeout is {timeout!r}, and a number of seconds or None")):
            example.call("hello", "x", returns=str, timeout=timeout)
    assert example.call("hello", "x", returns=str, timeout=5)


def test_unknown_options_of_a_call(example):
    for name, near in (("timeouts", " ('timeout' is there)"), ("return", " ('returns' is there)"), ("wait", "")):
        with pytest.raises(
            TypeError, match=re.escape(f"call() got an unexpected keyword argument '{name}'{near}") + "$"
        ):
            example.call("hello", "x", **{name: 1})
        with pytest.raises(TypeError, match="unexpected keyword"):
            asyncio.run(example.call_async("hello", "x", **{name: 1}))


def test_an_async_call_ends_at_its_time_limit(engine):
    instance = spins(engine)

    async def main():
        with pytest.raises(wasp.Timeout, match="20ms"):
            await instance.call_async("spin", timeout=0.02)
        instance.reset()
        assert await instance.call_async("sum", 1, 2, returns=int, timeout=20) == 3
        with pytest.raises(ValueError, match="above 0"):
            await instance.call_async("sum", 1, 2, returns=int, timeout=0)
        with pytest.raises((asyncio.TimeoutError, TimeoutError)):
            await asyncio.wait_for(instance.call_async("spin", timeout=60), 0.05)

    asyncio.run(main())
