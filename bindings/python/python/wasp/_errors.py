"""What can go wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

ErrorKind = Literal[
    "invalid",
    "io",
    "compile",
    "import_not_found",
    "plugin_not_found",
    "function_not_found",
    "signature",
    "abi",
    "trap",
    "guest",
    "abort",
    "exit",
    "callback",
    "timeout",
    "cancelled",
    "resource",
    "poisoned",
    "busy",
    "internal",
]
"""What kind of failure an Error is."""


class Frame(NamedTuple):
    """One frame of a guest's stack trace."""

    function: str | None
    """The function's name from the module's name section, where it has one: demangled if it is of Rust or C++."""
    function_index: int
    """The function's index in the module."""
    module_offset: int
    """The offset in bytes of the instruction from the start of the module."""
    file: str | None = None
    """The source file of the instruction, where the module has DWARF."""
    line: int | None = None
    """The line of the instruction in `file`, from 1, where it is of one."""
    column: int | None = None
    """The column of the instruction in `line`, from 1, where that is known."""

    def __str__(self) -> str:
        if self.file is not None:
            places = (str(place) for place in (self.line, self.column) if place is not None)
            return f"{self.function or '?'} ({':'.join((self.file, *places))})"
        return f"{self.function or '?'} (function {self.function_index}, offset {self.module_offset:#x})"


class Error(Exception):
    """Every failure of wasp: a kind to match on and one line to show."""

    kind: ErrorKind = "internal"
    """What kind of failure it is."""
    function: str | None = None
    """The plugin's function that was being called, if one was."""
    trace: tuple[Frame, ...] = ()
    """The guest's stack when it failed, innermost frame first; empty where none was running."""
    imports: tuple[tuple[str, str], ...] = ()
    """For import_not_found: the namespace and name of each import at fault."""
    exit_code: int | None = None
    """For exit: what the guest gave to proc_exit."""
    stderr: str | None = None
    """The end of what the guest wrote to its standard error during the call, at most 1,024 bytes."""


class PluginNotFound(Error, LookupError):
    """No plugin is registered under that name."""


class FunctionNotFound(Error, LookupError):
    """The plugin exports no function of that name."""


class ImportNotFound(Error):
    """The plugin imports something that no callback provides, or with another type."""


class FileError(Error, OSError):
    """A file or directory of the host can't be used."""


class Trap(Error):
    """The guest crashed: unreachable, out of bounds, division by zero, stack overflow."""


class GuestError(Error):
    """The guest reported an error itself; its words are the message."""


class Timeout(Error, TimeoutError):
    """The call ran past its time limit."""


class Cancelled(Error):
    """The host interrupted the call."""


class IntegerOverflow(Error, OverflowError):
    """An int that doesn't fit the type of its parameter."""


_CLASSES: dict[str, type[Error]] = {
    "plugin_not_found": PluginNotFound,
    "function_not_found": FunctionNotFound,
    "io": FileError,
    "import_not_found": ImportNotFound,
    "trap": Trap,
    "guest": GuestError,
    "timeout": Timeout,
    "cancelled": Cancelled,
    "overflow": IntegerOverflow,
}

_Frames = Iterable[tuple[str | None, int, int, str | None, int | None, int | None]]


def make(
    kind: ErrorKind | Literal["overflow"],
    message: str,
    function: str | None = None,
    trace: _Frames = (),
    imports: Iterable[tuple[str, str]] = (),
    exit_code: int | None = None,
    stderr: str | None = None,
) -> Error:
    """Makes the exception for an error."""
    error = _CLASSES.get(kind, Error)(message)
    error.kind = "signature" if kind == "overflow" else kind
    error.function = function
    error.trace = tuple(Frame(*frame) for frame in trace)
    error.imports = tuple(imports)
    error.exit_code = exit_code
    error.stderr = stderr
    if error.trace:
        _note(error, _stack(error.trace))
    return error


def annotate(raised: BaseException, function: str | None, trace: _Frames) -> None:
    """Says on what a callback raised which guest it passed through."""
    frames = tuple(Frame(*frame) for frame in trace)
    text = f"in a callback of the plugin's function {function!r}"
    _note(raised, f"{text}\n{_stack(frames)}" if frames else text)


def _stack(trace: tuple[Frame, ...]) -> str:
    return "\n".join(["wasm stack trace:", *(f"\t{frame}" for frame in trace)])


def _note(exception: BaseException, text: str) -> None:
    # Python 3.10 has no add_note, and shows no notes.
    notes = [*getattr(exception, "__notes__", ()), text]
    exception.__notes__ = notes
