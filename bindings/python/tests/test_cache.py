import logging

import pytest

import wasp
from wat import CALCULATOR


def sum_of(directory, compiler="cranelift"):
    engine = wasp.Engine(compiler, cache_dir=directory, logger=logging.getLogger("cache"))
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:
        return calculator.call("sum", 3, 2, returns=int)


def test_a_module_is_compiled_once(tmp_path):
    directory = tmp_path / "cache"
    assert sum_of(directory) == 5
    (file,) = directory.iterdir()
    # What a second engine runs is what the file holds: it is written once.
    written = file.stat().st_ino
    assert sum_of(str(directory)) == 5
    assert [(path, path.stat().st_ino) for path in directory.iterdir()] == [(file, written)]
    assert sum_of(directory, "singlepass") == 5
    assert len(list(directory.iterdir())) == 2


@pytest.mark.parametrize(
    "harm", [lambda data: data[:-100], lambda data: data[:99] + b"\xcc" + data[100:], lambda _: b""]
)
def test_a_damaged_file_is_compiled_anew(tmp_path, caplog, harm):
    caplog.set_level(logging.INFO, "cache")
    assert sum_of(tmp_path) == 5
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    damaged = harm(whole)
    assert damaged != whole
    file.write_bytes(damaged)
    assert caplog.records == []
    assert sum_of(tmp_path) == 5
    assert [record.getMessage().split(" file=")[0] for record in caplog.records] == ["Compiling a module anew"]
    assert len(file.read_bytes()) == len(whole)
    assert sum_of(tmp_path) == 5 and len(caplog.records) == 1
