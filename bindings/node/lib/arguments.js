'use strict'
// Arguments of the package's functions, checked. One of the wrong type is a TypeError that says which and why.

const { fileURLToPath } = require('node:url')
const native = require('../native.js')

const { UNSAID } = native.packing

/** The kinds of values; the numbers are the core's. */
const kinds = ['none', 'i32', 'i64', 'f32', 'f64', 'string', 'bytes', 'json', 'any']

function text(value, what) {
  if (typeof value !== 'string') throw new TypeError(`${what} is ${typeof value}, not a string`)
  return value
}

/** Says which of the known names may have been meant, for a message. */
function hint(name, known) {
  const near = native.nearest(name, known)
  return near === '' ? '' : ` (${JSON.stringify(near)} is there)`
}

function options(given, what, known) {
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null) throw new TypeError(`${what} is not an object`)
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new TypeError(`${what} has no "${name}"${hint(name, known)}; it has ${known.join(', ')}`)
    }
  }
  return given
}

function oneOf(value, what, known) {
  if (value !== undefined && !known.includes(value)) {
    throw new TypeError(`${what} is "${String(value)}", not one of ${known.join(', ')}`)
  }
  return value
}

function list(value, what) {
  if (!Array.isArray(value)) throw new TypeError(`${what} are not in an array`)
  return value
}

function kind(name, what) {
  const number = kinds.indexOf(name)
  if (number < 0) throw new TypeError(`${what} is of the kind "${String(name)}", which is none of ${kinds.join(', ')}`)
  return number
}

/** The kind of a result: on the way of every call, so without a search. */
function expected(returns) {
  switch (returns) {
    case 'string':
      return 5
    case 'i32':
      return 1
    case undefined:
      return UNSAID
    default:
      return kind(returns, 'the result')
  }
}

/** The time limit of one call in milliseconds, or 0 without one. */
function timeLimit(given) {
  if (given === undefined) return 0
  if (typeof given === 'number' && given > 0) return given
  throw new TypeError(`the timeout is ${String(given)}, and a number of milliseconds above 0 is accepted`)
}

const pathOf = (path, what) => text(path instanceof URL ? fileURLToPath(path) : path, what)

module.exports = { text, hint, options, oneOf, list, kind, expected, timeLimit, pathOf }
