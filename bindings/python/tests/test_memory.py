import threading

import pytest

import wasp

FOREIGN = b"""
  (import "env" "on_data" (func $on_data (param i32 i32)))
  (import "env" "on_text" (func $on_text (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "abc\\00")
  (func (export "tell") (param i32 i32) (call $on_data (local.get 0) (local.get 1)))
  (func (export "tell_text") (param i32) (call $on_text (local.get 0)))
  (func (export "last") (result i32) (i32.const -1))"""


def register(engine, on_data=lambda address, length: None, on_text=lambda text: None):
    engine.register(
        "foreign",
        FOREIGN,
        callbacks={
            ("env", "on_data"): wasp.Callback(function=on_data, params=["i32", "i32"]),
            ("env", "on_text"): wasp.Callback(function=on_text, params=["string"]),
        },
    )


def test_memory_is_read_and_written(engine):
    register(engine)
    with engine.instance("foreign") as plugin:
        memory = plugin.memory
        assert (len(memory), memory.read(64, 3)) == (65536, b"abc")
        for data in (b"end", bytearray(b"end"), memoryview(b"end")):
            memory.write(65533, data)
            assert memory.read(65533, 3) == b"end"
            memory.write(65533, b"xxx")
        assert memory.read(65536, 0) == b""
        # As a plugin gives it.
        last = plugin.call("last", returns=int)
        for address, length, words in [
            (65534, 3, "3 bytes from 0xfffe on are not in its memory of 65536 bytes"),
            (last, 1, "1 bytes from 0xffffffff on are not"),
            (0, 2**62, "are not in its memory"),
            (0, -1, "the length is -1, less than nothing"),
            (2**32, 1, "4294967296 is no address"),
        ]:
            with pytest.raises(wasp.Error, match=words) as refused:
                memory.read(address, length)
            assert refused.value.kind == "invalid"
        with pytest.raises(wasp.Error, match="not in its memory"):
            memory.write(65535, b"ab")
        with pytest.raises(TypeError):
            memory.write(0, "text")
        plugin.reset()
        assert memory.read(65533, 3) == bytes(3)
    with pytest.raises(wasp.Error, match="closed"):
        memory.read(0, 1)


def test_callbacks_reach_the_memory_of_their_own_instance(engine):
    def on_data(address, length):
        memory = plugin.memory
        memory.write(address, memory.read(address, length).upper())
        with pytest.raises(wasp.Error, match="not in its memory"):
            memory.read(65535, 2)
        # Another instance within, and what it has itself.
        register(other, on_text=lambda text: seen.append((text, plugin.memory.read(64, 3), inner.memory.read(64, 3))))
        with other.instance("foreign") as inner:
            inner.call("tell_text", 64, returns=None)
        elsewhere = threading.Thread(target=read_elsewhere)
        elsewhere.start()
        elsewhere.join()
        seen.append(len(memory))

    def read_elsewhere():
        with pytest.raises(wasp.Error) as refused:
            plugin.memory.read(0, 1)
        seen.append(refused.value.kind)

    seen, other = [], wasp.Engine()
    register(engine, on_data)
    with engine.instance("foreign") as plugin:
        plugin.call("tell", 64, 3, returns=None)
        assert plugin.memory.read(64, 3) == b"ABC"
    assert seen == [("abc", b"ABC", b"abc"), "busy", 65536]


def test_what_a_callback_was_given_stays_as_it_is(engine):
    def on_text(text):
        with pytest.raises(wasp.Error, match="a string or bytes that the callback was given") as refused:
            plugin.memory.write(66, b"x")
        assert refused.value.kind == "invalid"
        plugin.memory.write(68, b"x")

    register(engine, on_text=on_text)
    with engine.instance("foreign") as plugin:
        plugin.call("tell_text", 64, returns=None)
        assert plugin.memory.read(64, 5) == b"abc\0x"


def test_a_plugin_without_memory(engine):
    engine.register("none", b"(memory 1)")
    with engine.instance("none") as plugin:
        assert len(plugin.memory) == 0
        with pytest.raises(wasp.Error, match="exports no memory"):
            plugin.memory.read(0, 0)


def test_a_callback_may_ask_for_its_caller(engine):
    def on_data(caller: wasp.Caller, address: int, length: int) -> None:
        data = caller.memory.read(address, length)
        caller.memory.write(address, data.upper())
        other.call("tell_text", 64, returns=None)
        # It is still its own, and not the innermost.
        kept.append((caller, caller.plugin, caller.memory.read(address, length), len(caller.memory), repr(caller)))
        with pytest.raises(wasp.Error, match="not in its memory"):
            caller.memory.read(65535, 2)
        with pytest.raises(wasp.Error) as refused:
            _ = caller.memory.used
        assert refused.value.kind == "busy"
        thread = threading.Thread(target=elsewhere, args=(caller,))
        thread.start()
        thread.join()

    def elsewhere(caller):
        with pytest.raises(wasp.Error, match="another thread") as refused:
            caller.memory.read(0, 1)
        kept.append(refused.value.kind)

    def on_text(caller, text):
        kept.append((text, caller.plugin, caller.memory.read(64, 3)))

    kept, callbacks = [], {}
    callbacks[("env", "on_data")] = on_data
    callbacks[("env", "on_text")] = wasp.Callback(on_text, params=[str], caller=True)
    engine.register("foreign", FOREIGN, callbacks=callbacks)
    other = engine.instance("foreign")
    for _ in range(2):
        with engine.instance("foreign") as plugin:
            plugin.call("tell", 64, 3, returns=None)
            assert plugin.memory.read(64, 3) == b"ABC"
        assert kept[0] == ("abc", "foreign", b"abc")
        assert kept[1][1:] == ("foreign", b"ABC", 65536, "<wasp.Caller 'foreign'>".replace("'", '"'))
        assert kept[2] == "invalid"
        with pytest.raises(wasp.Error, match="the callback is over"):
            kept[1][0].memory.read(0, 1)
        with pytest.raises(wasp.Error, match="no callback runs"):
            wasp.Caller()
        kept.clear()
