// Runs programs one after another, as a console does: what one declares is there for the next.

import { call } from "wasp:tools";
import { evaluate } from "wasp:eval";

const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

class ToolError extends Error {
  get name() {
    return "ToolError";
  }
}
define("ToolError", ToolError);

function toolOf(name) {
  const tool = (...args) => {
    const answer = call(name, { args, kwargs: {} });
    if (answer.error !== undefined) throw new ToolError(answer.error);
    return answer.value;
  };
  Object.defineProperty(tool, "name", { value: name });
  return tool;
}

export async function setup(code) {
  await evaluate(code, "setup.js");
}

export async function run(code, inputs, tools) {
  for (const [name, value] of Object.entries(inputs)) define(name, value);
  for (const { name } of tools) define(name, toolOf(name));
  return (await evaluate(code, "run.js")).value;
}
