"""Programs that others wrote: run at once, in a fresh sandbox, with limits."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ._engine import Limits
from ._files import File
from ._options import DEFAULT_LIMITS, said
from ._program import Gate, Printed
from ._result import Result
from ._runtime import RunLanguage, Runtime
from ._tools import Tools

_guard = threading.Lock()
_runtimes: OrderedDict[tuple[str, Limits], Runtime] = OrderedDict()
_MOST_RUNTIMES = 32


def runtime(language: RunLanguage, *, setup: str = "", limits: Limits | None = None) -> Runtime:
    """Prepares a language for runs: see Runtime."""
    return Runtime(language, setup=setup, limits=limits)


def _shared(language: RunLanguage, limits: Limits | None) -> Runtime:
    """Returns the runtime of runs that prepare none."""
    # What an instance is made with. The rest each run says itself.
    key = language, Limits(**{**said(limits), "timeout": math.inf, "output_bytes": None, "tool_calls": None})
    with _guard:
        if (known := _runtimes.get(key)) is not None:
            _runtimes.move_to_end(key)
            return known
    # Without the lock: it takes its time, and a child of a fork must not find it held.
    made = Runtime(language, limits=replace(key[1], output_bytes=2**62, tool_calls=math.inf))
    with _guard:
        known = _runtimes.setdefault(key, made)
        while len(_runtimes) > _MOST_RUNTIMES:
            _runtimes.popitem(last=False)
        return known


def _given(limits: Limits | None) -> Limits:
    """Returns the limits of a run that has no runtime: what isn't given has its default."""
    defaults = {name: getattr(DEFAULT_LIMITS, name) for name in ("timeout", "output_bytes", "tool_calls")}
    given = said(limits)
    return Limits(**{name: given.get(name, default) for name, default in defaults.items()})


def run(
    language: RunLanguage,
    code: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    tools: Tools = (),
    files: Mapping[str, File] | None = None,
    collect: Sequence[str] = (),
    limits: Limits | None = None,
    gate: Gate | None = None,
    show_errors: bool = False,
    on_stdout: Printed | None = None,
    on_stderr: Printed | None = None,
) -> Result:
    """Runs a program in a fresh sandbox, with the default limits where limits don't say others: see Runtime.run.

    >>> wasp.run("javascript", "console.log('hi'); 6 * 7").value
    42
    """
    return _shared(language, limits).run(
        code,
        inputs=inputs,
        tools=tools,
        files=files,
        collect=collect,
        limits=_given(limits),
        gate=gate,
        show_errors=show_errors,
        on_stdout=on_stdout,
        on_stderr=on_stderr,
    )


async def run_async(
    language: RunLanguage,
    code: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    tools: Tools = (),
    files: Mapping[str, File] | None = None,
    collect: Sequence[str] = (),
    limits: Limits | None = None,
    gate: Gate | None = None,
    show_errors: bool = False,
    on_stdout: Printed | None = None,
    on_stderr: Printed | None = None,
) -> Result:
    """Runs a program beside the event loop: see Runtime.run_async."""
    prepared = await asyncio.to_thread(_shared, language, limits)
    return await prepared.run_async(
        code,
        inputs=inputs,
        tools=tools,
        files=files,
        collect=collect,
        limits=_given(limits),
        gate=gate,
        show_errors=show_errors,
        on_stdout=on_stdout,
        on_stderr=on_stderr,
    )
