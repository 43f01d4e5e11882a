"""Loads a plugin, calls its functions, and prints a line for each: python host.py PLUGIN.wasm."""

import sys
import tempfile
from pathlib import Path

import wasp


def call_me(name: str) -> str:
    return f"Hello {name}"


def main(plugin: str) -> None:
    engine = wasp.Engine()
    # What the plugin may call back. Nothing else of this process is visible to it.
    engine.register("example", plugin, callbacks={("env", "call_me"): call_me})

    # A directory that the instance sees as /workspace.
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        (workspace / "in.txt").write_text("from the host")
        with engine.instance("example", workspace) as instance:
            print("sum:", instance.call("sum", 3, 2, returns=int))
            print("hello:", instance.call("hello", "Nic", returns=str))
            print("reverse:", list(instance.call("reverse", bytes([1, 2, 3]), returns=bytes)))
            print("callback:", instance.call("callback", returns=str))
            try:
                instance.call("fail", returns=None)
                print("fail: no error")
            except wasp.GuestError as error:
                print("fail:", error)
            print("workspace:", instance.call("workspace", "Nic", returns=str))
        print("out.txt:", (workspace / "out.txt").read_text())


if __name__ == "__main__":
    main(sys.argv[1])
