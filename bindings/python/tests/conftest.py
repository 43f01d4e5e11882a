import os
from pathlib import Path

import pytest

import wasp

PLUGINS = Path(os.environ.get("WASP_PLUGINS", "build/plugins"))


@pytest.fixture
def engine():
    return wasp.Engine()


@pytest.fixture(params=["c", "rust", "go", "assemblyscript"])
def plugin(request):
    return PLUGINS / f"{request.param}.wasm"


def call_me(name: str) -> str:
    return f"Hello {name}"


@pytest.fixture
def example(engine):
    engine.register("example", PLUGINS / "c.wasm", callbacks={("env", "call_me"): call_me})
    with engine.instance("example") as instance:
        yield instance
