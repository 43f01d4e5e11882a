'use strict'
// What a call gives, and what a callback throws on its way.

const { WaspError, failed } = require('./error.js')
const { parsed } = require('./json.js')

/** What the native half is told instead of an answer: the exception stays here. */
const THREW = Symbol('threw')

/** What the callback threw that the call on this thread ends by. Guest code is unwound at once: nothing comes between. */
let thrown = null

/** Keeps what a callback threw, and returns what the native half is told. */
function threw(value) {
  thrown = { value }
  return THREW
}

/** What a call gives that didn't fail. Without a function nothing gives JSON. */
function result(outcome, plugin, name) {
  if (!Array.isArray(outcome)) return outcome
  const what = `plugin ${JSON.stringify(plugin)}, function ${JSON.stringify(name)}: its result`
  return parsed(outcome, what, { function: name })
}

/** What a call on this thread gives, or the exception that it ends by. */
function settled(outcome, plugin, name) {
  if (!failed(outcome)) return result(outcome, plugin, name)
  const exception = thrown
  thrown = null
  throw exception !== null && outcome.code === 'CALLBACK' ? exception.value : new WaspError(outcome)
}

module.exports = { THREW, result, settled, threw }
