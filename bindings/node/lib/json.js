'use strict'
// Values that pass as JSON. On the way to and from the native half, a JSON text is alone in an array, as nothing else is.

const { WaspError } = require('./error.js')

/** What an exception says, on one line. */
const said = (exception) => String(exception?.message ?? exception).split('\n', 1)[0]

/** Whether a value is one of those that JSON is made of, and not of a class that may mean something else. */
function isPlain(value) {
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  // That of another realm is plain, too.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** A value that is JSON already. */
class JsonText {
  constructor(text) {
    this.text = text
  }
}

function boxed(value, what, code) {
  if (value instanceof JsonText) return [value.text]
  let text
  try {
    if (!isPlain(value)) return value
    text = JSON.stringify(value)
  } catch (exception) {
    const error = new WaspError({ code, message: `${what()} has no JSON: ${said(exception)}` })
    error.cause = exception
    throw error
  }
  if (typeof text === 'string') return [text]
  throw new WaspError({ code, message: `${what()} has no JSON: its toJSON gives none` })
}

/** Returns a value as the native half takes it. `what` says what it is, for an error of that code. */
const passed = (value, what, code) => (typeof value === 'object' && value !== null ? boxed(value, what, code) : value)

/** Parses a JSON text that a plugin gave. `what` says what it is, and `where` is more for the error. */
function parsed([text], what, where) {
  try {
    return JSON.parse(text)
  } catch (exception) {
    throw new WaspError({ code: 'ABI', message: `${what} is no JSON: ${said(exception)}`, ...where })
  }
}

/** Returns the arguments of a function as the native half takes them, which is a copy. */
const passedAll = (args, what) => Array.from(args, (arg, index) => passed(arg, () => `${what}: argument ${index + 1}`, 'INVALID'))

module.exports = { JsonText, isPlain, parsed, passed, passedAll }
