#!/usr/bin/env python3
"""Runs the scripts in a runtime's folder `tests` in build/runtimes/LANGUAGE.wasm, by the Python package wasp.

    runtimes/tests.py javascript|lua|pocketpy

What follows is behind a comment's sign, `//` in JavaScript. A line `> f(1) == 2` calls f, whose arguments and result are
Python's; `> f() GuestError text` says which error it is. `> f(*)` calls f with each of the names that names() returns, and resets the instance after each.
Lines that begin with `!` are the listing.
"""

import ast
import pathlib
import re
import sys
import tempfile

import wasp

LANGUAGES = {
    "javascript": ("js", "//", ("cranelift", "singlepass")),
    "lua": ("lua", "--", ("cranelift", "tiered")),
    "pocketpy": ("py", "#", ("cranelift", "singlepass")),
}
language = sys.argv[1]
ending, sign, compilers = LANGUAGES[language]
root = pathlib.Path(__file__).resolve().parents[1]
runtime = root / "build" / "runtimes" / f"{language}.wasm"
callbacks = {
    ("env", "call_me"): wasp.Callback(lambda name: f"Hello {name}", params=["string"], result="string"),
    ("env", "reverse"): wasp.Callback(lambda data: data[::-1], params=["bytes"], result="bytes"),
    ("env", "same"): wasp.Callback(lambda value: value, params=["json"], result="json"),
    ("tools.more", "add"): wasp.Callback(lambda a, b: a + b, params=["i32", "i64"], result="i64"),
}
failures = 0


def check(what: str, good: bool, outcome: object) -> None:
    global failures
    if not good:
        failures += 1
        print(f"{what}: {outcome!r:.2000}")


def attempt(instance: wasp.Instance, function: str, args: tuple[object, ...], timeout: float) -> object:
    """Calls a function; an error is its result. What stopped the instance is forgotten."""
    try:
        return instance.call(function, *args, timeout=timeout)
    except wasp.Error as error:
        if not isinstance(error, wasp.GuestError):
            instance.reset()
        return error


def is_as_said(outcome: object, said: str) -> bool:
    if said.startswith("== "):
        wanted = ast.literal_eval(said[3:])
        return outcome == wanted and type(outcome) is type(wanted)
    if said.startswith("GuestError or a value"):
        # A trap is clean where the runtime met a limit, and did not read or write what is not there.
        is_clean = "clean trap" in said and ("call stack exhausted" in str(outcome) or "memory limit" in str(outcome))
        return not isinstance(outcome, wasp.Error) or isinstance(outcome, wasp.GuestError) or is_clean
    kind, _, text = said.partition(" ")
    return type(outcome).__name__ == kind and ast.literal_eval(f'"""{text}"""') in str(outcome)


def run(engine: wasp.Engine, path: pathlib.Path, workspace: str) -> int:
    source = path.read_text()
    limits = wasp.Limits(timeout=120.0, memory_bytes=512 << 20 if language == "javascript" else 128 << 20)
    engine.register(path.stem, source, language=language, callbacks=callbacks, limits=limits)
    count = 0
    with engine.instance(path.stem, workspace=workspace) as instance:
        marked = [line[len(sign) :] for line in source.splitlines() if line.startswith(sign)]
        listing = [line[2:] for line in marked if line.startswith("! ")]
        found = [f"{it}{' # ' + it.docs if it.docs else ''}" for it in instance.functions]
        check(f"{path.name}: listing", not listing or listing == found, found)
        for line in marked:
            call = re.fullmatch(r"> (\w+)\((.*)\) ((?:==|\w*Error|Timeout|Trap|Exit).*)", line)
            check(f"{path.name}: {line}", call is not None or not line.startswith("> "), None)
            if call is None:
                continue
            function, text, said = call.groups()
            # What has an end gets the time that it takes on a machine with other work.
            timeout = 0.5 if said.strip() == "Timeout" else 120.0
            if text == "*":
                all_args = [(name,) for name in instance.call("names")]
            else:
                all_args = [ast.literal_eval(f"({text},)" if text else "()")]
            for args in all_args:
                count += 1
                outcome = attempt(instance, function, args, timeout)
                check(f"{path.name}: {function}{args}", is_as_said(outcome, said), outcome)
                if text == "*":
                    instance.reset()
    return count


def main() -> None:
    for compiler in compilers:
        engine = wasp.Engine(compiler)
        engine.register(language, runtime)
        with tempfile.TemporaryDirectory() as workspace:
            pathlib.Path(workspace, "in.txt").write_text("input\nsecond line\n")
            count = sum(
                run(engine, path, workspace)
                for path in sorted((root / "runtimes" / language / "tests").glob(f"*.{ending}"))
            )
            print(f"{language}, {compiler}: {count} calls, {failures} failures")
    sys.exit(failures > 0)


main()
