"""An MCP server over standard input and output, with one tool: run, which runs a program in a fresh sandbox."""

from typing import Any, Literal, TypedDict

from mcp.server import MCPServer

import wasp

LIMITS = wasp.Limits(timeout=5.0, memory="128MB", output_bytes="64kB")

server = MCPServer("wasp")


class Answer(TypedDict):
    value: Any
    stdout: str
    stderr: str
    error: str | None
    stopped: str | None


@server.tool()
async def run(code: str, language: Literal["javascript", "lua", "pocketpy"] = "javascript") -> Answer:
    """Runs a program in a fresh sandbox, and returns the value of its last expression and what it printed.

    There is no network, no file and nothing of an earlier run. pocketpy is a small Python. A program may take 5 seconds and 128 MB.
    """
    # Beside the event loop: other requests go on, and one that is cancelled stops its program.
    result = await wasp.run_async(language, code, limits=LIMITS)
    return {
        "value": result.value.hex() if isinstance(result.value, bytes) else result.value,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "error": None if result.error is None else str(result.error),
        "stopped": result.stopped,
    }


if __name__ == "__main__":
    server.run()
