"""The engine: plugins by name."""

from __future__ import annotations

import logging
import os
import re
import reprlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, fields
from typing import Any, Literal
from uuid import uuid4

from . import _callback, _errors, _wasp
from ._callback import Callback
from ._wasp import Kind, PluginInfo

_Path = str | os.PathLike[str]
Language = Literal["javascript", "lua", "pocketpy"]
"""A language of scripts. A runtime of another one is a plugin, and its name is accepted, too."""
_Volume = _Path | tuple[_Path, Literal["ro", "rw"]]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one instance. What isn't given has its default."""

    memory_bytes: int | None = None
    """Linear memory in bytes; 4 GiB if not given."""
    timeout: float | None = None
    """Seconds that a call may take, callbacks included; no limit if not given."""
    stack_bytes: int | None = None
    """The stack of guest code in bytes, from 64 KiB to 100 MiB; 1 MiB if not given."""
    table_elements: int | None = None
    """Elements over all tables; 1,000,000 if not given."""
    idle_instances: int | None = None
    """How many released instances are kept ready; 64 if not given."""
    idle_memory_bytes: int | None = None
    """How many bytes of its memory, of those that it wrote to, an instance may keep for the next call when it is reset; 4 MiB if
    not given."""
    output_bytes: int | str | None = None
    """How many bytes a program may print that wasp.run runs, or a size such as "1MB". Plugins have no such limit."""
    tool_calls: int | float | None = None
    """How often a program that wasp.run runs may call its tools. Plugins have no such limit."""
    memory: InitVar[int | str | None] = None
    """The same as memory_bytes, or a size such as "64MB" or "1GiB"."""

    def __post_init__(self, memory: int | str | None) -> None:
        if memory is not None:
            if self.memory_bytes is not None:
                raise TypeError("Limits: memory and memory_bytes are the same, and one of them is accepted")
            object.__setattr__(self, "memory_bytes", _size("memory", memory))
        if self.output_bytes is not None:
            object.__setattr__(self, "output_bytes", _size("output_bytes", self.output_bytes))
        for field in fields(self):
            value = getattr(self, field.name)
            accepted = (int, float) if field.name in ("timeout", "tool_calls") else (int,)
            if value is not None and (isinstance(value, bool) or not isinstance(value, accepted)):
                names = "a number of seconds" if field.name == "timeout" else "an int"
                raise TypeError(f"Limits: {field.name} is {value!r}, and {names} or None is accepted")
            if value is not None and value < 0:
                raise ValueError(f"Limits: {field.name} is {value!r}, and a number from 0 on is accepted")


_UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}


def _size(name: str, given: int | str) -> int:
    """Returns a number of bytes, which may be given as "64MB"."""
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", given) if isinstance(given, str) else None
    unit = _UNITS.get(found[2].upper()) if found else None
    if found is None or unit is None:
        raise ValueError(
            f'Limits: {name} is {given!r}, and a number of bytes or a size such as "64MB" or "1GiB" is accepted'
        )
    return int(float(found[1]) * unit)


def _limits(given: Limits | Mapping[str, Any] | None) -> Limits | None:
    """Returns limits, of which a dict is a form, too."""
    if given is None or isinstance(given, Limits):
        return given
    if not isinstance(given, Mapping):
        raise TypeError(f"limits is {given!r}, and a wasp.Limits or a dict of its fields is accepted")
    return Limits(**given)


def inspect(source: _Path | bytes | bytearray | memoryview) -> PluginInfo:
    """Tells what a module offers and needs: a path, or its bytes, binary or text.

    Nothing of it is compiled, and nothing of it runs: it may be anybody's, and its imports may be missing. The kinds of its
    functions are those that it declares, where its wasp_signatures returns a constant; which functions a registered plugin
    declares is always known: Engine.plugin.

    Raises Error of kind "io" for a file that can't be read, and "compile" for bytes that are no valid module.
    """
    return _wasp._inspect(_source(source))


def _source(given: _Path | bytes | bytearray | memoryview, language: str | None = None) -> str | bytes:
    if language is not None:
        return _text(given, language)
    return os.path.abspath(given) if isinstance(given, (str, os.PathLike)) else bytes(given)


def _text(given: _Path | bytes | bytearray | memoryview, language: str) -> bytes:
    if not isinstance(language, str):
        raise TypeError(f'language is {language!r}, and a str is accepted, such as "javascript"')
    if isinstance(given, str):
        return given.encode()
    if isinstance(given, os.PathLike):
        try:
            with open(given, "rb") as file:
                return file.read()
        except OSError as error:
            raise _errors.make("io", f"file {os.fspath(given)!r}: {error.strerror}") from error
    return bytes(given)


def _runtime_dir() -> str:
    """Returns where the script runtimes of this package are."""
    return os.environ.get("WASP_RUNTIMES") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtimes")


