"""Calls a plugin on two of Dask's worker processes: python dask_example.py PLUGIN.wasm. It needs dask and distributed."""

from __future__ import annotations

import os
import sys

from dask.distributed import Client, LocalCluster

import wasp


def call_me(name: str) -> str:
    return f"Hello {name}"


def greet(engine: wasp.Engine, name: str) -> tuple[str, int, int]:
    """Runs on a worker. The engine comes as a pickle, and is the same object for all tasks of a worker."""
    with engine.instance("example") as instance:
        return instance.call("hello", name, returns=str), os.getpid(), id(engine)


def main(plugin: str) -> None:
    engine = wasp.Engine()
    engine.register("example", plugin, callbacks={("env", "call_me"): call_me})

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        workers = list(client.scheduler_info()["workers"])
        # Dask would choose well itself: this is to see both at work.
        futures = [
            client.submit(greet, engine, name, workers=workers[at % 2])
            for at, name in enumerate(["Ann", "Bob", "Cem", "Dee"])
        ]
        answers = client.gather(futures)

    for greeting, _, _ in answers:
        print(greeting)
    processes = {process for _, process, _ in answers}
    engines = {(process, engine) for _, process, engine in answers}
    if len(engines) == len(processes):
        print(f"on {len(processes)} processes, each of which compiled the plugin once")


if __name__ == "__main__":
    main(sys.argv[1])
