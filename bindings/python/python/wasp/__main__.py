"""Lists a plugin's functions, or calls one: python -m wasp PLUGIN [FUNCTION [ARGUMENT ...]]."""

from __future__ import annotations

import argparse
import sys

from . import Engine, Error, Function, Kind, Limits, __version__

_RETURNS = {"str": str, "bytes": bytes, "int": int, "float": float, "none": None}


def main() -> int:
    """Runs the command line; what it gives is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m wasp", description="Lists a plugin's functions, or calls one.")
    parser.add_argument("plugin", help="a .wasm or .wat file")
    parser.add_argument("function", nargs="?", help="the function to call; without it, all are listed")
    parser.add_argument("arguments", nargs="*", help="a number where it is one, else text; @FILE is the file's bytes")
    parser.add_argument("--returns", choices=_RETURNS, help="what it gives, where the plugin doesn't declare it")
    parser.add_argument("--workspace", help="the directory that the plugin sees as /workspace")
    parser.add_argument("--timeout", type=float, help="seconds that it may take")
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_intermixed_args()
    try:
        engine = Engine()
        engine.register("plugin", options.plugin, limits=Limits(timeout=options.timeout))
        with engine.instance("plugin", options.workspace) as instance:
            functions = {function.name: function for function in instance.functions}
            if options.function is None:
                for function in functions.values():
                    print(function if function.declared else f"{function}  # i32 may be a number, string or bytes")
                return 0
            args = _arguments(options.arguments, functions.get(options.function))
            returns = _RETURNS[options.returns] if options.returns else ...
            answer = instance.call(options.function, *args, returns=returns)
    except (Error, OSError, TypeError) as error:
        print(f"wasp: {error}", file=sys.stderr)
        for note in getattr(error, "__notes__", ()):
            print(note, file=sys.stderr)
        return 1
    if isinstance(answer, bytes):
        sys.stdout.buffer.write(answer)
    elif answer is not None:
        print(answer)
    return 0


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
