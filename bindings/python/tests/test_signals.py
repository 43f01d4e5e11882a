"""Ctrl-C, each time in a process of its own."""

import subprocess
import sys

import pytest

from wat import CALCULATOR, CALLS_BACK, TALKS, long_to_compile

PREFACE = f"""
import os, signal, sys, threading, wasp
engine = wasp.Engine()

def ctrl_c(*times):
    for after in times:
        threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start()

def calculator(**limits):
    engine.register("calculator", {CALCULATOR!r}, limits=wasp.Limits(**limits))
    return engine.instance("calculator")

heard = []
def hear(*_):
    heard.append(1)
"""


def run(script):
    return subprocess.run(
        [sys.executable, "-c", PREFACE + script], text=True, timeout=60, capture_output=True, check=True
    ).stdout


def test_it_stops_a_guest_in_the_main_thread():
    script = """
instance = calculator()
for at in range(2):
    try:
        ctrl_c(0.2)
        instance.call("spin")
    except KeyboardInterrupt:
        print("stopped")
    instance.reset()
"""
    assert run(script) == "stopped\nstopped\n"


def test_it_does_so_after_a_rest():
    # The helper that looks for it sleeps by then.
    script = """
import time
instance = calculator()
instance.call("sum", 1, 2, returns=int)
time.sleep(1.5)
try:
    ctrl_c(0.2)
    instance.call("spin")
except KeyboardInterrupt:
    print("stopped")
"""
    assert run(script) == "stopped\n"


def test_a_handler_that_raises_nothing_lets_the_call_go_on():
    script = """
signal.signal(signal.SIGINT, hear)
ctrl_c(0.2)
try:
    calculator(timeout=1).call("spin")
except wasp.Timeout:
    print("ran on,", len(heard))
"""
    assert run(script) == "ran on, 1\n"


# The third is for a machine so busy that the first comes before the call.
@pytest.mark.parametrize(
    ("handler", "times", "raised"), [("hear", "0.2, 0.5, 0.8", "Cancelled"), ("leave", "0.2, 0.5", "SystemExit")]
)
def test_a_second_time_ends_it_under_any_handler(handler, times, raised):
    script = f"""
def leave(*_):
    sys.exit(1)
signal.signal(signal.SIGINT, {handler})
instance = calculator()
try:
    ctrl_c({times})
    instance.call("spin")
except BaseException as error:
    print(type(error).__name__)
# And nothing of it is left over for the next call.
instance.reset()
print(instance.call("sum", 3, 2, returns=int))
"""
    assert run(script) == f"{raised}\n5\n"


def test_one_during_a_callback_is_the_callbacks():
    script = f"""
def tell(number: int) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return 0
engine.register("asks", {CALLS_BACK!r}, callbacks={{("env", "tell"): tell}})
instance = engine.instance("asks")
try:
    instance.call("ask", 1, returns=int)
except KeyboardInterrupt as error:
    print(type(error).__name__)
signal.signal(signal.SIGINT, hear)
instance.reset()
print(instance.call("ask", 1, returns=int), len(heard))
"""
    assert run(script) == "KeyboardInterrupt\n0 1\n"


def test_one_that_a_callback_saw_to_does_not_count_later():
    script = f"""
def tell(number: int) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    ctrl_c(0.3)
    return 0
signal.signal(signal.SIGINT, hear)
engine.register("asks", {CALLS_BACK!r}, callbacks={{("env", "tell"): tell}}, limits=wasp.Limits(timeout=1))
try:
    engine.instance("asks").call("ask_and_spin")
except wasp.Timeout:
    print("ran on,", len(heard))
"""
    assert run(script) == "ran on, 2\n"


def test_while_a_module_compiles(tmp_path):
    path = tmp_path / "long.wat"
    path.write_bytes(long_to_compile())
    # Both halves of the engine agree on whether it is registered.
    script = f"""
import pickle
try:
    ctrl_c(0.05)
    engine.register("long", {str(path)!r})
    threading.Event().wait(5)
except KeyboardInterrupt:
    print("stopped")
try:
    known = engine.instance("long").call("first", 1, returns=int)
except wasp.PluginNotFound:
    known = None
try:
    assert pickle.loads(pickle.dumps(engine)).instance("long").call("first", 1, returns=int) == known
except wasp.PluginNotFound:
    assert known is None
"""
    assert run(script) == "stopped\n"


def test_it_stops_a_guest_whose_lines_a_logger_hears():
    # Most of the time Python's handler then runs in the logger, and what it raises there has no other way out.
    script = """
import logging
logging.basicConfig(stream=open(os.devnull, "w"), level=logging.INFO)
talker = wasp.Engine(logger=logging.getLogger("talker"), stdio="log")
talker.register("talker", TALKS, limits=wasp.Limits(timeout=20))
instance = talker.instance("talker")
for at in range(5):
    ctrl_c(0.1)
    try:
        instance.call("talk")
    except BaseException as error:
        print(type(error).__name__)
    instance.reset()
"""
    assert run(f"TALKS = {TALKS!r}\n" + script) == "KeyboardInterrupt\n" * 5
