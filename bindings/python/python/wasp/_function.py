"""A plugin's functions as methods of its instances: `greeter.hello("Nic")`."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from itertools import islice
from types import FunctionType, MethodType
from typing import Any, cast, overload

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


def _method(function: Function) -> FunctionType:
    """Returns the method of instances that calls a function."""
    name = function.name

    def method(self: Instance, /, *args: Any, **options: Any) -> Any:
        return self.call(name, *args, **options)

    method.__name__ = name
    method.__qualname__ = f"Instance.{name}"
    method.__module__ = "wasp"
    method.__doc__ = function.docs or f"The function {name!r} of the plugin."
    known = signature(function)
    name_of_this = "self"
    while name_of_this in known.parameters:
        name_of_this = f"_{name_of_this}"
    this = inspect.Parameter(name_of_this, inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = known.replace(parameters=[this, *known.parameters.values()])  # type: ignore[attr-defined]
    return cast(FunctionType, method)


_MOST_METHODS = 1000
"""How many methods a class gets: a module may have a million functions."""


class Listing:
    """The functions of a plugin, which its instances share."""

    def __init__(self, functions: list[Function]) -> None:
        self.functions = functions
        self._by_name = {function.name: function for function in reversed(functions)}
        self._methods: dict[str, FunctionType] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def method(self, name: str) -> FunctionType:
        """Returns the method for a function. Raises KeyError, whose argument says what there is."""
        made = self._methods.get(name)
        if made is None:
            function = self._by_name.get(name)
            if function is None:
                near = get_close_matches(name, self._by_name, 1)
                raise KeyError(f"has no function {name!r}" + (f" ({near[0]!r} is there)" if near else ""))
            made = self._methods[name] = _method(function)
        return made

    def free_names(self) -> Iterator[str]:
        """Returns the names of functions that can be methods: those that mean nothing else to Python or to instances."""
        for name in self._by_name:
            if name.isidentifier() and not (keyword.iskeyword(name) or name.startswith("_") or hasattr(Instance, name)):
                yield name


def instance_class(instance: Instance) -> type[Instance]:
    """Returns the class of the instances of a plugin, of which this is one."""
    listing = Listing(instance._listed())
    methods = {name: listing.method(name) for name in islice(listing.free_names(), _MOST_METHODS)}
    about = {"__slots__": (), "__module__": "wasp", "__doc__": Instance.__doc__, "_listing": listing}
    return type("Instance", (Instance,), {**about, **methods})


class Functions:
    """The functions of a plugin: each by its name, to be called, and all of them in their order, as what is known of them.

    >>> greeter.functions.hello("Nic")
    'Hello Nic'
    >>> [function.name for function in greeter.functions]
    ['hello']

    It has no other names, for any may be a function's. functions["a-b"] is for those that are none of Python's.
    """

    __slots__ = ("_instance", "_listing")

    def __init__(self, instance: Instance, listing: Listing) -> None:
        self._instance = instance
        self._listing = listing

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
        return self._bound(at) if isinstance(at, str) else self._listing.functions[at]

    def _bound(self, name: str) -> Callable[..., Any]:
        try:
            return MethodType(self._listing.method(name), self._instance)
        except KeyError as error:
            raise KeyError(f"plugin {self._instance.plugin!r} {error.args[0]}") from None

    def __iter__(self) -> Iterator[Function]:
        return iter(self._listing.functions)

    def __len__(self) -> int:
        return len(self._listing.functions)

    def __contains__(self, function: object) -> bool:
        return function in self._listing if isinstance(function, str) else function in self._listing.functions

    def __eq__(self, other: object) -> bool:
        return self._listing.functions == (other._listing.functions if isinstance(other, Functions) else other)

    def __hash__(self) -> int:
        return id(self)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *(it.name for it in self._listing.functions)]

    def __repr__(self) -> str:
        return repr(self._listing.functions)
