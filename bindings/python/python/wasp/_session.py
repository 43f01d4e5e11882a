"""Sandboxes that keep what programs leave."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from . import _errors
from ._engine import Limits
from ._files import File
from ._options import Options, beside, watched
from ._program import Gate, Printed, Program
from ._result import Result
from ._tools import Tools
from ._wasp import Capture

if TYPE_CHECKING:
    from ._runtime import Runtime


class Session:
    """A sandbox that keeps what its programs leave. It runs one at a time; as a context manager, it is closed at the end."""

    def __init__(self, runtime: Runtime, files: Mapping[str, File], idle: float, lifetime: float) -> None:
        self._runtime = runtime
        self._idle, self._lifetime = idle, lifetime
        self._made = self._used = time.monotonic()
        self._lock = threading.Lock()
        self._ended: str | None = None
        self._running: Program | None = None
        self._stack = ExitStack()
        _sweep()
        instance, self._workspace = self._stack.enter_context(runtime._instance(runtime.limits, files, is_open=True))
        self._instance = instance
        self._capture = Capture(instance, 0)
        _sessions.add(self)

    def run(
        self,
        code: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        tools: Tools = (),
        collect: Sequence[str] = (),
        limits: Limits | None = None,
        gate: Gate | None = None,
        show_errors: bool = False,
        on_stdout: Printed | None = None,
        on_stderr: Printed | None = None,
    ) -> Result:
        """Runs a program, which finds what earlier ones left, as Runtime.run does. A program that was stopped half-way ends the session.

        Raises Error of kind "invalid" for a session that has ended, and "busy" while a program runs.
        """
        options = self._options(code, inputs, tools, collect, limits, gate, show_errors, on_stdout, on_stderr)
        options.check_loop()
        return self._run(options, options.program(None))

    async def run_async(
        self,
        code: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        tools: Tools = (),
        collect: Sequence[str] = (),
        limits: Limits | None = None,
        gate: Gate | None = None,
        show_errors: bool = False,
        on_stdout: Printed | None = None,
        on_stderr: Printed | None = None,
    ) -> Result:
        """The same beside the event loop, as Runtime.run_async."""
        options = self._options(code, inputs, tools, collect, limits, gate, show_errors, on_stdout, on_stderr)
        return await beside(options, self._run)

    def _options(self, code: str, inputs: Any, tools: Any, collect: Any, limits: Limits | None, *rest: Any) -> Options:
        known = self._runtime.limits
        if limits is not None and isinstance(limits, Limits) and limits.memory_bytes not in (None, known.memory_bytes):
            raise ValueError("limits: the memory of a session is that of its runtime")
        return self._runtime._options(code, inputs, tools, None, collect, limits, *rest)

    def _run(self, options: Options, program: Program) -> Result:
        if not self._lock.acquire(blocking=False):
            raise _errors.make("busy", "the session runs a program already, and it runs one at a time")
        try:
            self._check()
            self._running = program
            self._capture.restart(options.most_output)
            try:
                result = watched(options, program, self._instance, self._capture, self._workspace)
            except BaseException:
                # What a tool or a listener raised. The program may be half-way.
                self._end("its last program was stopped: by its host")
                raise
            self._used = time.monotonic()
            if result.stopped is not None or (
                result.error is not None and result.error.type in ("Trap", "Exit", "Abort")
            ):
                self._end(f"its last program was stopped: {result.stopped or result.error}")
            return result
        finally:
            self._running = None
            self._lock.release()

    def _check(self) -> None:
        self._expire()
        if self._ended is not None:
            raise _errors.make("invalid", f"the session has ended: {self._ended}")

    def _expire(self) -> None:
        now = time.monotonic()
        if now - self._used > self._idle:
            self._end(f"it was idle for more than {self._idle:g} s")
        elif now - self._made > self._lifetime:
            self._end(f"it was older than {self._lifetime:g} s")

    def _end(self, why: str) -> None:
        if self._ended is None:
            self._ended = why
            self._stack.close()

    @property
    def is_open(self) -> bool:
        """Whether it runs another program."""
        return self._ended is None

    def interrupt(self) -> None:
        """Stops the program that runs, from any thread."""
        if (program := self._running) is not None:
            program.cancel()

    def close(self) -> None:
        """Frees the sandbox, and deletes its workspace."""
        with self._lock:
            self._end("it was closed")

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<wasp.Session of {self._runtime.language}, {self._ended or 'open'}>"


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def _sweep() -> None:
    """Frees the sessions whose time is over."""
    for session in list(_sessions):
        if session._lock.acquire(blocking=False):
            try:
                session._expire()
            finally:
                session._lock.release()
