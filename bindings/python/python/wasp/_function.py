"""A plugin's functions as functions of Python: `greeter.hello("Nic")`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, overload

from ._wasp import Function, Instance, Kind

_TYPES: dict[str, Any] = {
    "none": None,
    "i32": int,
    "i64": int,
    "f32": float,
    "f64": float,
    "string": str,
    "bytes": bytes,
    "json": Any,
    "any": Any,
}


def _annotation(kind: Kind) -> Any:
    return _TYPES[kind.name]


def signature(function: Function) -> inspect.Signature:
    """Returns the signature of a plugin's function."""
    names = list(function.param_names)
    # A name that is none of Python's, or is there twice, is its number.
    is_plain = (
        len(names) == len(function.params) and len(set(names)) == len(names) and all(map(str.isidentifier, names))
    )
    if not is_plain:
        names = [f"argument{number}" for number in range(1, len(function.params) + 1)]
    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY, annotation=_annotation(kind))
        for name, kind in zip(names, function.params, strict=True)
    ]
    return inspect.Signature(parameters, return_annotation=_annotation(function.result))


class Functions:
    """The functions of a plugin: each by its name, to be called, and all of them in their order, as what is known of them.

    >>> greeter.functions.hello("Nic")
    'Hello Nic'
    >>> [function.name for function in greeter.functions]
    ['hello']

    It has no other names, for any may be a function's. functions["a-b"] is for those that are none of Python's.
    """

    __slots__ = ("_instance", "_listed")

    def __init__(self, instance: Instance, listed: list[Function]) -> None:
        self._instance = instance
        self._listed = listed

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            return self._bound(name)
        except KeyError as error:
            raise AttributeError(error.args[0], name=name, obj=self) from None

    @overload
    def __getitem__(self, at: int) -> Function: ...
    @overload
    def __getitem__(self, at: slice) -> list[Function]: ...
    @overload
    def __getitem__(self, at: str) -> Callable[..., Any]: ...
    def __getitem__(self, at: int | slice | str) -> Function | list[Function] | Callable[..., Any]:
        return self._bound(at) if isinstance(at, str) else self._listed[at]

    def _bound(self, name: str) -> Callable[..., Any]:
        instance = self._instance
        known = next((it for it in self._listed if it.name == name), None)
        if known is None:
            near = get_close_matches(name, [it.name for it in self._listed], 1)
            hint = f" ({near[0]!r} is there)" if near else ""
            raise KeyError(f"plugin {instance.plugin!r} has no function {name!r}{hint}")

        def call(*args: Any, **options: Any) -> Any:
            return instance.call(name, *args, **options)

        call.__name__ = call.__qualname__ = name
        call.__module__ = "wasp"
        call.__doc__ = known.docs or f"The function {name!r} of the plugin {instance.plugin!r}."
        call.__signature__ = signature(known)  # type: ignore[attr-defined]
        return call

    def __iter__(self) -> Iterator[Function]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def __contains__(self, function: object) -> bool:
        return function in self._listed or any(it.name == function for it in self._listed)

    def __eq__(self, other: object) -> bool:
        return self._listed == (other._listed if isinstance(other, Functions) else other)

    def __hash__(self) -> int:
        return id(self)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *(it.name for it in self._listed)]

    def __repr__(self) -> str:
        return repr(self._listed)