def _warm_up(call: Sequence[Any]) -> tuple[str, list[object]]:
    if isinstance(call, (str, bytes)) or not call or not isinstance(call[0], str):
        raise TypeError(f"warm_up has {call!r}, and (function, *args) is accepted")
    # Copies: a plugin is registered anew after a fork and from a pickle.
    return call[0], [bytes(arg) if isinstance(arg, (bytearray, memoryview)) else arg for arg in call[1:]]


def _args(given: Sequence[str]) -> list[str]:
    # A text is a sequence of texts too, and hardly ever meant so.
    if isinstance(given, (str, bytes)):
        raise TypeError(f"args is {given!r}, and a sequence of str is accepted, such as ({given!r},)")
    args = list(given)
    for number, arg in enumerate(args):
        if not isinstance(arg, str):
            raise TypeError(f"args[{number}] is {arg!r}, and a str is accepted")
    return args


@dataclass(frozen=True)
class _Plugin:
    """What a plugin was registered from. The native half reads its attributes."""

    source: bytes | str
    language: str | None
    compiled: bool
    callbacks: dict[tuple[str, str], Callable[..., Any] | Callback]
    args: list[str]
    env: dict[str, str]
    config: dict[str, str]
    volumes: list[tuple[str, str, bool]]
    limits: Limits
    snapshot: bool
    warm_up: list[tuple[str, list[object]]]
    trap_missing_imports: bool

    @property
    def host_functions(self) -> list[tuple[str, str, list[Kind], Kind, Callable[..., Any]]]:
        """The callbacks with their kinds."""
        resolved = []
        for (namespace, name), given in self.callbacks.items():
            function, params, result = _callback.resolve((namespace, name), given)
            resolved.append((namespace, name, params, result, function))
        return resolved


