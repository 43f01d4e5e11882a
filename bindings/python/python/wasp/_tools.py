"""Tools: functions of the host that programs call."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal


class ToolError(Exception):
    """What a tool raises to tell the program why it failed. Of all other exceptions the program learns nothing."""


@dataclass(frozen=True)
class Tool:
    """A function that programs may call."""

    function: Callable[..., Any]
    name: str
    max_calls: int | None = None
    """How often one run may call it; more is a ToolError."""

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"a tool is {self.function!r}, and a callable is accepted")
        if not self.name.isidentifier():
            raise ValueError(
                f"a tool's name is {self.name!r}, and an identifier is accepted: say another one by wasp.tool(name=...)"
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def doc(self) -> str:
        """What its docstring says."""
        return inspect.getdoc(self.function) or ""

    @property
    def is_async(self) -> bool:
        """Whether it must be awaited."""
        return inspect.iscoroutinefunction(self.function)


@typing.overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@typing.overload
def tool(*, name: str | None = None, max_calls: int | None = None) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None, /, *, name: str | None = None, max_calls: int | None = None
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Makes a tool of a function, as a decorator too: `@wasp.tool(max_calls=3)`."""

    def made(function: Callable[..., Any]) -> Tool:
        return Tool(function, name or str(getattr(function, "__name__", "")), max_calls)

    return made if function is None else made(function)


Tools = Iterable[Callable[..., Any]] | Mapping[str, Callable[..., Any]]
"""Functions with names of their own, or by the names that programs know them by."""


def by_name(given: Tools) -> dict[str, Tool]:
    """Returns the tools by their names. Raises TypeError for what is none, and ValueError for two of one name."""
    if isinstance(given, Mapping):
        return {
            name: Tool(it.function, name, it.max_calls) if isinstance(it, Tool) else Tool(it, name)
            for name, it in given.items()
        }
    if callable(given) or isinstance(given, (str, bytes)):
        raise TypeError(
            f"tools is {given!r}, and a sequence of functions is accepted, such as [{getattr(given, '__name__', given)}]"
        )
    found: dict[str, Tool] = {}
    for function in given:
        made = function if isinstance(function, Tool) else tool(function)
        if made.name in found:
            raise ValueError(f"there are two tools {made.name!r}")
        found[made.name] = made
    return found


Style = Literal["python", "typescript", "json-schema"]


def describe(tools: Tools, style: Style = "python") -> str:
    """Tells what tools there are, for whoever writes programs, a language model as a rule: their signatures and docstrings, as stubs
    in Python, as declarations in TypeScript, or as JSON Schema, a list of objects with name, description and parameters."""
    known = by_name(tools).values()
    if style == "python":
        return "\n\n".join(map(_python, known)) + "\n"
    if style == "typescript":
        return "\n\n".join(map(_typescript, known)) + "\n"
    if style == "json-schema":
        return json.dumps([_schema(it) for it in known], indent=2) + "\n"
    raise ValueError(f'the style is {style!r}, and "python", "typescript" or "json-schema" is accepted')


def _signature(it: Tool) -> inspect.Signature:
    try:
        return inspect.signature(it.function, eval_str=True)
    except NameError:
        return inspect.signature(it.function)


def _python(it: Tool) -> str:
    # Also of a coroutine: to the program it is a function that takes its time.
    text = f"def {it.name}{_signature(it)}:"
    if not it.doc:
        return f"{text} ..."
    return f'{text}\n    """' + re.sub(r"\n(?=[^\n])", "\n    ", it.doc) + '"""'


_TYPESCRIPT: dict[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    bytes: "Uint8Array",
    None: "null",
    type(None): "null",
    dict: "Record<string, any>",
    list: "any[]",
    tuple: "any[]",
}


def _typescript_type(annotation: Any) -> str:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (list, tuple, set) and args:
        inner = _typescript_type(args[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is dict and len(args) == 2:
        return f"Record<{_typescript_type(args[0])}, {_typescript_type(args[1])}>"
    if origin is Literal:
        return " | ".join(json.dumps(arg) for arg in args)
    if args and _is_union(origin):
        return " | ".join(map(_typescript_type, args))
    return _TYPESCRIPT.get(origin or annotation, "any") if _is_hashable(annotation) else "any"


def _is_union(origin: Any) -> bool:
    return origin is typing.Union or getattr(origin, "__name__", "") == "UnionType"


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _typescript(it: Tool) -> str:
    signature = _signature(it)
    params = []
    for param in signature.parameters.values():
        rest = "..." if param.kind is param.VAR_POSITIONAL else ""
        mark = "?" if param.default is not param.empty else ""
        kind = _typescript_type(param.annotation) + ("[]" if rest else "")
        params.append(f"{rest}{param.name}{mark}: {kind}")
    result = "any" if signature.return_annotation is signature.empty else _typescript_type(signature.return_annotation)
    comment = "".join(f" * {line}".rstrip() + "\n" for line in it.doc.replace("*/", "* /").splitlines())
    return f"{f'/**{chr(10)}{comment} */{chr(10)}' if comment else ''}declare function {it.name}({', '.join(params)}): {result}"


_SCHEMA: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    dict: {"type": "object"},
    list: {"type": "array"},
    tuple: {"type": "array"},
}


def _schema_type(annotation: Any) -> dict[str, Any]:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (list, tuple, set) and args:
        return {"type": "array", "items": _schema_type(args[0])}
    if origin is dict and len(args) == 2:
        return {"type": "object", "additionalProperties": _schema_type(args[1])}
    if origin is Literal:
        return {"enum": list(args)}
    if args and _is_union(origin):
        return {"anyOf": [_schema_type(arg) for arg in args]}
    return dict(_SCHEMA.get(origin or annotation, {})) if _is_hashable(annotation) else {}


def _schema(it: Tool) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required = []
    for param in _signature(it).parameters.values():
        if param.kind in (param.VAR_POSITIONAL, param.VAR_KEYWORD):
            continue
        properties[param.name] = _schema_type(param.annotation)
        if param.default is param.empty:
            required.append(param.name)
        else:
            properties[param.name]["default"] = param.default
    parameters = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"name": it.name, "description": it.doc, "parameters": parameters}
