"""Asks the server by the package's own client."""

import asyncio
import os
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters

SERVER = Path(__file__).with_name("mcp_server.py")


async def main() -> None:
    env = {name: os.environ[name] for name in ("HOME", "PATH", "XDG_CACHE_HOME") if name in os.environ}
    async with Client(StdioServerParameters(command=sys.executable, args=[str(SERVER)], env=env)) as client:
        (tool,) = (await client.list_tools()).tools
        assert tool.name == "run", tool
        assert "fresh sandbox" in tool.description, tool

        async def run(code: str, language: str = "javascript") -> dict:
            answer = await client.call_tool("run", {"code": code, "language": language})
            assert not answer.is_error, answer
            return answer.structured_content

        answer = await run("console.log('hi'); globalThis.left = 1; [6 * 7]")
        assert answer == {"value": [42], "stdout": "hi\n", "stderr": "", "error": None, "stopped": None}, answer
        assert (await run("typeof left + typeof process"))["value"] == "undefinedundefined"
        assert (await run("x = 1\ny", "pocketpy"))["error"] == "NameError: name 'y' is not defined (line 2)"
        # All at once, one of them without an end.
        answers = await asyncio.gather(run("for (;;) {}"), *(run(f"return {n} * 2", "lua") for n in range(5)))
        assert answers[0]["stopped"] == "time"
        assert [answer["value"] for answer in answers[1:]] == [0, 2, 4, 6, 8]
        assert (await client.call_tool("run", {"code": "1", "language": "perl"})).is_error


asyncio.run(main())
print("mcp: ok")
