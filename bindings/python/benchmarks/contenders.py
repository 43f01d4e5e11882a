"""The same work by wasp and its peers, each as its documentation does it, with what can be looked up once looked up.

Each is a name, statements by the work that they do, and the names that the statements see.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, NamedTuple

import extism
import wasmtime
from extism.extism import CompiledPlugin

import wasp

HERE = Path(__file__).parent
CALLBACKS = 1000
MEGABYTE = bytes(range(256)) * 4096
ANSWERS = {"sum": 5, "hello": "Hello Nic", "echo": MEGABYTE, "callbacks": CALLBACKS * (CALLBACKS + 3) // 2}


class Contender(NamedTuple):
    name: str
    statements: dict[str, str]
    names: dict[str, Any]


def tell(number: int) -> int:
    return number + 1


def with_wasp() -> Contender:
    engine = wasp.Engine()
    engine.register("plugin", HERE / "plugin.wat", callbacks={("env", "tell"): tell})
    statements = {
        "sum": "call('sum', 3, 2, returns=int)",
        "hello": "call('hello', 'Nic', returns=str)",
        "echo": "call('echo', data, returns=bytes)",
        "callbacks": f"call('tell_often', {CALLBACKS}, returns=int)",
        "fresh sum": "with instance('plugin') as i: i.call('sum', 3, 2, returns=int)",
        "fresh hello": "with instance('plugin') as i: i.call('hello', 'Nic', returns=str)",
    }
    names = {"instance": engine.instance, "call": engine.instance("plugin").call, "data": MEGABYTE}
    return Contender("wasp", statements, names)


def with_extism() -> Contender:
    @extism.host_fn(name="tell", signature=([extism.ValType.I32], [extism.ValType.I32]))
    def told(plugin, inputs, outputs, *user_data):
        outputs[0].value = tell(inputs[0].value)

    wasm = wasmtime.wat2wasm((HERE / "extism.wat").read_text())
    compiled = CompiledPlugin(bytes(wasm), functions=[told])
    plugin = extism.Plugin(compiled)
    statements = {
        "sum": "unpack(call('sum', pack(3, 2)))[0]",
        "hello": "call('hello', 'Nic').decode()",
        "echo": "call('echo', data)",
        "callbacks": f"unpack(call('tell_often', pack({CALLBACKS}, 0)))[0]",
        "fresh sum": "with Plugin(compiled) as p: unpack(p.call('sum', pack(3, 2)))[0]",
        "fresh hello": "with Plugin(compiled) as p: p.call('hello', 'Nic').decode()",
    }
    names = {
        "Plugin": extism.Plugin,
        "compiled": compiled,
        "plugin": plugin,
        "call": plugin.call,
        "data": MEGABYTE,
        "pack": struct.Struct("<ii").pack,
        "unpack": struct.Struct("<i").unpack,
    }
    return Contender("extism", statements, names)


def with_wasmtime() -> Contender:
    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, (HERE / "plugin.wat").read_text())
    linker = wasmtime.Linker(engine)
    i32 = wasmtime.ValType.i32()
    linker.define_func("env", "tell", wasmtime.FuncType([i32], [i32]), tell)

    def instance() -> WasmtimeInstance:
        store = wasmtime.Store(engine)
        return WasmtimeInstance(store, linker.instantiate(store, module).exports(store))

    warm = instance()
    statements = {
        "sum": "sum(store, 3, 2)",
        "hello": "warm.hello('Nic')",
        "echo": "warm.echo(data)",
        "callbacks": f"tell_often(store, {CALLBACKS})",
        "fresh sum": "i = instance(); i.exports['sum'](i.store, 3, 2); i.store.close()",
        "fresh hello": "i = instance(); i.hello('Nic'); i.store.close()",
    }
    names = {
        "instance": instance,
        "warm": warm,
        "store": warm.store,
        "sum": warm.exports["sum"],
        "tell_often": warm.exports["tell_often"],
        "data": MEGABYTE,
    }
    return Contender("wasmtime", statements, names)


class WasmtimeInstance:
    """wasp's guest ABI by hand."""

    def __init__(self, store: wasmtime.Store, exports: wasmtime.InstanceExports) -> None:
        self.store, self.exports, self.memory = store, exports, exports["memory"]
        self.allocate, self.deallocate = exports["allocate"], exports["deallocate"]

    def hello(self, name: str) -> str:
        store, memory = self.store, self.memory
        data = name.encode() + b"\0"
        given = self.allocate(store, len(data))
        memory.write(store, data, given)
        answer = self.exports["hello"](store, given)
        text = bytearray()
        # Where the text ends only its NUL says: it is looked for in pieces.
        while (end := text.find(b"\0")) < 0:
            text += memory.read(store, answer + len(text), answer + len(text) + 64)
        self.deallocate(store, given, len(data))
        self.deallocate(store, answer, end + 1)
        return text[:end].decode()

    def echo(self, data: bytes) -> bytes:
        store, memory = self.store, self.memory
        given = self.allocate(store, len(data) + 4)
        memory.write(store, struct.pack("<I", len(data)), given)
        memory.write(store, data, given + 4)
        answer = self.exports["echo"](store, given)
        (length,) = struct.unpack("<I", memory.read(store, answer, answer + 4))
        copy = memory.read(store, answer + 4, answer + 4 + length)
        self.deallocate(store, given, len(data) + 4)
        self.deallocate(store, answer, length + 4)
        return bytes(copy)
