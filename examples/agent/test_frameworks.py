"""Tries the frameworks, with models that say what is written here."""

import asyncio

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai_tool import INSTRUCTIONS, run_javascript
from smolagents import ChatMessage, CodeAgent, MessageRole, Model, tool
from smolagents_executor import WaspExecutor

import wasp

# The functions that smolagents calls tools need a docstring of this form.


@tool
def price(name: str) -> int:
    """Returns the price of an article.

    Args:
        name: The article.
    """
    return {"tea": 4, "cake": 5}[name]


class Scripted(Model):
    """A model that says what it was given to say."""

    def __init__(self, *said: str) -> None:
        super().__init__(model_id="scripted")
        self.said = list(said)
        self.heard: list[str] = []

    def generate(self, messages, **_options):
        self.heard.append(str(messages[-1].content))
        return ChatMessage(role=MessageRole.ASSISTANT, content=self.said.pop(0))


def smolagents(language: wasp.RunLanguage) -> None:
    model = Scripted(
        "Thought: look.\n<code>\ntotal = price('tea') + price(name='cake')\nprint('total', total)\n</code>",
        "Thought: a mistake.\n<code>\nprice('milk')\n</code>",
        "Thought: and another.\n<code>\nwhile True:\n    try:\n        while True: pass\n    except: pass\n</code>",
        "Thought: variables are gone.\n<code>\nfinal_answer(str(price('tea') + count) + ' for all')\n</code>",
    )
    executor = WaspExecutor(language, wasp.Limits(timeout=0.5))
    agent = CodeAgent(tools=[price], model=model, executor=executor, verbosity_level=0)
    assert agent.run("What is the price?", additional_args={"count": 2}) == "6 for all"
    assert "total 9" in model.heard[1], model.heard[1]
    assert "KeyError" in model.heard[2], model.heard[2]
    assert "the program was stopped: time, and its variables are gone" in model.heard[3], model.heard[3]
    agent.cleanup()


async def pydantic_ai() -> None:
    programs = iter(["price('milk')", "price('tea') + price('cake')"])
    heard = []

    def say(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        heard.append(str(messages[-1].parts[0].content))
        if (code := next(programs, None)) is not None:
            return ModelResponse(parts=[ToolCallPart("run_javascript", {"code": code})])
        return ModelResponse(parts=[TextPart(f"It is {heard[-1]}.")])

    agent = Agent(FunctionModel(say), tools=[run_javascript], instructions=INSTRUCTIONS)
    assert (await agent.run("What is the price?")).output == "It is 9."
    assert "ToolError: there is no milk (line 1)" in heard[1], heard


smolagents("pocketpy")
print("smolagents: ok")
asyncio.run(pydantic_ai())
print("pydantic-ai: ok")
