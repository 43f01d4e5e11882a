"""Python functions that plugins call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from ._wasp import Caller, Kind

_KINDS: dict[object, Kind] = {
    str: Kind.STRING,
    bytes: Kind.BYTES,
    int: Kind.I32,
    bool: Kind.I32,
    float: Kind.F64,
    dict: Kind.JSON,
    list: Kind.JSON,
    Any: Kind.JSON,
    None: Kind.NONE,
    type(None): Kind.NONE,
    "none": Kind.NONE,
    "i32": Kind.I32,
    "i64": Kind.I64,
    "f32": Kind.F32,
    "f64": Kind.F64,
    "string": Kind.STRING,
    "bytes": Kind.BYTES,
    "json": Kind.JSON,
}

KindName = Literal["none", "i32", "i64", "f32", "f64", "string", "bytes", "json"]
_GivenKind = type | Kind | KindName | None


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A function with the kinds of its parameters and result, where its annotations don't say them.

    A kind is str, bytes, int (an i32), float (an f64), dict, list or Any (JSON), None, a Kind, or the name of one, such as "i64".
    """

    function: Callable[..., Any] = field(kw_only=False)
    params: Sequence[_GivenKind] = ()
    result: _GivenKind = None
    caller: bool = False
    """Whether the function's first argument is the Caller, before those that the plugin gives."""

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"Callback: function is {self.function!r}, and a callable is accepted")
        if isinstance(self.params, (str, bytes)) or not isinstance(self.params, Sequence):
            raise TypeError(f"Callback: params is {self.params!r}, and a sequence of kinds is accepted")


@dataclass(frozen=True)
class _GivesCaller:
    """A function whose first argument is the caller. It pickles, as its function does."""

    function: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        return self.function(Caller(), *args)


@dataclass(frozen=True)
class _Waits:
    """A coroutine function, whose answer call_async waits for. It pickles, as its function does."""

    function: Callable[..., Any]
    what: str

    def __call__(self, *args: Any) -> Any:
        from . import _async  # noqa: PLC0415: asyncio is not loaded where nobody needs it.

        return _async.wait(self.function(*args), self.what)


Callbacks = (
    Mapping[tuple[str, str], Callable[..., Any] | Callback] | Mapping[str, Mapping[str, Callable[..., Any] | Callback]]
)
"""Host functions by (namespace, name), or by namespace and then name."""


def flat(given: Mapping[Any, Any]) -> dict[tuple[str, str], Callable[..., Any] | Callback]:
    """Returns callbacks by (namespace, name). Raises TypeError for what is neither form."""
    found: dict[tuple[str, str], Callable[..., Any] | Callback] = {}
    for key, value in given.items():
        if isinstance(key, str) and isinstance(value, Mapping):
            for name, function in value.items():
                if not isinstance(name, str):
                    raise TypeError(f"callbacks[{key!r}] has {name!r}, and the name of a function is accepted")
                found[key, name] = function
        elif isinstance(key, tuple) and len(key) == 2 and all(isinstance(part, str) for part in key):
            found[key] = value
        else:
            raise TypeError(
                f"callbacks has {key!r}, and (namespace, name) or a namespace with a dict of its functions is accepted, "
                f'such as {{("env", "f"): f}} or {{"env": {{"f": f}}}}'
            )
    return found


def resolve(name: tuple[str, str], given: Callable[..., Any] | Callback) -> tuple[Callable[..., Any], list[Kind], Kind]:
    """Returns the function, its parameters' kinds, and its result's."""
    function, params, result = _resolve(name, given)
    plain = given.function if isinstance(given, Callback) else given
    if inspect.iscoroutinefunction(plain) or inspect.iscoroutinefunction(getattr(plain, "__call__", None)):  # noqa: B004
        function = _Waits(function, f"callback {name}")
    return function, params, result


def _resolve(
    name: tuple[str, str], given: Callable[..., Any] | Callback
) -> tuple[Callable[..., Any], list[Kind], Kind]:
    if isinstance(given, Callback):
        kinds = [_kind(name, f"parameter {number}", kind) for number, kind in enumerate(given.params, 1)]
        function = _GivesCaller(given.function) if given.caller else given.function
        return function, kinds, _kind(name, "the result", given.result)
    if not callable(given):
        raise TypeError(f"callback {name}: {given!r} is not callable")
    annotated = given if inspect.isroutine(given) else type(given).__call__
    try:
        hints = get_type_hints(annotated, include_extras=True)
        parameters = inspect.signature(given).parameters.values()
    except (TypeError, ValueError, NameError) as error:
        raise TypeError(f"callback {name}: {error}: say its kinds by wasp.Callback") from error
    kinds = []
    function = given
    for number, parameter in enumerate(parameters):
        if number == 0 and hints.get(parameter.name) is Caller:
            function = _GivesCaller(given)
            continue
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise TypeError(f"callback {name}: parameter {parameter} is not positional")
        kinds.append(_kind(name, f"parameter {parameter.name!r}", hints.get(parameter.name, inspect.Parameter.empty)))
    return function, kinds, _kind(name, "the result", hints.get("return", inspect.Parameter.empty))


def _kind(name: tuple[str, str], what: str, given: object) -> Kind:
    if isinstance(given, Kind):
        return given
    if get_origin(given) is Annotated:
        given = next((extra for extra in get_args(given)[1:] if isinstance(extra, Kind)), get_args(given)[0])
        return _kind(name, what, given)
    if get_origin(given) in (dict, list):
        return Kind.JSON
    if given is inspect.Parameter.empty:
        raise TypeError(f"callback {name}: {what} has no annotation: annotate it, or say its kinds by wasp.Callback")
    try:
        return _KINDS[given]
    except (KeyError, TypeError):
        raise TypeError(
            f"callback {name}: {what} is {given!r}, and str, bytes, int, float, dict, list, Any, None, a Kind or the name of one is accepted"
        ) from None
