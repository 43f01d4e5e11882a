'use strict'

const { describe } = require('./lib/describe.js')
const { Engine, inspect } = require('./lib/engine.js')
const { WaspError } = require('./lib/error.js')
const { Instance } = require('./lib/instance.js')
const { Result, RunError } = require('./lib/result.js')
const { Runtime, run, runSync, runtime } = require('./lib/runtime.js')
const { Session } = require('./lib/session.js')
const { Tool, ToolError, tool } = require('./lib/tools.js')

module.exports = {
  Engine,
  Instance,
  Result,
  RunError,
  Runtime,
  Session,
  Tool,
  ToolError,
  WaspError,
  describe,
  inspect,
  run,
  runSync,
  runtime,
  tool,
}
