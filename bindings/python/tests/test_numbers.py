"""docs/numbers.md, case by case."""

import math
import os
from pathlib import Path

import numpy
import pytest

import wasp
from wasp import Callback, Kind

DOCS = Path(os.environ.get("WASP_DOCS", "docs"))
CASES = [line.split() for line in (DOCS / "numbers.txt").read_text().splitlines() if not line.startswith("#")]
KINDS = {"i32": Kind.I32, "i64": Kind.I64, "f32": Kind.F32, "f64": Kind.F64}
IMPORTS = "".join(f'(import "host" "{kind}" (func ${kind} (result {kind})))' for kind in KINDS)
FUNCTIONS = "".join(
    f"""(func (export "{kind}") (param {kind}) (result {kind}) (local.get 0))
    (func (export "asks {kind}") (result {kind}) (call ${kind}))"""
    for kind in KINDS
)
ANSWERS: list[object] = [0]


@pytest.fixture(scope="module")
def echo():
    engine = wasp.Engine()
    callbacks = {("host", name): Callback(function=lambda: ANSWERS[0], result=kind) for name, kind in KINDS.items()}
    engine.register("echo", (IMPORTS + FUNCTIONS).encode(), callbacks=callbacks)
    return engine


def same(got, expected):
    if not isinstance(got, float):
        return str(got) == expected
    wanted = float(expected)
    return math.isnan(got) and math.isnan(wanted) or (got, math.copysign(1, got)) == (wanted, math.copysign(1, wanted))


@pytest.mark.parametrize(("ty", "text", "kind", "expected"), CASES)
def test_each_case_of_the_documentation(echo, ty, text, kind, expected):
    given = ANSWERS[0] = {"int": int, "float": float}[ty](text)
    with echo.instance("echo") as plugin:
        if expected == "refused":
            with pytest.raises(wasp.Error) as refused:
                plugin.call(kind, given, returns=KINDS[kind])
            assert (refused.value.kind, isinstance(refused.value, OverflowError)) == ("signature", ty == "int")
            with pytest.raises((wasp.Error, OverflowError)):
                plugin.call(f"asks {kind}", returns=KINDS[kind])
        else:
            assert same(plugin.call(kind, given, returns=KINDS[kind]), expected)
            assert same(plugin.call(f"asks {kind}", returns=KINDS[kind]), expected)


def test_integers_of_other_types(echo):
    with echo.instance("echo") as plugin:
        assert plugin.call("i64", numpy.uint64(2**63 + 1), returns=int) == 1 - 2**63
        assert plugin.call("i32", numpy.uint32(2**32 - 1), returns=int) == -1
        assert plugin.call("f32", numpy.float32(0.1), returns=float) == float(numpy.float32(0.1))
        assert plugin.call("i32", True, returns=int) == 1
