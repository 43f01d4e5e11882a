"""A tool for Pydantic AI that runs the model's programs, each in a fresh sandbox, with functions of the host.

agent = Agent("...", tools=[run_javascript], instructions=INSTRUCTIONS)
"""

import json

from pydantic_ai import ModelRetry

import wasp

PRICES = {"tea": 4, "cake": 5}


def price(name: str) -> int:
    """Returns the price of an article."""
    if name not in PRICES:
        raise wasp.ToolError(f"there is no {name}")
    return PRICES[name]


RUNTIME = wasp.runtime("javascript", limits=wasp.Limits(timeout=2.0, memory="64MB"))
INSTRUCTIONS = f"run_javascript runs programs, in which there are:\n{wasp.describe([price], 'typescript')}"


async def run_javascript(code: str) -> str:
    """Runs a program in JavaScript. Returns the value of its last expression."""
    result = await RUNTIME.run_async(code, tools=[price])
    if result.ok:
        return json.dumps(result.value)
    # The model may mend it.
    raise ModelRetry(str(result.error or f"the program was stopped: {result.stopped}"))
