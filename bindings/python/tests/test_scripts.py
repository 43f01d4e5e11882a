"""Scripts: plugins that are a text, and values that are JSON."""

import datetime
import math
import os
import pathlib
import pickle
from typing import Any

import pytest
from conftest import call_me

import wasp

HOSTS = pathlib.Path(os.environ.get("WASP_HOSTS", "examples/hosts/python"))

SAME = "export const same = x => x; export const two = (a, b) => [a, b]"


@pytest.fixture(scope="module")
def engine():
    return wasp.Engine()


def js(engine, source, **options):
    engine.register("script", source, language="javascript", **options)
    return engine.instance("script")


def test_ten_lines(engine, tmp_path):
    path = tmp_path / "greeter.js"
    path.write_text("export function hello(name) { return `Hello ${name}` }\nexport const spin = () => { for (;;) {} }")
    engine.register("greeter", path, limits=wasp.Limits(timeout=0.2))
    with engine.instance("greeter") as greeter:
        assert greeter.call("hello", "Nic") == "Hello Nic"
        assert str(greeter.functions[0]) == "hello(name: any) any"
        with pytest.raises(wasp.Timeout):
            greeter.call("spin")
    assert engine.plugins == ["greeter"]
    # A str is a path as everywhere.
    engine.register("greeter", str(path))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -7,
        1.5,
        math.inf,
        "Grüße \U0001f600",
        "",
        b"\0\xff",
        {"a": [1, None, "x", {"b": True}], "__proto__": 3},
        [],
        {},
        [1.5, "é"],
    ],
)
def test_values_come_back(engine, value):
    p = js(engine, SAME)
    assert p.call("same", value) == value
    assert type(p.call("same", value)) is type(value)


def test_numbers_and_tuples(engine):
    p = js(engine, SAME)
    assert p.call("same", 2**40) == 2**40
    assert p.call("same", (1, 2)) == [1, 2]
    assert p.call("two", 3) == [3, None]
    assert p.call("same", 3, returns=float) == 3.0
    assert p.call("same", "a", returns=wasp.JSON) == "a"
    assert p.call("same", {"a": 1}, returns=dict) == {"a": 1}
    assert p.call("same", {"a": 1}, returns=None) is None
    with pytest.raises(wasp.Error, match="does not fit i64") as refused:
        p.call("same", "a", returns=int)
    assert refused.value.kind == "signature"


def test_what_has_no_json(engine):
    p = js(engine, SAME)
    cycle: list[Any] = []
    cycle.append(cycle)
    for value in ([{1, 2}], cycle, [math.nan], {"at": datetime.date(2026, 1, 1)}):
        with pytest.raises(TypeError, match="argument 1 has no JSON: "):
            p.call("same", value)
    with pytest.raises(TypeError, match="only str, int, float, bytes, dict, list and tuple pass"):
        p.call("same", object())
    with pytest.raises(wasp.Error, match="lone surrogate"):
        p.call("same", ["\ud800"])


def test_json_that_is_none():
    """What a plugin says is JSON need not be."""
    engine = wasp.Engine()
    wat = r"""(module (memory (export "memory") 1)
      (data (i32.const 16) "f() json\00") (data (i32.const 64) "{,\00")
      (func (export "wasp_signatures") (result i32) (i32.const 16)) (func (export "f") (result i32) (i32.const 64)))"""
    engine.register("p", wat.encode())
    with pytest.raises(wasp.Error, match="the plugin's json is none: ") as refused:
        engine.instance("p").call("f")
    assert refused.value.kind == "abi"


def test_callbacks(engine):
    seen = []

    def store(key: str, value: dict[str, int]) -> list:
        seen.append((key, value))
        return [key, value]

    def anything(value: Any) -> Any:
        return value

    def boom() -> None:
        raise KeyError("on purpose")

    callbacks = {("env", "store"): store, ("env", "anything"): anything, ("env", "boom"): boom}
    source = """import { store, anything, boom } from "wasp:env"
      export const f = () => store("k", {a: 1})
      export const g = x => anything(x)
      export const h = () => { try { boom() } catch {} }
      export const wrong = () => { try { store(1, 2) } catch (e) { return e.message } }"""
    p = js(engine, source, callbacks=callbacks)
    assert p.call("f") == ["k", {"a": 1}]
    assert seen == [("k", {"a": 1})]
    for value in (None, True, "x", 3, [1]):
        assert p.call("g", value) == value
    assert "argument 1 is i32 [1], which does not fit string" in p.call("wrong")
    with pytest.raises(KeyError, match="on purpose"):
        p.call("h")


def test_errors_have_frames(engine):
    p = js(engine, "export function f(x) {\n  return x.y.z\n}")
    with pytest.raises(wasp.GuestError, match="cannot read property 'z' of undefined") as raised:
        p.call("f", {})
    (frame,) = raised.value.trace
    assert (frame.function, frame.file, frame.line) == ("f", "script.js", 2)
    with pytest.raises(wasp.GuestError, match=r"SyntaxError: .* \(bad.js:2:"):
        engine.register("bad", "let x = 1\nlet = 3 +", language="javascript")


def test_other_languages(engine, tmp_path):
    for name, says in [("a.py", "two Pythons"), ("a.ts", "types must be stripped")]:
        (tmp_path / name).write_text("")
        with pytest.raises(wasp.Error, match=says) as refused:
            engine.register("p", tmp_path / name)
        assert refused.value.kind == "invalid"
    with pytest.raises(wasp.PluginNotFound, match='there is no script runtime "cobol"'):
        engine.register("p", "", language="cobol")
    with pytest.raises(TypeError, match="language is 3"):
        engine.register("p", "", language=3)  # type: ignore[arg-type]
    with pytest.raises(wasp.Error, match="none.js") as refused:
        engine.register("p", pathlib.Path("none.js"), language="javascript")
    assert refused.value.kind == "io"


def test_it_pickles(engine):
    js(engine, SAME)
    assert [engine.plugin(name).language for name in engine.plugins] == ["javascript", "javascript"]
    again = pickle.loads(pickle.dumps(engine))
    assert again.instance("script").call("same", [1]) == [1]


def test_the_example_in_a_part_of_python(tmp_path):
    source = (HOSTS.parents[1] / "plugins" / "pocketpy" / "plugin.py").read_text()
    engine = wasp.Engine()
    engine.register("example", source, language="pocketpy", callbacks={("env", "call_me"): call_me})
    (tmp_path / "in.txt").write_text("from the host")
    with engine.instance("example", tmp_path) as example:
        assert example.functions.sum(3, 2) == 5
        assert example.functions.hello("Nic") == "Hello Nic"
        assert example.functions.reverse(b"\1\2\3") == b"\3\2\1"
        assert example.functions.callback() == "Hello Nic"
        with pytest.raises(wasp.GuestError, match="^this plugin always fails"):
            example.functions.fail()
        assert example.functions.workspace("Nic") == "Nic from the host"
    assert (tmp_path / "out.txt").read_text() == "Nic from the host"
