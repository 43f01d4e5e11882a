"""What comes of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from . import _errors

Stopped = Literal["time", "memory", "output", "tool_calls", "stack", "cancelled"]
"""What ended a program before its end."""


class RunError(Exception):
    """A program failed, or was stopped: what Result.unwrap raises."""

    result: Result
    """All that came of the run."""


@dataclass(frozen=True)
class Failure:
    """What a program failed with. All of it is the program's own words: it may be anything."""

    type: str
    """The name of the exception's class, "Error" where there is none; "Trap" or "Exit" for what isn't one."""
    message: str
    """What it says, on one line."""
    traceback: str
    """The program's own frames, the innermost first, one a line; empty where there are none."""
    line: int | None
    """The line of the program, counted from 1, where that is known."""

    def __str__(self) -> str:
        place = "" if self.line is None else f" (line {self.line})"
        return f"{self.type}: {self.message}{place}"


class GuestError(Exception):
    """What a program failed with, as its guest told it."""

    def __init__(self, failure: Failure, stopped: Stopped | None) -> None:
        self.failure = failure
        self.stopped = stopped


@dataclass(frozen=True)
class Usage:
    """What a run took."""

    seconds: float
    """All of it, tools included."""
    tool_seconds: float
    """What was spent in tools."""
    tool_calls: int
    """How many tools were called."""
    output_bytes: int
    """How much was printed."""
    memory_bytes: int
    """The size of its memory when it ended: it never shrinks while a program runs."""


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    value: Any = None
    """The value of the program's last expression; None where it has none, and where it failed."""
    stdout: str = ""
    """What it printed."""
    stderr: str = ""
    """What it printed to its standard error."""
    error: Failure | None = None
    """What it failed with, if it did."""
    stopped: Stopped | None = None
    """The limit that ended it, if one did."""
    truncated: bool = False
    """Whether it printed more than it may, and what is here is the beginning, or files were left out that are too large."""
    files: dict[str, bytes] = field(default_factory=dict)
    """The files that were asked for by collect, by their path in the workspace."""
    usage: Usage = field(default=Usage(0.0, 0.0, 0, 0, 0), repr=False)
    """What it took."""

    @property
    def ok(self) -> bool:
        """Whether it came to its end."""
        return self.error is None and self.stopped is None

    def unwrap(self) -> Any:
        """Returns the value. Raises RunError where the program failed or was stopped."""
        if self.ok:
            return self.value
        raised = RunError(str(self.error) if self.error is not None else f"the program was stopped: {self.stopped}")
        raised.result = self
        raise raised


_TYPE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*): (.*)", re.DOTALL)
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Iteration|Warning|Group)")
_PLACE = re.compile(r"(?:run|setup)\.\w+:(\d+): ")
_EXHAUSTED: tuple[tuple[Stopped, re.Pattern[str]], ...] = (
    (
        "memory",
        re.compile(r"InternalError: out of memory|MemoryError|not enough memory|.*its memory limit of \d+ bytes"),
    ),
    (
        "stack",
        re.compile(
            r"RangeError: Maximum call stack|RecursionError|StackOverflowError|.*stack overflow|.*call stack exhausted"
        ),
    ),
)
_STOPPED: dict[str, Stopped] = {"timeout": "time", "cancelled": "cancelled"}
_GUEST = ("guest", "trap", "abort", "exit", "abi")


def failure(error: _errors.Error) -> tuple[Failure | None, Stopped | None]:
    """Tells what an error says about the program. Raises it where it says nothing about that, but about the host."""
    if error.kind in _STOPPED:
        return None, _STOPPED[error.kind]
    if error.kind not in _GUEST:
        raise error
    text = str(error)
    stopped = next((limit for limit, pattern in _EXHAUSTED if pattern.match(text.split("\n")[0])), None)
    frames = [frame for frame in error.trace if frame.file is not None and re.match(r"(run|setup)\.", frame.file)]
    line = next((frame.line for frame in frames), None)
    name, message = ("Error", text) if error.kind == "guest" else (error.kind.capitalize(), text)
    if error.kind == "guest":
        if place := _PLACE.match(message):
            line, message = line or int(place[1]), message[place.end() :]
        if (typed := _TYPE.fullmatch(message)) and _EXCEPTION.fullmatch(typed[1]):
            name, message = typed[1], typed[2]
        elif _EXCEPTION.fullmatch(message):
            name, message = message, ""
    return Failure(name, message, "\n".join(map(str, frames)), line), stopped
