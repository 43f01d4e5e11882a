"""What one run is given, and how it goes."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from . import _language, _tools
from ._engine import Limits
from ._files import File
from ._program import Gate, Output, Printed, Program
from ._result import Result
from ._wasp import Capture, Instance

DEFAULT_LIMITS = Limits(timeout=30.0, memory_bytes=256 << 20, output_bytes=1 << 20, tool_calls=1000)
"""What a program may take where nothing else is said."""


@dataclass(frozen=True)
class Options:
    """What one run is given."""

    language: _language.Language
    code: str
    inputs: dict[str, Any]
    tools: dict[str, _tools.Tool]
    files: Mapping[str, File]
    collect: Sequence[str]
    limits: Limits
    gate: Gate | None
    show_errors: bool
    stdout: Printed | None
    stderr: Printed | None

    @property
    def most_output(self) -> int:
        """How many bytes it may print."""
        most = self.limits.output_bytes
        # A size that is a text was made a number.
        return most if isinstance(most, int) else 0

    def program(self, loop: asyncio.AbstractEventLoop | None) -> Program:
        """Makes the program, whose coroutines run in an event loop."""
        most = self.limits.tool_calls
        return Program(
            self.tools, math.inf if most is None else most, self.gate, show_errors=self.show_errors, loop=loop
        )

    def check_loop(self) -> None:
        """Refuses coroutines that nothing would run: on this thread, where they would be, an event loop waits for the program."""
        name = next((f"tool {it.name!r}" for it in self.tools.values() if it.is_async), None)
        if name is None and inspect.iscoroutinefunction(self.gate):
            name = "gate"
        if name is None:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        raise TypeError(f"the {name} is a coroutine, for which run can't wait within an event loop: run_async does")

    def evaluate(self, instance: Instance, program: Program) -> Any:
        """Runs the program, and returns its value."""
        return self.language.evaluate(instance, self.code, self.inputs, program, _language.timeout_of(self.limits))


def said(given: Limits | None) -> dict[str, Any]:
    """Returns the limits that are given, by their names. Raises TypeError for what is none."""
    if given is None:
        return {}
    if not isinstance(given, Limits):
        raise TypeError(f"limits is {given!r}, and a wasp.Limits is accepted")
    values = {field.name: getattr(given, field.name) for field in fields(Limits)}
    return {name: value for name, value in values.items() if value is not None}


def lowered(known: Limits, given: Limits | None) -> Limits:
    """Returns limits that `given` lowers. Raises ValueError where it would raise one."""
    if given is None:
        return known
    lower = said(given)
    for name, value in lower.items():
        most = getattr(known, name)
        if most is not None and value > most:
            raise ValueError(
                f"limits: {name} is {value}, more than the {most} of the runtime, which a run can lower only"
            )
    return replace(known, **lower)


def plain(value: Any) -> Any:
    """Returns an input as JSON has it: a DataFrame as its columns."""
    to_dict = getattr(value, "to_dict", None)
    if to_dict is not None and hasattr(value, "columns"):
        return to_dict("list")
    return value


def watched(options: Options, program: Program, instance: Instance, capture: Capture, workspace: Path | None) -> Result:
    """Runs the program, and has its output looked at meanwhile where somebody is told of it."""
    output = Output(capture, options.stdout, options.stderr)
    with ExitStack() as stack:
        if output.is_live:
            stack.enter_context(output.watched(program))
        return program.execute(
            options.evaluate, instance, output, workspace, options.collect, options.limits.memory_bytes
        )


async def beside(options: Options, run: Callable[[Options, Program], Result]) -> Result:
    """Runs on a thread. A cancelled task stops the program, and waits until it has ended."""
    program = options.program(asyncio.get_running_loop())
    running = asyncio.ensure_future(asyncio.to_thread(run, options, program))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            program.cancel()
            await asyncio.wait([running], timeout=0.02)
        if not running.cancelled():
            running.exception()
        raise
