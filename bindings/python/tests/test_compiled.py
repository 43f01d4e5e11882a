"""Modules that are compiled ahead of time."""

import pickle

import pytest

import wasp

MODULE = b"""
(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
"""


def added(engine):
    with engine.instance("adder") as adder:
        return adder.call("add", 3, 2, returns=int)


def test_it_is_registered(tmp_path):
    path = tmp_path / "adder.wat"
    path.write_bytes(MODULE)
    compiled = wasp.Engine().compile(path)
    assert compiled == wasp.Engine().compile(MODULE)
    (tmp_path / "adder.js").write_bytes(compiled)
    for source in (compiled, bytearray(compiled), tmp_path / "adder.js", str(tmp_path / "adder.js")):
        engine = wasp.Engine()
        engine.register("adder", source, compiled=True)
        assert added(engine) == added(pickle.loads(pickle.dumps(engine))) == 5


def test_what_is_none_is_refused(tmp_path):
    engine = wasp.Engine()
    with pytest.raises(wasp.Error, match="neither binary nor text") as caught:
        engine.compile(b"no module")
    assert caught.value.kind == "compile"
    with pytest.raises(OSError, match=r"none.wasm"):
        engine.compile(tmp_path / "none.wasm")
    singlepass = wasp.Engine("singlepass").compile(MODULE)
    damaged = bytearray(engine.compile(MODULE))
    damaged[len(damaged) // 2] ^= 1
    for wrong in (b"", MODULE, singlepass, damaged):
        with pytest.raises(wasp.Error, match="adder") as caught:
            engine.register("adder", wrong, compiled=True)
        assert caught.value.kind == "compile"
    with pytest.raises(TypeError, match="what is compiled is no script"):
        engine.register("adder", b"", language="javascript", compiled=True)
    assert engine.plugins == []
