"""Nothing grows: memory that is in use before and after so many turns of everything that is made and let go."""

import ctypes
import gc
import os
import sys

import pytest

import wasp
from wat import CALCULATOR, CALLS_BACK

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SLACK = 2 << 20


def resident():
    gc.collect()
    # What is free already must not count: allocators keep some.
    getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def flat(turns, work):
    for _ in range(max(turns // 20, 100)):
        work()
    before = resident()
    for _ in range(turns):
        work()
    grown = resident() - before
    assert grown < SLACK, f"{grown / turns:.1f} bytes each"


def test_instances(engine):
    engine.register("calculator", CALCULATOR)

    def work():
        with engine.instance("calculator") as calculator:
            calculator.call("sum", 3, 2, returns=int)

    flat(100_000, work)


def test_instances_that_are_only_dropped(engine):
    engine.register("calculator", CALCULATOR)
    flat(20_000, lambda: engine.instance("calculator"))


def test_calls(example):
    call = example.call
    flat(1_000_000, lambda: call("hello", "Nic", returns=str))


def test_buffers(example):
    call, data = example.call, bytearray(b"abc" * 100)
    flat(100_000, lambda: call("reverse", data, returns=bytes))


def test_callbacks(engine):
    def tell(number: int) -> int:
        return number

    engine.register("asks", CALLS_BACK, callbacks={("env", "tell"): tell})
    with engine.instance("asks") as instance:
        flat(100_000, lambda: instance.call("ask", 1, returns=int))


def test_failures(engine):
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:

        def work():
            with pytest.raises(wasp.Trap):
                calculator.call("crash")
            calculator.reset()
            with pytest.raises(TypeError):
                calculator.call("sum", object(), 1, returns=int)
            with pytest.raises(wasp.FunctionNotFound):
                calculator.call("nothing", b"data")

        flat(10_000, work)


def test_exceptions_of_callbacks(engine):
    def tell(number: int) -> int:
        raise ValueError(number)

    engine.register("asks", CALLS_BACK, callbacks={("env", "tell"): tell})
    with engine.instance("asks") as instance:

        def work():
            with pytest.raises(ValueError):
                instance.call("ask", 1, returns=int)
            instance.reset()

        flat(10_000, work)


def test_plugins(engine):
    def work():
        engine.register("calculator", CALCULATOR)
        engine.instance("calculator").call("sum", 3, 2, returns=int)

    flat(200, work)
