import pickle

import pytest

import wasp
from wat import CALCULATOR, FILES


def test_env_is_what_it_was_given(engine, monkeypatch):
    monkeypatch.setenv("SECRET", "of the host")
    engine.register("files", FILES, env={"GREETING": "Zoë"})
    with engine.instance("files") as files:
        assert files.call("variables", returns=int) == 1
        assert files.call("variable", returns=str) == "GREETING=Zoë"


@pytest.mark.parametrize(
    "args", [("-v", "grün"), ["-v", "grün"], iter(["-v", "grün"])], ids=["tuple", "list", "iterator"]
)
def test_args_follow_the_name(engine, args):
    engine.register("files", FILES, args=args)
    for each in (engine, pickle.loads(pickle.dumps(engine))):
        with each.instance("files") as files:
            assert [files.call("argument", number, returns=str) for number in range(3)] == ["files", "-v", "grün"]


def test_args_that_are_wrong(engine):
    with pytest.raises(TypeError, match="args is 'ab', and a sequence of str is accepted"):
        engine.register("files", FILES, args="ab")
    with pytest.raises(TypeError, match=r"args\[1\] is 2, and a str is accepted"):
        engine.register("files", FILES, args=("a", 2))
    with pytest.raises(wasp.Error, match="argument 2, .* has a NUL inside"):
        engine.register("files", FILES, args=("a", "b\0"))


@pytest.mark.parametrize("give", [lambda path: path, str, lambda path: (path, "rw")], ids=["path", "str", "rw"])
def test_a_volume_is_read_and_written(engine, tmp_path, give):
    (tmp_path / "in.txt").write_text("from the host")
    engine.register("files", FILES, volumes={"/data": give(tmp_path)})
    with engine.instance("files") as files:
        assert files.call("read", returns=str) == "from the host"
        assert files.call("write", returns=int) == 0
    assert (tmp_path / "out.txt").read_text() == "from the guest"


def test_a_read_only_volume_is_not_written(engine, tmp_path):
    (tmp_path / "in.txt").write_text("from the host")
    engine.register("files", FILES, volumes={"/data": (tmp_path, "ro")})
    with engine.instance("files") as files:
        assert files.call("read", returns=str) == "from the host"
        assert files.call("write", returns=int) != 0
    assert not (tmp_path / "out.txt").exists()


def test_a_volume_that_is_not_there(engine, tmp_path):
    with pytest.raises(wasp.Error, match="nowhere") as caught:
        engine.register("files", FILES, volumes={"/data": tmp_path / "nowhere"})
    assert caught.value.kind == "io"
    with pytest.raises(ValueError, match="ro"):
        engine.register("files", FILES, volumes={"/data": (tmp_path, "wo")})


def test_limits_hold(engine):
    engine.register("calculator", CALCULATOR, limits=wasp.Limits(memory_bytes=2 << 16))
    with engine.instance("calculator") as calculator:
        assert calculator.call("grow", 1, returns=int) == 1
        assert calculator.call("grow", 1, returns=int) == -1
        calculator.reset()
        assert calculator.call("grow", 1, returns=int) == 1
    with pytest.raises(wasp.Error, match="stack") as caught:
        engine.register("calculator", CALCULATOR, limits=wasp.Limits(stack_bytes=1))
    assert caught.value.kind == "invalid"


def test_how_written_memory_is_kept_and_found():
    engine = wasp.Engine(kernel_fault_counts=True)
    engine.register("calculator", CALCULATOR, limits=wasp.Limits(idle_memory_bytes=0))
    for _ in range(3):
        with engine.instance("calculator") as calculator:
            assert calculator.call("grow", 1, returns=int) == 1


def test_a_wrong_limit_is_refused_by_name(engine):
    with pytest.raises(TypeError, match="memory_bytes is '64MB', and an int or None is accepted"):
        wasp.Limits(memory_bytes="64MB")
    with pytest.raises(TypeError, match="timeout is '1s', and a number of seconds or None is accepted"):
        wasp.Limits(timeout="1s")
    with pytest.raises(ValueError, match="idle_instances is -1, and a number from 0 on is accepted"):
        wasp.Limits(idle_instances=-1)
    with pytest.raises(TypeError, match="colour"):
        wasp.Limits(colour=1)
    with pytest.raises(TypeError, match="positional"):
        wasp.Limits(1 << 20)
    with pytest.raises(TypeError, match="a wasp.Limits or a dict of its fields is accepted"):
        engine.register("calculator", CALCULATOR, limits=1)
