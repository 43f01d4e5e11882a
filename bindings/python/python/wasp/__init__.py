"""WebAssembly plugins: load a module, get a sandbox, call its functions with plain values.

>>> import wasp
>>> engine = wasp.Engine()
>>> engine.register("calculator", b'''(module (func (export "sum") (param i32 i32) (result i32)
...     (i32.add (local.get 0) (local.get 1))))''')
>>> with engine.instance("calculator") as calculator:
...     calculator.call("sum", 3, 2, returns=int)
5
"""

import os

from . import _wasp
from ._callback import Callback, KindName
from ._engine import Engine, Limits, inspect
from ._errors import (
    Cancelled,
    Error,
    ErrorKind,
    FileError,
    Frame,
    FunctionNotFound,
    GuestError,
    ImportNotFound,
    IntegerOverflow,
    PluginNotFound,
    Timeout,
    Trap,
)
from ._function import Functions
from ._options import DEFAULT_LIMITS
from ._result import Failure, Result, RunError, Usage
from ._run import run, run_async, runtime
from ._runtime import RunLanguage, Runtime
from ._session import Session
from ._tools import Tool, ToolError, describe, tool
from ._wasp import Caller, Function, Instance, Kind, Memory, PluginImport, PluginInfo, __version__

I32 = Kind.I32
I64 = Kind.I64
F32 = Kind.F32
F64 = Kind.F64
STRING = Kind.STRING
BYTES = Kind.BYTES
JSON = Kind.JSON
ANY = Kind.ANY

__all__ = [
    "ANY",
    "BYTES",
    "Callback",
    "Caller",
    "Cancelled",
    "DEFAULT_LIMITS",
    "Engine",
    "Error",
    "ErrorKind",
    "F32",
    "F64",
    "Failure",
    "FileError",
    "Frame",
    "Function",
    "Functions",
    "FunctionNotFound",
    "GuestError",
    "I32",
    "I64",
    "ImportNotFound",
    "Instance",
    "IntegerOverflow",
    "JSON",
    "Kind",
    "KindName",
    "Limits",
    "Memory",
    "PluginImport",
    "PluginInfo",
    "PluginNotFound",
    "Result",
    "RunError",
    "RunLanguage",
    "Runtime",
    "STRING",
    "Session",
    "Timeout",
    "Tool",
    "ToolError",
    "Trap",
    "Usage",
    "__version__",
    "describe",
    "inspect",
    "run",
    "run_async",
    "runtime",
    "tool",
]

os.register_at_fork(after_in_child=_wasp.forked)
