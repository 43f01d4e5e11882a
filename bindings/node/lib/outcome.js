'use strict'
// What a call gives, and what a callback throws on its way.

const { WaspError, failed } = require('./error.js')

/** What the native half is told instead of an answer: the exception stays here. */
const THREW = Symbol('threw')

/** What the callback threw that the call on this thread ends by. Guest code is unwound at once: nothing comes between. */
let thrown = null

/** Keeps what a callback threw, and returns what the native half is told. */
function threw(value) {
  thrown = { value }
  return THREW
}

/** What a call on this thread gives, or the exception that it ends by. */
function settled(outcome) {
  if (!failed(outcome)) return outcome
  const exception = thrown
  thrown = null
  throw exception !== null && outcome.code === 'CALLBACK' ? exception.value : new WaspError(outcome)
}

module.exports = { THREW, settled, threw }
