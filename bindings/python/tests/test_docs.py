import ast
import inspect
from pathlib import Path

import wasp
from wasp import _wasp


def test_all_that_is_public_says_what_it_is():
    for name in wasp.__all__:
        thing = getattr(wasp, name)
        if isinstance(thing, (wasp.Kind, str)) or name in ("ErrorKind", "KindName", "RunLanguage"):
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
