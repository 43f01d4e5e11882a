from collections.abc import Coroutine
from os import PathLike
from types import EllipsisType
from typing import Any, ClassVar, final, overload

from typing_extensions import Buffer, Self, disjoint_base

__all__ = ["Engine", "Function", "Instance", "Kind", "Memory", "__version__", "forked"]

__version__: str

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
    def result(self) -> Kind:
        """The kind of its result, with the same doubt."""

    @property
    def declared(self) -> bool:
        """Whether the plugin declares the kinds itself, so that there is no doubt."""

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

    def __len__(self) -> int: ...

@final
class Instance:
    """One sandbox: a plugin with memory of its own.

    Made by Engine.instance. It runs one call at a time, on any thread: a second one is an Error of kind "busy". Instances
    run in parallel. As a context manager, it frees its memory at the end of the block; without, when it is collected.
    """

    @overload
    def call(self, function: str, /, *args: object, returns: type[str]) -> str:
        """Calls the plugin's function.

        returns is what the caller expects, since WebAssembly says i32 for text too: str, bytes, int, float, a
        Kind, or None, which ignores the result. It may be left out where the plugin declares its signatures,
        and where the result is nothing, an i64 or a float.

        Arguments are str, int, float, or anything with contiguous bytes: bytes, bytearray, memoryview, a numpy
        array. They are copied once, into the plugin's memory. Other Python threads run meanwhile.

        Raises FunctionNotFound, and an Error of kind "signature" for arguments that don't fit, before the
        plugin runs; GuestError if the plugin reports an error, and stays usable; Trap, Timeout, Cancelled, what
        a callback raised, or an Error of kind "abort", "exit" or "callback" if it was stopped half-way, and
        then needs a reset.
        """

    @overload
    def call(self, function: str, /, *args: object, returns: type[bytes]) -> bytes: ...
    @overload
    def call(self, function: str, /, *args: object, returns: type[int]) -> int: ...
    @overload
    def call(self, function: str, /, *args: object, returns: type[float]) -> float: ...
    @overload
    def call(self, function: str, /, *args: object, returns: None) -> None: ...
    @overload
    def call(self, function: str, /, *args: object, returns: Kind | EllipsisType | type | None = ...) -> Any: ...
    @overload
    def call_async(self, function: str, /, *args: object, returns: type[str]) -> Coroutine[Any, Any, str]:
        """The same as call, on a thread of asyncio's default executor. Cancelling the task interrupts the call, and waits
        until the plugin has stopped.
        """

    @overload
    def call_async(self, function: str, /, *args: object, returns: type[bytes]) -> Coroutine[Any, Any, bytes]: ...
    @overload
    def call_async(self, function: str, /, *args: object, returns: type[int]) -> Coroutine[Any, Any, int]: ...
    @overload
    def call_async(self, function: str, /, *args: object, returns: type[float]) -> Coroutine[Any, Any, float]: ...
    @overload
    def call_async(self, function: str, /, *args: object, returns: None) -> Coroutine[Any, Any, None]: ...
    @overload
    def call_async(
        self, function: str, /, *args: object, returns: Kind | EllipsisType | type | None = ...
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
    def functions(self) -> list[Function]:
        """The functions that the plugin offers, in its order."""

    def __enter__(self) -> Instance:
        """The instance itself."""

    def __exit__(self, *exception: object) -> None:
        """Closes the instance."""

@disjoint_base
class Engine:
    """The native half of wasp.Engine."""

    def __new__(cls, *_args: Any, **_options: Any) -> Self: ...
    def instance(self, name: str, workspace: str | PathLike[str] | None = None) -> Instance:
        """Makes an instance of the plugin name, which sees the host's directory workspace as /workspace.

        It costs a microsecond or two: instances need not be kept. Use it by with, or close it, to free its memory at once.

        Raises PluginNotFound, and Error of kind "io" if the workspace isn't a directory, or "resource" if there is no
        memory for another instance.
        """

    def _open(
        self, compiler: str, cache_dir: str | None, logger: object | None, stdio: str, kernel_fault_counts: bool
    ) -> None:
        """Starts over, without plugins."""

    def _register(self, plugins: dict[str, Any], name: str, plugin: object) -> None:
        """Registers plugin as name, and keeps it in plugins: both or neither, also when Ctrl-C comes meanwhile."""

    def _unregister(self, name: str) -> None:
        """Forgets a plugin."""

def forked() -> None:
    """Tells the package that this process was just forked."""
