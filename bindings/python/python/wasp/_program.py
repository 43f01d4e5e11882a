"""One program that runs: its tools, its output, and what comes of it."""

from __future__ import annotations

import asyncio
import codecs
import inspect
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import _errors, _files, _result
from ._result import Failure, Result, Stopped, Usage
from ._tools import Tool, ToolError
from ._wasp import Caller, Capture, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Gate = Callable[[str, dict[str, Any]], object]
"""Asked before a tool runs, with its name and its arguments: True lets it run, and anything else doesn't; a str says why."""
Printed = Callable[[str], object]
_PAUSE = 0.02
"""Seconds between two looks at what was printed."""


class _HaltError(BaseException):
    """Ends a program that its guest can't go on with."""

    def __init__(self, why: Stopped) -> None:
        self.why = why


class Output:
    """What a program prints, as text."""

    def __init__(self, capture: Capture, stdout: Printed | None, stderr: Printed | None) -> None:
        self._capture = capture
        self._told = stdout, stderr
        self._decoders = tuple(codecs.getincrementaldecoder("utf-8")("replace") for _ in range(2))
        self._texts: tuple[list[str], list[str]] = [], []
        self._lock = threading.Lock()
        self.is_live = stdout is not None or stderr is not None
        self.truncated = False
        self.size = 0
        self.failed: BaseException | None = None
        """What one who was told has raised. Nothing more is told."""

    def look(self, *, final: bool = False) -> None:
        """Takes what was printed meanwhile, and tells it."""
        with self._lock:
            *printed, self.truncated = self._capture.take()
            for told, decoder, texts, data in zip(self._told, self._decoders, self._texts, printed, strict=True):
                self.size += len(data)
                text = decoder.decode(data, final)
                if text:
                    texts.append(text)
                    if told is not None and self.failed is None:
                        try:
                            told(text)
                        except BaseException as error:
                            self.failed = error

    @property
    def texts(self) -> tuple[str, str]:
        """What was written to the standard output and to the standard error."""
        stdout, stderr = self._texts
        return "".join(stdout), "".join(stderr)

    @contextmanager
    def watched(self, program: Program) -> Iterator[None]:
        """Looks again and again, on a thread. What one who is told raises ends the program."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_PAUSE):
                self.look()
                if self.failed is not None:
                    program.cancel()

        thread = threading.Thread(target=watch, name="wasp-output", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class Program:
    """A program that runs once."""

    def __init__(
        self,
        tools: dict[str, Tool],
        most_calls: float,
        gate: Gate | None,
        *,
        show_errors: bool,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._tools = tools
        self._most_calls = most_calls
        self._gate = gate
        self._show_errors = show_errors
        self._loop = loop
        self._calls = dict.fromkeys(tools, 0)
        self._count = 0
        self._tool_seconds = 0.0
        self._waits_for: asyncio.Future[Any] | None = None
        self.instance: Instance | None = None
        self.is_cancelled = False
        self.done: Any = None
        """What the guest told of its end, where it tells that by calling back."""

    @property
    def tools(self) -> list[dict[str, str]]:
        """What the guest is told of them."""
        return [{"name": tool.name, "doc": tool.doc} for tool in self._tools.values()]

    def execute(
        self,
        evaluate: Callable[[Instance, Program], Any],
        instance: Instance,
        output: Output,
        workspace: Path | None = None,
        collect: Sequence[str] = (),
        most_files: int | None = None,
    ) -> Result:
        """Runs it. Of the files that it leaves, most_files bytes are collected. Raises what is the host's fault, and what its tools let
        through, such as KeyboardInterrupt."""
        self.instance = instance
        value: Any = None
        failure: Failure | None = None
        stopped: Stopped | None = None
        started = time.perf_counter()
        _running.programs.append(self)
        try:
            if not self.is_cancelled:
                value = evaluate(instance, self)
        except _HaltError as halt:
            stopped = halt.why
        except _result.GuestError as error:
            failure, stopped = error.failure, error.stopped
        except _errors.Error as error:
            failure, stopped = _result.failure(error)
        finally:
            _running.programs.pop()
        seconds = time.perf_counter() - started
        output.look(final=True)
        if output.truncated and stopped in (None, "cancelled"):
            stopped = "output"
        if output.failed is not None:
            raise output.failed
        files: dict[str, bytes] = {}
        has_more = False
        if workspace is not None:
            files, has_more = _files.collect(collect, workspace, most_files)
        stdout, stderr = output.texts
        return Result(
            value=value,
            stdout=stdout,
            stderr=stderr,
            error=failure,
            stopped=stopped,
            truncated=output.truncated or has_more,
            files=files,
            usage=Usage(seconds, self._tool_seconds, self._count, output.size, len(instance.memory)),
        )

    def cancel(self) -> None:
        """Ends it, from any thread."""
        self.is_cancelled = True
        if self.instance is not None:
            self.instance.interrupt()
        if self._waits_for is not None:
            self._waits_for.cancel()

    def call(self, name: str, request: Any) -> dict[str, Any]:
        """Calls a tool for the guest, and returns what that is told."""
        if self._count >= self._most_calls:
            raise _HaltError("tool_calls")
        self._count += 1
        started = time.perf_counter()
        try:
            return {"value": self._call(name, request)}
        except ToolError as error:
            return {"error": str(error)}
        except asyncio.CancelledError:
            raise _HaltError("cancelled") from None
        except Exception as error:  # The host's own words are none of the guest's business.
            shown = f": {type(error).__name__}: {error}" if self._show_errors else ""
            return {"error": f"the tool {name!r} failed{shown}"}
        finally:
            self._tool_seconds += time.perf_counter() - started

    def _call(self, name: str, request: Any) -> Any:
        tool = self._tools.get(name)
        if tool is None:
            raise ToolError(f"there is no tool {name!r}")
        args, kwargs = _arguments(request)
        try:
            bound = inspect.signature(tool.function).bind(*args, **kwargs)
        except TypeError as error:
            raise ToolError(f"{name}: {error}") from None
        self._calls[name] += 1
        if tool.max_calls is not None and self._calls[name] > tool.max_calls:
            raise ToolError(f"the tool {name!r} may be called {tool.max_calls} times, and was")
        if self._gate is not None:
            allowed = self._awaited(self._gate(name, dict(bound.arguments)))
            if allowed is not True:
                raise ToolError(allowed if isinstance(allowed, str) else f"the tool {name!r} was refused")
        return self._awaited(tool.function(*args, **kwargs))

    def _awaited(self, answer: Any) -> Any:
        if not inspect.isawaitable(answer):
            return answer

        async def wait() -> Any:
            return await answer

        if self._loop is None:
            return asyncio.run(wait())
        future = asyncio.run_coroutine_threadsafe(wait(), self._loop)
        self._waits_for = future  # type: ignore[assignment]
        try:
            return future.result()
        finally:
            self._waits_for = None


def _arguments(request: Any) -> tuple[list[Any], dict[str, Any]]:
    """Reads what a guest sends, which may be anything."""
    given = request if isinstance(request, dict) else {}
    args, kwargs = given.get("args") or [], given.get("kwargs") or {}
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise ToolError("a request has args, a list, and kwargs, an object")
    return args, kwargs


class _Running(threading.local):
    def __init__(self) -> None:
        self.programs: list[Program] = []


_running = _Running()
"""The programs of this thread, the innermost last: callbacks run on the thread of their call."""


def innermost() -> Program | None:
    """Returns the program that runs on this thread, if one does."""
    return _running.programs[-1] if _running.programs else None


def call_tool(name: str, request: Any) -> Any:
    """What guests call back."""
    program = innermost()
    if program is None:
        return {"error": "tools can be called while a program runs, not in its setup"}
    caller = Caller()
    caller._pause_clock()
    try:
        return program.call(name, request)
    finally:
        caller._resume_clock()
