import array
import ctypes

import numpy
import pytest

from wat import CALCULATOR


def test_an_array_passes_as_its_bytes(example):
    numbers = numpy.arange(1000, dtype=numpy.int32)
    assert example.call("reverse", numbers, returns=bytes) == numbers.tobytes()[::-1]
    table = numpy.arange(12, dtype=numpy.uint8).reshape(3, 4)
    assert example.call("reverse", table, returns=bytes) == table.tobytes()[::-1]
    assert example.call("reverse", numpy.array([], numpy.uint8), returns=bytes) == b""
    frozen = numpy.frombuffer(b"\1\2", numpy.uint8)
    assert example.call("reverse", frozen, returns=bytes) == b"\2\1"
    assert example.call("reverse", array.array("B", [1, 2]), returns=bytes) == b"\2\1"
    assert example.call("reverse", (ctypes.c_uint8 * 2)(1, 2), returns=bytes) == b"\2\1"


@pytest.mark.parametrize(
    "scattered",
    [numpy.arange(10)[::2], numpy.arange(12).reshape(3, 4).T, memoryview(b"abcdef")[::2]],
    ids=["every other", "transposed", "a view"],
)
def test_bytes_that_are_not_contiguous_are_refused(example, scattered):
    with pytest.raises(TypeError, match="argument 1 is .*, whose bytes are not contiguous"):
        example.call("reverse", scattered, returns=bytes)
    assert example.call("reverse", bytes(scattered), returns=bytes) == bytes(scattered)[::-1]


def test_its_numbers_are_numbers(engine):
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:
        assert calculator.call("sum", numpy.int64(3), numpy.uint8(2), returns=int) == 5
        assert calculator.call("sum", numpy.array(3), -1, returns=int) == 2
        assert calculator.call("long", numpy.int64(-(2**63))) == -(2**63)
        for five in (numpy.float32(5), numpy.float64(5), numpy.int8(5)):
            assert calculator.call("half", five) == 2.5
        with pytest.raises(OverflowError):
            calculator.call("sum", numpy.int64(2**32), 0, returns=int)


def test_an_array_stays_as_it_is_while_a_plugin_has_it(engine, example):
    numbers = bytearray(16)
    assert example.call("reverse", numbers, returns=bytes) == bytes(16)
    # Its buffer is given back: else this would fail.
    numbers.extend(b"more")
