from collections.abc import Callable, Coroutine
from os import PathLike
from types import EllipsisType
from typing import Any, ClassVar, Literal, final, overload

from typing_extensions import Buffer, Self, disjoint_base

from ._function import Functions

__all__ = [
    "Caller",
    "Capture",
    "Engine",
    "Function",
    "Instance",
    "Kind",
    "Memory",
    "PluginImport",
    "PluginInfo",
    "__version__",
    "_command",
    "_commands",
    "_inspect",
    "_runner",
    "forked",
]

__version__: str

def _commands() -> list[str]:
    """Returns the names of the commands."""

def _command(args: list[str], runtimes: str, /) -> int:
    """Runs a command line, whose first word is the program's name, and returns its exit code. It prints to the process's own standard
    output and error. The script runtimes are in runtimes unless the command line or the environment says otherwise.
    """

def _runner(language: str, /) -> str | None:
    """Returns the script that runs programs in a language that comes with wasp."""

@final
class Capture:
    """What an instance prints, at most so many bytes. More stops its call."""

    def __new__(cls, instance: Instance, most: int, /) -> Self: ...
    def restart(self, most: int, /) -> None:
        """Forgets what is there, and keeps up to most bytes from now on."""

    def take(self) -> tuple[bytes, bytes, bool]:
        """Returns what was written to the standard output and to the standard error since the last time, and whether there was more
        than is kept."""

@final
class Kind:
    """The kind of a value that crosses between Python and a plugin."""

    NONE: ClassVar[Kind]
    I32: ClassVar[Kind]
    I64: ClassVar[Kind]
    F32: ClassVar[Kind]
    F64: ClassVar[Kind]
    STRING: ClassVar[Kind]
    BYTES: ClassVar[Kind]
    JSON: ClassVar[Kind]
    ANY: ClassVar[Kind]
    @property
    def name(self) -> str:
        """Its name in error messages and in a plugin's list of signatures."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[type[Kind], str]]: ...

@final
class Function:
    """A function that a plugin offers."""

    @property
    def name(self) -> str:
        """The name to call it by."""

    @property
    def params(self) -> list[Kind]:
        """The kinds of its parameters. Where the plugin declares no signature, I32 may stand for a string or bytes."""

    @property
    def param_names(self) -> list[str]:
        """The names of its parameters, one for each; empty where the plugin declares none."""

    @property
    def result(self) -> Kind:
        """The kind of its result, with the same doubt."""

    @property
    def declared(self) -> bool:
        """Whether the plugin declares the kinds itself, so that there is no doubt."""

    @property
    def docs(self) -> str:
        """What the plugin says about it, on one line; empty where it says nothing."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class PluginImport:
    """Something that a module imports."""

    @property
    def module(self) -> str:
        """The module, or namespace, that it is imported from."""

    @property
    def name(self) -> str:
        """Its name there."""

    @property
    def type(self) -> str:
        """Its WebAssembly type, as in errors: "(i32, i32) -> i32". What is no function begins with what it is: "memory",
        "table", "global" or "tag".
        """

    @property
    def params(self) -> list[Kind] | None:
        """The kinds of a function's parameters: those of the callback that provides it, and else as its type has them,
        where I32 may stand for a string or bytes. None where no callback can have that type.
        """

    @property
    def result(self) -> Kind:
        """The kind of its result, with the same doubt."""

    @property
    def provider(self) -> Literal["callback", "wasi", "abi", "missing"]:
        """What provides it: a "callback", "wasi", the guest "abi", or nothing, if it is "missing"."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class PluginInfo:
    """What a plugin, or a module that may become one, offers and needs."""

    @property
    def functions(self) -> list[Function]:
        """The functions that it offers, in its order."""

    @property
    def imports(self) -> list[PluginImport]:
        """What it imports, in its order."""

    @property
    def wasi(self) -> bool:
        """Whether it imports functions of WASI."""

    @property
    def memory_min(self) -> int:
        """The linear memory that an instance begins with, in bytes, over all memories."""

    @property
    def memory_max(self) -> int | None:
        """The linear memory that it may have by its own declaration, in bytes; None where it declares no maximum."""

    @property
    def size(self) -> int:
        """The size of the module in bytes, in the format that it was given in."""

    @property
    def memory_used(self) -> int:
        """How many bytes of the host's memory a registered plugin takes: its machine code, which plugins of the same module
        share, and its snapshot. Its instances come on top.
        """

    @property
    def language(self) -> str | None:
        """The language of the script that it is, or the name of its runtime; None where it is no script."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Memory:
    """The memory of an instance, for plugins whose functions take and give addresses. Copies what is read and written."""

    def __new__(cls, instance: Instance, /) -> Self: ...
    def read(self, address: int, length: int, /) -> bytes:
        """Returns a copy of length bytes from address on. An address is an int from 0 on, or what a plugin gives as an i32.

        Raises Error of kind "invalid" if they are not in the memory, and "busy" while a call runs elsewhere; in a callback of
        the instance's own it works.
        """

    def write(self, address: int, data: Buffer, /) -> None:
        """Copies data, anything with contiguous bytes, to address.

        Raises Error as read does, and of kind "invalid" in a callback, where a str or bytes that it was given came from.
        """

    @property
    def used(self) -> int:
        """How many of its bytes are its own: those of the pages that it has written to, whereas all others are shared with
        the plugin's snapshot. All of them where the kernel can't say, as before Linux 6.7.

        Raises Error of kind "busy" while a call runs.
        """

    def __len__(self) -> int: ...

