import os
import subprocess
import sys
from pathlib import Path

from conftest import PLUGINS

HOSTS = Path(os.environ.get("WASP_HOSTS", "examples/hosts/python"))


def test_the_example_on_two_workers():
    script = HOSTS / "dask_example.py"
    output = subprocess.check_output([sys.executable, script, PLUGINS / "c.wasm"], text=True, timeout=120)
    lines = output.splitlines()
    assert lines[:4] == ["Hello Ann", "Hello Bob", "Hello Cem", "Hello Dee"]
    assert lines[4:] == ["on 2 processes, each of which compiled the plugin once"]