class Engine(_wasp.Engine):
    """Holds plugins by name and makes instances of them.

    It may be used from any thread at once, and survives a fork. It pickles by what was registered, callbacks included;
    instances don't. A process that gets the same engine several times compiles its plugins once.
    """

    def __init__(
        self,
        compiler: Literal["cranelift", "singlepass", "tiered"] = "cranelift",
        *,
        cache_dir: _Path | None = None,
        logger: logging.Logger | None = None,
        stdio: Literal["inherit", "output", "log", "none"] = "log",
        kernel_fault_counts: bool = False,
    ) -> None:
        """Makes an engine without plugins.

        compiler is "cranelift", whose code runs fastest, "singlepass", which compiles fastest, or "tiered": singlepass's
        code at once, and cranelift's for new instances when a thread has compiled it, which the logger hears of (DEBUG);
        existing instances keep what they have, and the two may differ in the bits of a NaN. cache_dir keeps
        compiled modules between runs and is created if it doesn't exist; only the user who runs this may be able to
        write there, for its files run as code. logger receives log records, from the level on that it has now: errors,
        what plugins print (INFO), calls (DEBUG), blocks of guest memory (5). stdio chooses where the standard streams of
        plugins lead: what they print to the logger ("log", the default, and nowhere without a logger), to this process's output
        ("output") or nowhere ("none"), and their input is empty; or both are this process's ("inherit").
        kernel_fault_counts asks the kernel at each reset of an instance whether pages of its memory were written to, and doesn't
        believe the processor, which tells for nothing on x86-64; wasp finds out by itself where it can't be believed.

        Raises Error of kind "invalid" for an option that isn't one of these.
        """
        directory = None if cache_dir is None else os.fspath(cache_dir)
        self._options = (compiler, directory, logger, stdio, bool(kernel_fault_counts))
        self._plugins: dict[str, _Plugin] = {}
        self._identity = uuid4().hex
        self._start_over()

    def _start_over(self) -> None:
        compiler, cache_dir, logger, stdio, kernel_fault_counts = self._options
        self._open(compiler, (cache_dir, _runtime_dir()), logger, stdio, kernel_fault_counts)

    def register(
        self,
        name: str,
        source: _Path | bytes | bytearray | memoryview,
        *,
        language: Language | str | None = None,
        compiled: bool = False,
        callbacks: _callback.Callbacks | None = None,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        volumes: Mapping[str, _Volume] | None = None,
        limits: Limits | Mapping[str, Any] | None = None,
        snapshot: bool = True,
        warm_up: Sequence[Sequence[Any]] = (),
        trap_missing_imports: bool = False,
    ) -> None:
        """Registers a plugin: compiles it, checks it against what it is given, and runs its start-up.

        source is a path, or the bytes of a module, binary or text. A file that ends in .js, .mjs or .lua is a script in that
        language. With language, which is "javascript", "lua", "pocketpy", a small Python, or the name of a script runtime that was
        registered as a plugin, a str is the text of a script, and a pathlib.Path a file with one. Its functions are called like those of any plugin, and their arguments and results may be of
        any kind. With compiled, source is what Engine.compile made, or a file with it: it runs as code, outside every sandbox, so that its
        author must be trusted as much as this program. callbacks offers functions by (namespace, name), or by namespace and then name, with
        kinds from their annotations or a Callback; they run on the thread that made the call. args are the arguments
        of its command line, after its name. env is all the environment that the plugin sees. config is what a plugin of Extism reads by
        config_get. volumes shows directories of the host by their path in the guest, as a path or as
        (path, "ro"). Without snapshot, each instance runs the plugin's start-up itself, instead of beginning from what it
        left when the plugin was registered. warm_up are calls that are made once after start-up and before the snapshot,
        (function, *args) each: every instance starts from what they left. A file that one leaves open is an error. With
        trap_missing_imports a function that the plugin imports and nothing provides is a Trap when it is called, and not
        an error now; one that is provided with another type stays that.

        A plugin of that name is replaced for new instances; existing ones keep the old one. On failure nothing changes.
        Ctrl-C meanwhile raises KeyboardInterrupt when this is done.

        Raises Error of kind "io" for a file or volume that can't be read, "compile", "resource" and "invalid";
        ImportNotFound, which names all imports that are missing; TypeError for a callback without kinds; and whatever ends
        the plugin's start-up, or what a script throws while it is loaded, such as a syntax error.
        """
        limits = _limits(limits)
        for unfit in ("output_bytes", "tool_calls"):
            if limits is not None and getattr(limits, unfit) is not None:
                raise TypeError(f"limits has {unfit}, which limits what wasp.run runs, and not plugins")
        if compiled and language is not None:
            raise TypeError(
                f"language is {language!r}, and with compiled it is left out: what is compiled is no script"
            )
        plugin = _Plugin(
            _source(source, language),
            language,
            bool(compiled),
            _callback.flat(callbacks or {}),
            _args(args),
            dict(env or {}),
            dict(config or {}),
            [_volume(guest, volume) for guest, volume in (volumes or {}).items()],
            limits or Limits(),
            snapshot,
            [_warm_up(call) for call in warm_up],
            bool(trap_missing_imports),
        )
        # First: Ctrl-C may come right after.
        self._identity = uuid4().hex
        self._register(self._plugins, name, plugin)

    def compile(self, source: _Path | bytes | bytearray | memoryview) -> bytes:
        """Compiles a module ahead of time: a path, or its bytes, binary or text.

        register takes the result with compiled=True, in this process or another one, with the same version of wasp, the same compiler
        and a processor of the same kind. Raises Error of kind "io" for a file that can't be read, and "compile".
        """
        return self._compile(_source(source))

    def unregister(self, name: str) -> None:
        """Forgets a plugin. Existing instances keep what they need. Raises PluginNotFound."""
        self._identity = uuid4().hex
        self._unregister(name)
        self._plugins.pop(name, None)

    @property
    def plugins(self) -> list[str]:
        """The names of the plugins that are registered, sorted. `in`, `len` and iteration go over them, too."""
        # At once: another thread may register one meanwhile.
        names = list(self._plugins)
        names.sort()
        return names

    def __contains__(self, name: object) -> bool:
        return name in self._plugins

    def __iter__(self) -> Iterator[str]:
        return iter(self.plugins)

    def __len__(self) -> int:
        return len(self._plugins)

    def __bool__(self) -> bool:
        # One without plugins is an engine, too.
        return True

    def __repr__(self) -> str:
        return f"<wasp.Engine, {self._options[0]}, plugins: {reprlib.repr(self.plugins)}>"

    def _reinit_after_fork(self) -> None:
        """Registers everything again: this process was forked while a thread of its parent was at work in this engine."""
        self._start_over()
        for name, plugin in list(self._plugins.items()):
            self._register(self._plugins, name, plugin)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._identity, self._options, self._plugins)


_restored: OrderedDict[str, Engine] = OrderedDict()
"""Engines that came as pickles, so that a worker compiles its plugins once and not for each task."""


def _restore(identity: str, options: tuple[Any, ...], plugins: dict[str, _Plugin]) -> Engine:
    engine = _restored.get(identity)
    if engine is None:
        compiler, cache_dir, logger, stdio, kernel_fault_counts = options
        engine = Engine(
            compiler,
            cache_dir=cache_dir,
            logger=logger,
            stdio=stdio,
            kernel_fault_counts=kernel_fault_counts,
        )
        for name, plugin in plugins.items():
            engine._register(engine._plugins, name, plugin)
        engine._identity = identity
        _restored[identity] = engine
        while len(_restored) > 8:
            _restored.popitem(last=False)
    # One in which more was registered since then is another engine.
    elif engine._identity != identity:
        del _restored[identity]
        return _restore(identity, options, plugins)
    return engine


def _volume(guest: str, volume: _Volume) -> tuple[str, str, bool]:
    path, mode = volume if isinstance(volume, tuple) else (volume, "rw")
    if mode not in ("ro", "rw"):
        raise ValueError(f'volume {guest!r} is {mode!r}, and "ro" or "rw" is accepted')
    return guest, os.path.abspath(path), mode == "ro"
