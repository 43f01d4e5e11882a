#!/usr/bin/env python3
"""Runs the scripts of this folder in build/runtimes/javascript.wasm, by the Python package wasp.

A line `//> f(1) == 2` calls f, whose arguments and result are Python's; `//> f() GuestError text` says which error it
is. `//> f(*)` calls f with each of the names that names() returns. Lines that begin with `//!` are the listing.
"""

import ast
import pathlib
import re
import sys
import tempfile

import wasp

here = pathlib.Path(__file__).parent
runtime = here.parents[2] / "build" / "runtimes" / "javascript.wasm"
callbacks = {("env", "call_me"): wasp.Callback(lambda name: f"Hello {name}", params=["string"], result="string")}
failures = 0


def check(what: str, good: bool, outcome: object) -> None:
    global failures
    if not good:
        failures += 1
        print(f"{what}: {outcome!r}")


def attempt(instance: wasp.Instance, function: str, args: tuple[object, ...]) -> object:
    """Calls a function; an error is its result. What stopped the instance is forgotten."""
    try:
        return instance.call(function, *args)
    except wasp.Error as error:
        if not isinstance(error, wasp.GuestError):
            instance.reset()
        return error


def run(engine: wasp.Engine, path: pathlib.Path, workspace: str) -> int:
    source = path.read_text()
    limits = wasp.Limits(timeout=20.0, memory_bytes=512 << 20)
    engine.register(path.stem, source, language="javascript", callbacks=callbacks, limits=limits)
    count = 0
    with engine.instance(path.stem, workspace=workspace) as instance:
        listing = [line[4:] for line in source.splitlines() if line.startswith("//! ")]
        found = [f"{it}{' # ' + it.docs if it.docs else ''}" for it in instance.functions]
        check(f"{path.name}: listing", not listing or listing == found, found)
        for function, text, expected in re.findall(r"^//> (\w+)\((.*?)\) (.*)$", source, re.MULTILINE):
            all_args = (
                [(name,) for name in instance.call("names")]
                if text == "*"
                else [ast.literal_eval(f"({text},)" if text else "()")]
            )
            for args in all_args:
                count += 1
                outcome = attempt(instance, function, args)
                if expected.startswith("== "):
                    good = outcome == ast.literal_eval(expected[3:]) and type(outcome) is type(
                        ast.literal_eval(expected[3:])
                    )
                elif expected == "GuestError or a value":
                    good = not isinstance(outcome, wasp.Error) or isinstance(outcome, wasp.GuestError)
                else:
                    kind, _, says = expected.partition(" ")
                    good = type(outcome).__name__ == kind and ast.literal_eval(f'"{says}"') in str(outcome)
                    good = good and "came to an end" not in str(outcome)
                check(f"{path.name}: {function}{args}", good, outcome)
    return count


def main() -> None:
    for compiler in ("cranelift", "singlepass"):
        engine = wasp.Engine(compiler)
        engine.register("javascript", runtime)
        with tempfile.TemporaryDirectory() as workspace:
            pathlib.Path(workspace, "in.txt").write_text("input")
            count = sum(run(engine, path, workspace) for path in sorted(here.glob("*.js")))
            print(f"{compiler}: {count} calls, {failures} failures")
    sys.exit(failures > 0)


main()
