"""Prints what a program costs in a fresh sandbox: the instance, the program, the reset."""

import os
import sys
import time

from cpython import engine, register, turn

PROGRAMS = [
    ("pass", "pass", 2000),
    ("print(1+1)", "print(1+1)", 2000),
    ("numpy", "import numpy as np; np.arange(10).sum()", 1000),
    ("pandas", "import pandas as pd; pd.DataFrame({'x': [1, 2]}).x.sum()", 300),
]


def main() -> None:
    started = time.perf_counter()
    made = engine()
    register(made, "import numpy, pandas")
    print(f"registered, from the cache: {time.perf_counter() - started:.2f} s", file=sys.stderr)
    # What the programs print is not what is measured.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for name, program, runs in PROGRAMS:
        times = []
        for _ in range(runs):
            started = time.perf_counter()
            with made.instance("python") as instance:
                turn(instance, program)
            times.append(time.perf_counter() - started)
        times.sort()
        best, median = (1e6 * times[at] for at in (0, runs // 2))
        print(f"{name}: {best:.0f} us at best, {median:.0f} us half the time", file=sys.stderr)


if __name__ == "__main__":
    main()
