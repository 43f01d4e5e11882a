# Runs programs one after another, as a console does: what one defines is there for the next.

from wasp.tools import call as _call


class ToolError(Exception):
    pass


_globals = {"__name__": "__main__", "ToolError": ToolError}


def _tool_of(name):
    def tool(*args, **kwargs):
        answer = _call(name, {"args": list(args), "kwargs": kwargs})
        if answer.get("error") is not None:
            raise ToolError(answer["error"])
        return answer.get("value")

    return tool


def _split(code, name):
    """Returns what to execute, and the last statement where it is an expression."""
    lines = code.split("\n")
    while len(lines) > 0 and (lines[-1].strip() == "" or lines[-1][0] == "#"):
        lines.pop()
    tried = 0
    for at in range(len(lines) - 1, -1, -1):
        if lines[at] == "" or lines[at][0] in " \t\r#)]}":
            continue
        try:
            head = compile("\n".join(lines[:at]) + "\n", name, "exec")
            return head, compile("\n" * at + "\n".join(lines[at:]), name, "eval")
        except SyntaxError:
            # It goes over several lines, or is no expression.
            tried += 1
            if tried == 4:
                break
    return compile(code, name, "exec"), None


def setup(code: str) -> None:
    exec(compile(code, "setup.py", "exec"), _globals)


def run(code: str, inputs: dict, tools: list):
    for name in inputs:
        _globals[name] = inputs[name]
    for tool in tools:
        _globals[tool["name"]] = _tool_of(tool["name"])
    head, last = _split(code, "run.py")
    exec(head, _globals)
    if last is not None:
        return eval(last, _globals)
