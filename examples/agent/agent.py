"""Runs snippets as a model writes them, each in a fresh sandbox, with the same tools: as for requests of many users."""

import json
from pathlib import Path

import wasp

ORDERS = {
    7: [{"name": "tea", "price": 4}, {"name": "cake", "price": 5}],
    8: [{"name": "tea", "price": 4}, {"name": "kettle", "price": 40}],
}
LANGUAGES = {".js": "javascript", ".lua": "lua", ".py": "pocketpy"}


def find_order(number: int) -> dict:
    """Returns an order, with its items: their names and prices."""
    if number not in ORDERS:
        raise wasp.ToolError(f"there is no order {number}")
    return {"number": number, "items": ORDERS[number]}


@wasp.tool(max_calls=1)
def refund(number: int, amount: int) -> str:
    """Refunds an amount of an order."""
    return f"refunded {amount} of order {number}"


def gate(name: str, arguments: dict) -> bool | str:
    if name != "refund" or arguments["amount"] <= 20:
        return True
    return "a refund of more than 20 needs a person"


TOOLS = [find_order, refund]
# Prepared once; each run is fresh.
LIMITS = wasp.Limits(timeout=0.5, memory="64MB", tool_calls=20)
RUNTIMES = {language: wasp.runtime(language, limits=LIMITS) for language in LANGUAGES.values()}


def answer(snippet: Path) -> str:
    """Returns what the model is told of its snippet."""
    runtime = RUNTIMES[LANGUAGES[snippet.suffix]]
    result = runtime.run(snippet.read_text(), tools=TOOLS, gate=gate)
    try:
        value = json.dumps(result.unwrap(), separators=(",", ":"))
    except wasp.RunError as error:
        value = str(error)
    return "".join(f"printed {line}\n" for line in result.stdout.splitlines()) + value


if __name__ == "__main__":
    for snippet in sorted((Path(__file__).parent / "snippets").iterdir()):
        print(f"{snippet.name}: {answer(snippet)}")
