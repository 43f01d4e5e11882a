"""The commands of the program wasp: python -m wasp COMMAND ...

There is a short form besides: python -m wasp PLUGIN [FUNCTION [ARGUMENT ...]].
"""

from __future__ import annotations

import argparse
import signal
import sys

from . import Engine, Error, Function, Kind, Limits, PluginInfo, __version__, inspect
from ._engine import _runtime_dir
from ._wasp import _command, _commands

_DESCRIPTION = "Lists a plugin's functions and imports, without starting it, or calls a function."

_RETURNS = {"str": str, "bytes": bytes, "int": int, "float": float, "none": None}

_DOUBT = "  # i32 may be a number, string or bytes"

_PROVIDERS = {
    "missing": "which a callback must provide",
    "callback": "which a callback provides",
    "wasi": "which WASI provides",
    "abi": "which wasp provides",
}


# What begins the short form, but for a plugin.
_OPTIONS = ("--returns", "--workspace", "--timeout")


def main() -> int:
    """Runs the command line; what it gives is the exit code."""
    first = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if first in _commands() or (first.startswith("-") and first.split("=")[0] not in _OPTIONS):
        # A plugin that runs is no code of Python's, which would be interrupted later.
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        return _command(["wasp", *sys.argv[1:]], _runtime_dir())
    return _short()


def _short() -> int:
    parser = argparse.ArgumentParser(prog="python -m wasp", description=_DESCRIPTION)
    parser.add_argument("plugin", help="a .wasm or .wat file")
    parser.add_argument("function", nargs="?", help="the function to call; without it, all that there is is listed")
    parser.add_argument("arguments", nargs="*", help="a number where it is one, else text; @FILE is the file's bytes")
    parser.add_argument("--returns", choices=_RETURNS, help="what it gives, where the plugin doesn't declare it")
    parser.add_argument("--workspace", help="the directory that the plugin sees as /workspace")
    parser.add_argument("--timeout", type=float, help="seconds that it may take")
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_intermixed_args()
    try:
        if options.function is None:
            _list(inspect(options.plugin))
            return 0
        engine = Engine()
        # There are no callbacks here; functions that need none can be called all the same.
        limits = Limits(timeout=options.timeout)
        engine.register("plugin", options.plugin, limits=limits, trap_missing_imports=True)
        with engine.instance("plugin", options.workspace) as instance:
            functions = {function.name: function for function in instance.functions}
            args = _arguments(options.arguments, functions.get(options.function))
            returns = _RETURNS[options.returns] if options.returns else ...
            answer = instance.call(options.function, *args, returns=returns)
    except (Error, OSError, TypeError, ValueError) as error:
        print(f"wasp: {error}", file=sys.stderr)
        for note in getattr(error, "__notes__", ()):
            print(note, file=sys.stderr)
        return 1
    if isinstance(answer, bytes):
        sys.stdout.buffer.write(answer)
    elif answer is not None:
        print(answer)
    return 0


def _list(info: PluginInfo) -> None:
    for function in info.functions:
        doubt = "" if function.declared or Kind.I32 not in (*function.params, function.result) else _DOUBT
        print(f"{function}  # {function.docs}" if function.docs else f"{function}{doubt}")
    if info.functions and info.imports:
        print()
    for imported in info.imports:
        possible = imported.provider != "missing" or imported.params is not None
        by = _PROVIDERS[imported.provider] if possible else "which nothing can provide"
        print(f"import {imported}, {by}")


def _arguments(words: list[str], function: Function | None) -> list[str | bytes | int | float]:
    declared = function.params if function is not None and function.declared else []
    return [_argument(word, declared[at] if at < len(declared) else None) for at, word in enumerate(words)]


def _argument(word: str, kind: Kind | None) -> str | bytes | int | float:
    if word.startswith("@"):
        with open(word[1:], "rb") as file:
            return file.read()
    if kind == Kind.BYTES:
        return word.encode()
    if kind != Kind.STRING:
        for number in (int, float):
            try:
                return number(word)
            except ValueError:
                pass
    return word


if __name__ == "__main__":
    sys.exit(main())
