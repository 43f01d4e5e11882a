"""The interpreter's end, while daemon threads are in plugins."""

import subprocess
import sys

import pytest

PROGRAM = r"""
import sys, threading, time, wasp

GUEST = b'''(module (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "loop") (loop (br 0))))'''
inside = threading.Event()


def wait(number: int) -> int:
    inside.set()
    WAIT
    return number


engine = wasp.Engine()
engine.register("it", GUEST, callbacks={("env", "wait"): wait})


def work():
    with engine.instance("it") as instance:
        while True:
            instance.call("FUNCTION", ARGS)


for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
if "FUNCTION" == "wait":
    inside.wait()
time.sleep(0.02)
print("the end")
"""


@pytest.mark.parametrize(
    ("function", "wait"),
    [("wait", "time.sleep(0.001)"), ("wait", "sum(range(1000))"), ("wait", "time.sleep(60)"), ("loop", "pass")],
)
def test_daemon_threads_do_not_end_the_process_in_disorder(function, wait):
    program = PROGRAM.replace("FUNCTION", function).replace("WAIT", wait)
    program = program.replace("ARGS", "1, returns=int" if function == "wait" else "")
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
        assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")
