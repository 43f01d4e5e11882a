'use strict'
// Tools: functions of the host that programs call.

const { isAsyncFunction } = require('node:util/types')
const { options, text } = require('./arguments.js')

/** What a tool throws to tell the program why it failed. Of all other exceptions the program learns nothing. */
class ToolError extends Error {}
Object.defineProperty(ToolError.prototype, 'name', { value: 'ToolError', configurable: true, writable: true })

class Tool {
  constructor(call, name, { description = '', parameters, maxCalls = Infinity }) {
    if (typeof call !== 'function') throw new TypeError(`a tool is ${typeof call}, and a function is accepted`)
    if (!/^[A-Za-z_]\w*$/.test(text(name, "a tool's name"))) {
      throw new RangeError(`a tool's name is "${name}", and an identifier is accepted: say another one by tool(fn, { name })`)
    }
    if (typeof maxCalls !== 'number' || !(maxCalls >= 0)) {
      throw new TypeError(`maxCalls of the tool "${name}" is ${String(maxCalls)}, and a number from 0 on is accepted`)
    }
    if (parameters !== undefined && (typeof parameters !== 'object' || parameters === null)) {
      throw new TypeError(
        `the parameters of the tool "${name}" are ${String(parameters)}, and a JSON Schema of an object is accepted`,
      )
    }
    this.call = call
    this.name = name
    this.description = text(description, `the description of the tool "${name}"`)
    this.parameters = parameters
    this.maxCalls = maxCalls
    Object.freeze(this)
  }

  get isAsync() {
    return isAsyncFunction(this.call)
  }
}

/** Makes a tool of a function. */
function tool(call, given) {
  const known = ['name', 'description', 'parameters', 'maxCalls']
  const { name = call?.name, ...rest } = options(given, 'the options of tool', known)
  return new Tool(call, name, rest)
}

/** Returns tools by their names: functions and tools in an array, or by the names that programs know them by. */
function byName(given = []) {
  const found = new Map()
  if (Array.isArray(given)) {
    for (const each of given) {
      const made = each instanceof Tool ? each : tool(each)
      if (found.has(made.name)) throw new RangeError(`there are two tools "${made.name}"`)
      found.set(made.name, made)
    }
    return found
  }
  if (typeof given !== 'object' || given === null || given instanceof Tool) {
    throw new TypeError(`tools is ${typeof given}, and an object of functions by their names, or an array of them, is accepted`)
  }
  for (const [name, each] of Object.entries(given)) {
    found.set(name, each instanceof Tool ? new Tool(each.call, name, each) : new Tool(each, name, {}))
  }
  return found
}

module.exports = { Tool, ToolError, byName, tool }
