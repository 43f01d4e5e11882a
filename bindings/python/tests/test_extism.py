"""Plugins of Extism: the same modules, built by its published kits, get the same inputs in wasp and in Extism's own library, and
give the same answers.

bindings/extism/plugins.sh builds them.
"""

import functools
import http.server
import json
import logging
import os
import random
import threading
import urllib.error
import urllib.request
from pathlib import Path

import extism
import pytest

import wasp

PLUGINS = Path(os.environ.get("WASP_EXTISM_PLUGINS", "build/extism-plugins"))
CONFIG = {"greeting": "hello", "empty": "", "text": "h\xe9llo"}
KITS = ["c", "rust", "go", "assemblyscript"]


def shout(text: str) -> str:
    return text.upper() + "!"


@extism.host_fn(name="shout", namespace="extism:host/user")
def extism_shout(text: str) -> str:
    return shout(text)


def request(asked: dict, body: bytes) -> dict:
    """Makes the HTTP request that a plugin asks for."""
    asked = urllib.request.Request(asked["url"], method=asked.get("method", "GET"), data=body or None)
    try:
        answer = urllib.request.urlopen(asked)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return {"status": answer.status, "headers": dict(answer.headers), "body": answer.read().decode()}


@functools.cache
def wasp_engine(module, allowed):
    """Compiles the plugin for wasp, once for all tests."""
    logger = logging.getLogger("plugins")
    logger.setLevel(logging.DEBUG)
    engine = wasp.Engine(logger=logger)
    callbacks = {("extism:host/user", "shout"): shout}
    if allowed:
        callbacks["extism:host/env", "http_request"] = request
    engine.register("plugin", module, config=CONFIG, callbacks=callbacks)
    return engine


@functools.cache
def extism_compiled(module, allowed):
    """Compiles it for Extism's library."""
    manifest = {"wasm": [{"data": module.read_bytes()}], "allowed_hosts": ["127.0.0.1"] if allowed else []}
    return extism.extism.CompiledPlugin(manifest, wasi=True, functions=[extism_shout])


class Wasp:
    """A plugin in wasp, as its host calls it."""

    def __init__(self, module, *, allowed=False):
        self.engine = wasp_engine(module, allowed)
        self.instance = self.engine.instance("plugin")

    def call(self, function, data):
        try:
            return self.instance.call(function, data)
        except wasp.Error as error:
            text = str(error)
            if error.kind != "guest":
                self.instance.reset()
            return Failure(text)


class Extism:
    """The same in Extism's library."""

    def __init__(self, module, *, allowed=False):
        self.plugin = extism.Plugin(extism_compiled(module, allowed), config=CONFIG)

    def call(self, function, data):
        try:
            return self.plugin.call(function, data)
        except extism.Error as error:
            return Failure(str(error))


class Failure(str):
    pass


@pytest.fixture(params=KITS)
def module(request):
    path = PLUGINS / f"{request.param}.wasm"
    assert path.exists(), "bindings/extism/plugins.sh builds it"
    return path


def both(module, **options):
    return Wasp(module, **options), Extism(module, **options)


@pytest.fixture
def server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(f"you asked for {self.path}".encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("text", ["", "this is a test", "AEIOU xyz", "h\xe9llo w\xf6rld", "a" * 3000])
def test_vowels(module, text):
    ours, theirs = both(module)
    for _ in range(3):
        answer = ours.call("count_vowels", text)
        assert answer == theirs.call("count_vowels", text)
        assert json.loads(answer)["count"] == sum(letter in "aeiou" for letter in text.lower())


def test_bytes(module):
    ours, theirs = both(module)
    mebibyte = random.Random(17).randbytes(1 << 20)
    for data in [b"", b"\0", b"1234567", b"12345678", b"\xff" * 9, mebibyte, mebibyte[:-3]]:
        assert ours.call("echo", data) == theirs.call("echo", data) == data


def test_config(module):
    ours, theirs = both(module)
    for key in [*CONFIG, "missing"]:
        answer = ours.call("config", key)
        # Extism's kit for AssemblyScript cuts text that is not ASCII: the answers are the same, and wrong.
        assert answer == theirs.call("config", key)
        if key != "text":
            assert answer == CONFIG.get(key, "").encode()


def test_variables(module):
    ours, theirs = both(module)
    for text in [b"first", b"second", b"\0\xff" * 500, b"last"]:
        assert ours.call("remember", text) == theirs.call("remember", text)
    assert ours.call("remember", b"") == b"last"
    # They are the instance's, and gone with it.
    with ours.engine.instance("plugin") as other:
        assert other.call("remember", b"x") == b""
    ours.instance.reset()
    assert ours.call("remember", b"x") == Extism(module).call("remember", b"x") == b""


def test_variables_are_full(module):
    large = bytes((1 << 20) - 4 - 48)
    for data, fits in [(large, True), (b"", None), (b"x" + large, False)]:
        # As in Extism, what is replaced counts until then.
        first, second = Wasp(module).call("remember", data), Extism(module).call("remember", data)
        assert isinstance(first, Failure) == isinstance(second, Failure) == (fits is False)
    # Extism's says where, not why.
    assert "no room for 1048525 bytes" in first


def test_host_function(module):
    ours, theirs = both(module)
    for text in ["hello", "h\xe9llo", "x" * 5000]:
        assert ours.call("call_host", text) == theirs.call("call_host", text) == shout(text).encode()


def test_errors(module):
    ours, theirs = both(module)
    for text in ["", "why", "h\xe9"]:
        answer = ours.call("fail", text)
        assert isinstance(answer, Failure)
        assert answer == theirs.call("fail", text) == f"no: {text}"
        # The plugin goes on.
        assert ours.call("echo", text) == theirs.call("echo", text)
    with pytest.raises(wasp.GuestError):
        ours.instance.call("fail", "x")


def test_http_is_denied(module, server):
    ours, theirs = both(module)
    answer = ours.call("get", server)
    assert isinstance(answer, Failure)
    assert f'HTTP request to "{server}" is not allowed' in answer
    # Extism's says where, not why.
    assert isinstance(theirs.call("get", server), Failure)


def test_http_is_offered(module, server):
    ours, theirs = both(module, allowed=True)
    for path in ["/", "/some/where", "/missing"]:
        answer = ours.call("get", server + path)
        assert answer == theirs.call("get", server + path)
        assert f"you asked for {path}".encode() in answer


@pytest.fixture(scope="session")
def extism_log():
    lines = []
    # Once for a process.
    return extism.set_log_custom(lines.append, "debug"), lines


def test_logs(module, caplog, extism_log):
    ours, theirs = both(module)
    ours.call("log", "a line")
    told = [record.levelname for record in caplog.records if record.getMessage().startswith("Plugin log")]
    assert told == ["DEBUG", "INFO", "INFO", "ERROR"]

    log, lines = extism_log
    theirs.call("log", "a line")
    log.drain()
    told = [line for line in lines if "a line" in line and "pdk" in line]
    print(lines)
    assert len(told) == 4
    lines.clear()


def test_a_fresh_instance_is_as_new(module):
    engine = wasp_engine(module, False)
    for _ in range(20):
        with engine.instance("plugin") as instance:
            assert instance.call("remember", b"secret") == b""
            assert instance.call("echo", bytes(10_000)) == bytes(10_000)


def test_it_is_listed(module):
    functions = {function.name: function for function in wasp.inspect(module).functions}
    for name in ["count_vowels", "echo", "config", "remember", "call_host", "fail", "log", "get"]:
        assert str(functions[name]) == f"{name}(input: any) bytes"
