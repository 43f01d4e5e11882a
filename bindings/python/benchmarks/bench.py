"""wasp, wasmtime-py, extism and a bare call into Rust, in one run: prints a table with the ratios.

Words as arguments choose the items that have one of them in their names. The sides take turns in short runs, so that what else the machine does hits all of them alike. The minimum of many runs
counts, since what disturbs a run only makes it slower; the ratio of the medians says how much there was of that.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
import timeit
from collections.abc import Callable

import bare
from contenders import ANSWERS, CALLBACKS, Contender, with_extism, with_wasmtime, with_wasp

RUNS = 60
RUN_NS = 3_000_000
LOOP = 20_000_000


class Side:
    """One way to do something: a statement, and what its runs took."""

    def __init__(self, name: str, statement: str, names: dict[str, object], each: int = 1) -> None:
        self.name, self.each = name, each
        self.timer = timeit.Timer(statement, timer=time.perf_counter_ns, globals=names)
        self.times: list[float] = []
        self.repeats = 1
        # The least of some, for one that was held up would end this too soon.
        while (took := min(self.timer.repeat(5, self.repeats))) < RUN_NS:
            self.repeats = max(self.repeats * 2, int(self.repeats * RUN_NS / max(took, 1)))

    def run(self) -> None:
        self.times.append(self.timer.timeit(self.repeats) / self.repeats / self.each)

    @property
    def least(self) -> float:
        return min(self.times)

    @property
    def median(self) -> float:
        return statistics.median(self.times)


def compare(item: str, make: Callable[[], list[Side]]) -> None:
    """Runs the sides by turns and prints a row for each but the first, which is wasp."""
    if not any(word in item for word in sys.argv[1:] or [item]):
        return
    sides = make()
    for _ in range(RUNS):
        for side in sides:
            side.run()
    ours = sides[0]
    for peer in sides[1:]:
        ratio, medians = ours.least / peer.least, ours.median / peer.median
        print(f"| {item} | {shown(ours.least)} | {peer.name} {shown(peer.least)} | {ratio:.3f} | {medians:.3f} |")


def shown(ns: float) -> str:
    if ns < 10_000:
        return f"{ns:,.0f} ns"
    return f"{ns / 1000:,.1f} µs" if ns < 10_000_000 else f"{ns / 1e6:,.1f} ms"


def check(contender: Contender) -> None:
    """A side that doesn't do its work would win."""
    for work, answer in ANSWERS.items():
        if eval(contender.statements[work], contender.names) != answer:
            sys.exit(f"{contender.name} answers otherwise: {contender.statements[work]}")


def on_threads(*works) -> None:
    """Runs each on a thread of its own, all at once."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    contenders = [with_wasp(), with_wasmtime(), with_extism()]
    for contender in contenders:
        check(contender)

    def all_sides(work: str, each: int = 1) -> list[Side]:
        return [Side(contender.name, contender.statements[work], contender.names, each) for contender in contenders]

    print("| item | wasp | peer | ratio | of medians |\n|---|---|---|---|---|")
    compare("int call", lambda: all_sides("sum"))
    compare(
        "string call",
        lambda: [
            *all_sides("hello"),
            Side("bare pyo3", "hello('Nic')", {"hello": bare.hello}),
            Side("bare pyo3, GIL released", "hello('Nic')", {"hello": bare.hello_detached}),
        ],
    )
    compare("1 MiB there and back", lambda: all_sides("echo"))
    compare("callback", lambda: all_sides("callbacks", CALLBACKS))
    compare("fresh instance, int", lambda: all_sides("fresh sum"))
    compare("fresh instance, string", lambda: all_sides("fresh hello"))

    instance = contenders[0].names["instance"]
    first, second = ((lambda call=instance("plugin").call: call("count", LOOP, returns=int)) for _ in range(2))
    names = {"on_threads": on_threads, "first": first, "second": second}
    compare(
        "two long calls",
        lambda: [
            Side("on two threads", "on_threads(first, second)", names),
            Side("one by one", "on_threads(first); on_threads(second)", names),
        ],
    )


if __name__ == "__main__":
    main()
