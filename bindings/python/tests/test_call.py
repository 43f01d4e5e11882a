import gc
import inspect
import pydoc
import subprocess
import sys
import threading

import pytest
from conftest import call_me

import wasp
from wat import CALCULATOR


def test_every_guest_language(engine, plugin):
    engine.register("example", plugin, callbacks={("env", "call_me"): call_me})
    with engine.instance("example") as instance:
        assert instance.call("sum", 3, 2, returns=int) == 5
        assert instance.call("hello", "Nic", returns=str) == "Hello Nic"
        assert instance.call("reverse", b"\1\2\3", returns=bytes) == b"\3\2\1"
        assert instance.call("callback", returns=str) == "Hello Nic"


@pytest.mark.parametrize("text", ["", "Zoë", "日本語 🐝", "x" * 1_000_000])
def test_text_comes_back_whole(example, text):
    assert example.call("hello", text, returns=str) == f"Hello {text}"


def test_every_buffer_passes(example):
    data = bytes(range(256)) * 4096
    for buffer in (data, bytearray(data), memoryview(data), memoryview(data).cast("I")):
        assert example.call("reverse", buffer, returns=bytes) == data[::-1]
    assert example.call("reverse", b"", returns=bytes) == b""


def test_numbers(engine):
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:
        assert calculator.call("sum", 3, 2, returns=wasp.I32) == 5
        assert calculator.call("long", -(2**63)) == -(2**63)
        assert calculator.call("half", 5) == 2.5
        for args in [("sum", 2**32, 0), ("sum", 2**70, 0), ("long", 2**64)]:
            with pytest.raises(OverflowError, match="does not fit") as caught:
                calculator.call(*args, returns=int)
            assert isinstance(caught.value, wasp.IntegerOverflow)
        with pytest.raises(wasp.Error, match="returns=int"):
            calculator.call("sum", 3, 2)
        with pytest.raises(TypeError):
            calculator.call("sum", object(), 2, returns=int)


def test_arguments_of_any_number_and_subclass(engine, example):
    class Text(str):
        pass

    class Number(int):
        pass

    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:
        assert calculator.call("six", 4, 0, 0, 0, 0, 2, returns=int) == 42
        assert calculator.call("six", *[1] * 6, **{"ret" + "urns": int}) == 11
        assert calculator.call(Text("sum"), True, Number(-2), returns=int) == -1
        assert calculator.call("sum", -1, -1, returns=int) == -2
    assert example.call("hello", Text("Nic"), returns=str) == "Hello Nic"


@pytest.mark.parametrize(
    ("args", "options", "words"),
    [
        ((), {}, "needs the name"),
        ((1,), {}, "not int"),
        (("sum", 1, 2), {"result": int}, "unexpected keyword argument 'result'"),
        (("sum", 1, 2), {"returns": set}, "not <class 'set'>"),
        (("sum", 1, None), {"returns": int}, "argument 2 is NoneType"),
        (("sum", {1}, 2), {"returns": int}, "argument 1 is set"),
    ],
)
def test_calls_that_make_no_sense(example, args, options, words):
    with pytest.raises(TypeError, match=words):
        example.call(*args, **options)
    assert example.call("sum", 1, 2, returns=int) == 3


def test_text_that_can_not_pass(example):
    with pytest.raises(wasp.Error, match="argument 1 has a lone surrogate"):
        example.call("hello", "\ud800", returns=str)
    with pytest.raises(wasp.Error, match="NUL"):
        example.call("hello", "a\0b", returns=str)
    with pytest.raises(UnicodeEncodeError):
        example.call("\ud800")
    with pytest.raises(wasp.Error, match="takes 1 argument, not 2") as caught:
        example.call("hello", "a", "b", returns=str)
    assert caught.value.kind == "signature"


def test_functions_are_listed(engine):
    engine.register("calculator", CALCULATOR)
    functions = engine.instance("calculator").functions
    assert [str(function) for function in functions][:2] == ["sum(i32, i32) i32", "long(i64) i64"]
    assert functions[0].params == [wasp.I32, wasp.I32] and not functions[0].declared


def test_the_command_line(tmp_path):
    path = tmp_path / "calculator.wat"
    path.write_bytes(CALCULATOR)
    run = [sys.executable, "-m", "wasp", path]
    assert "half(f64) f64" in subprocess.check_output(run, text=True)
    assert subprocess.check_output([*run, "sum", "3", "2", "--returns", "int"], text=True) == "5\n"