@final
class Caller:
    """The instance that calls a callback. It is of use only while that runs, on its thread."""

    def __new__(cls) -> Self: ...
    @property
    def plugin(self) -> str:
        """The name of its plugin."""

    @property
    def memory(self) -> Memory:
        """Its memory, for plugins that give addresses."""

    def _pause_clock(self) -> None:
        """Stops the clock of the call's time limit until _resume_clock."""

    def _resume_clock(self) -> None:
        """Has the clock of the call's time limit go on."""

@disjoint_base
class Instance:
    """One sandbox: a plugin with memory of its own.

    Made by Engine.instance. The plugin's functions are its methods: greeter.hello("Nic"). It runs one call at a time, on any thread: a second one is an Error of kind "busy". Instances
    run in parallel. As a context manager, it frees its memory at the end of the block; without, when it is collected.
    """

    @overload
    def call(self, function: str, /, *args: object, returns: type[str], timeout: float | None = None) -> str:
        """Calls the plugin's function.

        returns is what the caller expects, since WebAssembly says i32 for text too: str, bytes, int, float, dict
        or list for what is JSON, a Kind, or None, which ignores the result. It may be left out where the plugin
        declares its signatures, as scripts do, and where the result is nothing, an i64 or a float.

        timeout is how many seconds the call may take, callbacks included: never longer than the plugin's own
        limit, of the two the shorter counts.

        Arguments are str, int, float, dict, list and tuple, which pass as JSON, or anything with contiguous
        bytes: bytes, bytearray, memoryview, a numpy array. They are copied once, into the plugin's memory. Other Python threads run meanwhile.

        Raises FunctionNotFound, and an Error of kind "signature" for arguments that don't fit, before the
        plugin runs; GuestError if the plugin reports an error, and stays usable; Trap, Timeout, Cancelled, what
        a callback raised, or an Error of kind "abort", "exit" or "callback" if it was stopped half-way, and
        then needs a reset.
        """

    @overload
    def call(self, function: str, /, *args: object, returns: type[bytes], timeout: float | None = None) -> bytes: ...
    @overload
    def call(self, function: str, /, *args: object, returns: type[int], timeout: float | None = None) -> int: ...
    @overload
    def call(self, function: str, /, *args: object, returns: type[float], timeout: float | None = None) -> float: ...
    @overload
    def call(self, function: str, /, *args: object, returns: None, timeout: float | None = None) -> None: ...
    @overload
    def call(
        self,
        function: str,
        /,
        *args: object,
        returns: Kind | EllipsisType | type | None = ...,
        timeout: float | None = None,
    ) -> Any: ...
    @overload
    def call_async(
        self, function: str, /, *args: object, returns: type[str], timeout: float | None = None
    ) -> Coroutine[Any, Any, str]:
        """The same as call, on a thread of asyncio's default executor. Cancelling the task interrupts the call, and waits
        until the plugin has stopped. A timeout counts from when the call begins on its thread.
        """

    @overload
    def call_async(
        self, function: str, /, *args: object, returns: type[bytes], timeout: float | None = None
    ) -> Coroutine[Any, Any, bytes]: ...
    @overload
    def call_async(
        self, function: str, /, *args: object, returns: type[int], timeout: float | None = None
    ) -> Coroutine[Any, Any, int]: ...
    @overload
    def call_async(
        self, function: str, /, *args: object, returns: type[float], timeout: float | None = None
    ) -> Coroutine[Any, Any, float]: ...
    @overload
    def call_async(
        self, function: str, /, *args: object, returns: None, timeout: float | None = None
    ) -> Coroutine[Any, Any, None]: ...
    @overload
    def call_async(
        self,
        function: str,
        /,
        *args: object,
        returns: Kind | EllipsisType | type | None = ...,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, Any]: ...
    def reset(self) -> None:
        """Brings the instance back to the state of a new one with the same workspace, also after it was stopped half-way.

        Raises Error of kind "busy" while a call runs, and "invalid" when it is closed.
        """

    def interrupt(self) -> None:
        """Ends the call that runs, from any thread: it raises Cancelled. When none runs, nothing happens."""

    def close(self) -> None:
        """Frees the instance's memory. A closed instance can't be called; closing it again does nothing.

        Raises Error of kind "busy" while a call runs.
        """

    @property
    def memory(self) -> Memory:
        """Its memory, for plugins whose functions take and give addresses."""

    @property
    def functions(self) -> Functions:
        """The functions that the plugin offers, in its order, and by their names as functions of Python: functions.hello("Nic")."""

    @property
    def plugin(self) -> str:
        """The name of its plugin."""

    # The plugin's functions are methods of its instances' class, which only exists at run time.
    def __getattr__(self, name: str) -> Callable[..., Any]: ...
    def _listed(self) -> list[Function]:
        """All that is known of them, a list that is made for this call."""

    def __enter__(self) -> Instance:
        """The instance itself."""

    def __exit__(self, *exception: object) -> None:
        """Closes the instance."""

