"""Modules that know nothing of wasp, from npm: their functions take and give addresses, and so do their callbacks.

What is expected of them is in bindings/foreign, for the tests of Node too.
"""

import base64
import hashlib
import json
import os
import random
import re
from pathlib import Path

import pytest

import wasp

CASES = Path(os.environ.get("WASP_FOREIGN", "bindings/foreign"))
MODULES = Path(os.environ.get("WASP_FOREIGN_MODULES", "build/foreign")) / "node_modules"


def read(path):
    try:
        return (MODULES / path).read_bytes()
    except FileNotFoundError as error:
        raise AssertionError(f"{error.filename} isn't there: bindings/foreign/modules.sh fetches it from npm") from None


def read_javascript(path):
    return base64.b64decode(re.search(rb"""["'](AGFzb[^"']+)""", read(path))[1])


class Http:
    """Parsers by llhttp, one at a time."""

    TYPES = {"request": 1, "response": 2}
    BUFFER = 4096

    def __init__(self, file):
        spans = ["url", "status", "header_field", "header_value", "body"]
        events = {"message_begin": 1, "headers_complete": 4, "message_complete": 1}
        self.engine = wasp.Engine()
        self.engine.register(
            "llhttp",
            read_javascript(f"undici/lib/llhttp/{file}"),
            callbacks={
                **{("env", f"wasm_on_{name}"): self.span(name) for name in spans},
                **{
                    ("env", f"wasm_on_{name}"): wasp.Callback(self.event(name), params=[int] * count, result=int)
                    for name, count in events.items()
                },
            },
        )

    def span(self, name):
        def callback(parser: int, address: int, length: int) -> int:
            data = self.plugin.memory.read(address, length)
            if self.seen and self.seen[-1][0] == name:
                self.seen[-1][1] += data
            else:
                self.seen.append([name, data])
            return 0

        return callback

    def event(self, name):
        def callback(parser, *numbers):
            self.seen.append([name, *numbers])
            answer = self.answers.get(name, 0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return callback

    def begin(self, plugin, kind, **answers):
        self.plugin, self.answers, self.seen = plugin, answers, []
        self.parser = plugin.call("llhttp_alloc", self.TYPES[kind], returns=int)
        self.buffer = plugin.call("malloc", self.BUFFER, returns=int)

    def execute(self, data):
        self.plugin.memory.write(self.buffer, data)
        return self.plugin.call("llhttp_execute", self.parser, self.buffer, len(data), returns=int)

    def finish(self):
        return self.plugin.call("llhttp_finish", self.parser, returns=int)

    def error(self, number):
        return {
            "name": self.plugin.call("llhttp_errno_name", number, returns=str),
            "reason": self.plugin.call("llhttp_get_error_reason", self.parser, returns=str),
        }

    def position(self):
        return self.plugin.call("llhttp_get_error_pos", self.parser, returns=int) - self.buffer

    def events(self):
        return [
            [name, *(each.decode() if isinstance(each, bytes) else each for each in more)] for name, *more in self.seen
        ]


@pytest.fixture(scope="module", params=["llhttp-wasm.js", "llhttp_simd-wasm.js"])
def http(request):
    return Http(request.param)


@pytest.mark.parametrize("case", json.loads((CASES / "http.json").read_text("utf-8")), ids=lambda case: case["name"])
def test_http_is_parsed_in_pieces_of_any_size(http, case):
    data = case["input"].encode()
    for size in range(1, len(data) + 1):
        with http.engine.instance("llhttp") as plugin:
            http.begin(plugin, case["type"])
            error = None
            for start in range(0, len(data), size):
                if number := http.execute(data[start : start + size]):
                    error = {**http.error(number), "at": start + http.position()}
                    break
            else:
                if number := http.finish():
                    error = http.error(number)
            assert (http.events(), error) == (case["events"], case.get("error")), f"in pieces of {size} bytes"


def test_a_callback_answers_http(http):
    head, other = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"
    response = head + b"hello"
    with http.engine.instance("llhttp") as plugin:
        # What a response to HEAD says of its body doesn't follow.
        http.begin(plugin, "response", headers_complete=1)
        assert http.execute(head + other) == 0
        assert [event[1] for event in http.events() if event[0] == "headers_complete"] == [200, 204]

        http.begin(plugin, "response", headers_complete=21)
        assert http.error(http.execute(response))["name"] == "HPE_PAUSED"
        assert http.events()[-1] == ["headers_complete", 200, 0, 1]
        rest = response[http.position() :]
        plugin.call("llhttp_resume", http.parser, returns=None)
        assert (http.execute(rest), http.events()[-2:]) == (0, [["body", "hello"], ["message_complete"]])

        http.begin(plugin, "response", message_complete=-1)
        assert http.error(http.execute(response))["reason"] == "`on_message_complete` callback error"

        http.begin(plugin, "response", message_begin=LookupError("not now"))
        with pytest.raises(LookupError, match="not now"):
            http.execute(response)
        with pytest.raises(wasp.Error, match="reset"):
            http.finish()
        plugin.reset()
        http.begin(plugin, "response")
        assert (http.execute(response), http.events()[-1]) == (0, ["message_complete"])


def test_md5_is_the_hosts(engine):
    engine.register("md5", read_javascript("hash-wasm/dist/md5.umd.min.js"))
    with engine.instance("md5") as plugin:
        buffer, size = plugin.call("Hash_GetBuffer", returns=int), 16384
        for length in [0, 1, 55, 56, 57, 63, 64, 65, size - 1, size, size + 1, (1 << 20) + 5]:
            data = random.Random(length).randbytes(length)
            plugin.call("Hash_Init", returns=None)
            for start in range(0, length, size):
                piece = data[start : start + size]
                plugin.memory.write(buffer, piece)
                plugin.call("Hash_Update", len(piece), returns=None)
            plugin.call("Hash_Final", returns=None)
            assert plugin.memory.read(buffer, 16) == hashlib.md5(data).digest(), f"of {length} bytes"


class SourceMaps:
    """Source maps by source-map, one at a time. Rows are as in the file of cases."""

    def __init__(self, engine):
        engine.register(
            "maps",
            read("source-map/lib/mappings.wasm"),
            callbacks={("env", "mapping_callback"): wasp.Callback(self.mapping, params=[int] * 10)},
        )
        self.plugin, self.rows = engine.instance("maps"), []

    def mapping(
        self, line, column, has_last, last, has_original, source, original_line, original_column, has_name, name
    ):
        original = (source, original_line, original_column) if has_original else (None,) * 3
        self.rows.append([line, column, last if has_last else None, *original, name if has_name else None])

    def parse(self, mappings):
        address = self.plugin.call("allocate_mappings", len(mappings), returns=int)
        self.plugin.memory.write(address, mappings.encode())
        return self.plugin.call("parse_mappings", address, returns=int)

    def ask(self, function, *args):
        self.rows.clear()
        self.plugin.call(function, *args, returns=None)
        return self.rows


def test_a_source_map_is_decoded(engine):
    cases = json.loads((CASES / "source-map.json").read_text("utf-8"))
    rows, maps = cases["decoded"], SourceMaps(engine)
    decoded = maps.parse(cases["mappings"])
    assert maps.ask("by_generated_location", decoded) == [[*row[:2], None, *row[3:]] for row in rows]
    maps.ask("compute_column_spans", decoded)
    assert maps.ask("by_generated_location", decoded) == rows
    originals = sorted((row for row in rows if row[3] is not None), key=lambda row: row[3:6])
    assert maps.ask("by_original_location", decoded) == originals
    # At the place, or the last before it (1), or the first after it (2).
    assert maps.ask("original_location_for", decoded, 0, 30, 1) == [rows[5]]
    assert maps.ask("original_location_for", decoded, 0, 30, 2) == [rows[6]]
    assert maps.ask("generated_location_for", decoded, 1, 1, 3, 1) == [rows[11]]
    assert maps.ask("all_generated_locations_for", decoded, 0, 1, 0, 0) == rows[4:7]
    maps.ask("free_mappings", decoded)
    for case in cases["errors"]:
        assert maps.parse(case["mappings"]) == 0
        assert maps.plugin.call("get_last_error", returns=int) == case["error"], case["because"]


def test_a_source_map_that_grows_memory(engine):
    maps = SourceMaps(engine)
    size, count = len(maps.plugin.memory), 1000
    # Each a column and an original line further.
    decoded = maps.parse(";".join([",".join(["CACA"] * count)] * 100))
    assert len(maps.plugin.memory) > size
    rows = maps.ask("by_generated_location", decoded)
    assert rows == [
        [line, column + 1, None, 0, line * count + column + 1, 0, None]
        for line in range(100)
        for column in range(count)
    ]