def test_functions_are_methods():
    engine = wasp.Engine()
    source = """
/** Greets somebody. */
export function hello(name) { return "Hello " + name }
export const call = () => "mine", reset = () => "mine", _own = () => 1, class_ = () => 2
export { hello as "a-b", class_ as class }
export const selfish = (self, _self) => self
"""
    engine.register("greeter", source, language="javascript")
    with engine.instance("greeter") as greeter, engine.instance("greeter") as other:
        assert greeter.hello("Nic") == greeter.hello("Nic", returns=str, timeout=5.0) == "Hello Nic"
        assert type(greeter) is type(other) and isinstance(greeter, wasp.Instance)
        assert str(inspect.signature(greeter.hello)) == "(name: Any, /) -> Any"
        assert inspect.getdoc(greeter.hello) == "Greets somebody." and greeter.hello.__name__ == "hello"
        assert "hello" in dir(greeter) and repr(greeter).startswith("<wasp.Instance of ")
        assert greeter.selfish(1, 2) == 1 and str(inspect.signature(greeter.selfish)).startswith("(self: Any, _self")
        # What instances have themselves stays theirs.
        assert greeter.call("call") == greeter.functions.call() == "mine" and greeter.reset() is None
        assert not hasattr(greeter, "_own") and greeter.functions["_own"]() == 1
        assert not hasattr(greeter, "class") and greeter.functions["class"]() == 2
        with pytest.raises(TypeError, match="shout"):
            greeter.hello("Nic", shout=True)
        engine.register("greeter", "export const bye = () => 3", language="javascript")
        with engine.instance("greeter") as later:
            assert later.bye() == 3 and not hasattr(later, "hello") and not hasattr(greeter, "bye")
        assert greeter.hello("Nic") == "Hello Nic"
    with pytest.raises(TypeError, match="cannot create"):
        type(greeter)()
    with pytest.raises(wasp.Error, match="closed"):
        greeter.hello("Nic")


def test_methods_are_those_of_the_plugin_that_is_registered_now(engine):
    """A class that another thread was making for the plugin before must not become that of this one."""
    stop = threading.Event()
    modules = {name: f'(module (func (export "{name}") (result i32) (i32.const 1)))'.encode() for name in "ab"}
    engine.register("x", modules["a"])

    def instances():
        while not stop.is_set():
            engine.instance("x").close()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=instances) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            for name, module in modules.items():
                engine.register("x", module)
                assert hasattr(engine.instance("x"), name)
    finally:
        stop.set()
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join()


def test_classes_of_instances_are_freed(engine):
    for _ in range(3):
        engine.register("greeter", CALCULATOR)
        engine.instance("greeter").close()
        engine.unregister("greeter")
    gc.collect()
    before = len(wasp.Instance.__subclasses__())
    for _ in range(100):
        engine.register("greeter", CALCULATOR)
        for _ in range(3):
            assert engine.instance("greeter").sum(3, 2, returns=int) == 5
        engine.unregister("greeter")
    gc.collect()
    assert len(wasp.Instance.__subclasses__()) == before


def test_functions_are_functions_of_python():
    engine = wasp.Engine()
    source = """
export function hello(name) { return "Hello " + name }
/** Adds numbers. */
export const sum = (a, b) => a + b
export const reset = () => 1
export const reverse = x => x
export { hello as "a-b" }
"""
    engine.register("greeter", source, language="javascript")
    with engine.instance("greeter") as greeter:
        functions = greeter.functions
        assert functions.hello("Nic") == "Hello Nic"
        assert functions.sum(1, 2, timeout=5.0) == 3
        assert functions.hello("Nic", returns=str) == "Hello Nic"
        assert (functions.reset(), functions.reverse(1), functions["a-b"]("Nic")) == (1, 1, "Hello Nic")
        assert str(inspect.signature(functions.sum)).startswith("(a: Any, b: Any, /)")
        assert functions.sum.__doc__ == "Adds numbers."
        assert "hello" in dir(functions)
        assert ("hello" in functions, "hello2" in functions, len(functions)) == (True, False, 5)
        assert functions == list(functions)
        assert [it.name for it in functions[:1]] == ["a-b"]
        with pytest.raises(AttributeError, match=r"plugin 'greeter' has no function 'hello2' \('hello' is there\)"):
            functions.hello2("Nic")
        assert not hasattr(functions, "__array__")
        assert "hello(name" in pydoc.render_doc(functions.hello, renderer=pydoc.plaintext)
