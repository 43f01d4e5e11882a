import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import wasp
from wat import CALCULATOR, CALLS_BACK

DOCS = Path(os.environ.get("WASP_DOCS", "docs"))


def test_what_is_not_there(engine):
    with pytest.raises(wasp.PluginNotFound):
        engine.instance("nothing")
    engine.register("calculator", CALCULATOR)
    with pytest.raises(wasp.FunctionNotFound) as caught:
        engine.instance("calculator").call("nothing")
    assert (caught.value.kind, caught.value.function) == ("function_not_found", "nothing")
    with pytest.raises(wasp.ImportNotFound) as caught:
        engine.register("asks", CALLS_BACK)
    assert caught.value.imports == (("env", "tell"),)


def test_a_guest_says_so_itself(example):
    with pytest.raises(wasp.GuestError, match="^this plugin always fails$"):
        example.call("fail", returns=None)
    assert example.call("sum", 1, 2, returns=int) == 3


def test_a_trace_has_lines_and_the_error_what_the_plugin_said(engine):
    engine.register("lines", (DOCS / "../wasp-core/tests/plugins/lines.wat").read_bytes())
    with pytest.raises(wasp.Trap) as caught:
        engine.instance("lines").call("hello")
    error = caught.value
    frame = error.trace[0]
    assert (frame.function, frame.file, frame.line, frame.column) == ("greet::hello", "src/greet.c", 12, 5)
    assert str(frame) == "greet::hello (src/greet.c:12:5)"
    assert "\tgreet::hello (src/greet.c:12:5)" in error.__notes__[0]
    assert error.stderr == "no\\u{1b}greet\n"
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.stderr, copy.trace) == (error.stderr, error.trace)


def test_a_trap_has_a_trace_and_a_reset_helps(engine):
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:
        with pytest.raises(wasp.Trap) as caught:
            calculator.call("crash")
        assert caught.value.trace[0].function == "deep"
        assert "wasm stack trace" in caught.value.__notes__[0]
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (copy.kind, copy.trace) == ("trap", caught.value.trace)
        with pytest.raises(wasp.Error) as caught:
            calculator.call("sum", 1, 2, returns=int)
        assert caught.value.kind == "poisoned"
        calculator.reset()
        assert calculator.call("sum", 1, 2, returns=int) == 3
    with pytest.raises(wasp.Error, match="closed"):
        calculator.call("sum", 1, 2, returns=int)


def test_time_is_limited(engine):
    engine.register("calculator", CALCULATOR, limits=wasp.Limits(timeout=0.05))
    with pytest.raises(wasp.Timeout) as caught:
        engine.instance("calculator").call("spin")
    assert isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("when", ["before", "after"])
def test_faulthandler_does_not_make_a_trap_a_crash(when):
    enable = "import faulthandler; faulthandler.enable()\n"
    script = f"""
{enable if when == "before" else ""}
import wasp
engine = wasp.Engine()
engine.register("calculator", {CALCULATOR!r})
engine.instance("calculator").close()
{enable if when == "after" else ""}
try:
    engine.instance("calculator").call("crash")
except wasp.Trap:
    print("trapped")
"""
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "trapped\n"