@disjoint_base
class Engine:
    """The native half of wasp.Engine."""

    def __new__(cls, *_args: Any, **_options: Any) -> Self: ...
    def plugin(self, name: str, /) -> PluginInfo:
        """Tells what the plugin name offers and needs, and what it takes. Raises PluginNotFound."""

    @property
    def memory_used(self) -> int:
        """How many bytes of the host's memory the plugins take: their machine code, once for each module, and their
        snapshots. Instances come on top.
        """

    def instance(self, name: str, workspace: str | PathLike[str] | None = None) -> Instance:
        """Makes an instance of the plugin name, which sees the host's directory workspace as /workspace.

        It costs a microsecond or two: instances need not be kept. Use it by with, or close it, to free its memory at once.

        Raises PluginNotFound, and Error of kind "io" if the workspace isn't a directory, or "resource" if there is no
        memory for another instance.
        """

    def _open(
        self,
        compiler: str,
        directories: tuple[str | None, str | None],
        logger: object | None,
        stdio: str,
        kernel_fault_counts: bool,
    ) -> None:
        """Starts over, without plugins."""

    def _register(self, plugins: dict[str, Any], name: str, plugin: object) -> None:
        """Registers plugin as name, and keeps it in plugins: both or neither, also when Ctrl-C comes meanwhile."""

    def _compile(self, source: str | bytes) -> bytes: ...
    def _unregister(self, name: str) -> None:
        """Forgets a plugin."""

def forked() -> None:
    """Tells the package that this process was just forked."""

def _inspect(source: bytes | str, /) -> PluginInfo:
    """Tells what a module offers and needs, a file's or these bytes."""
