'use strict'
// What a program may take: the limits of runs, checked.

const { options } = require('./arguments.js')

/** What a program may take where nothing else is said. */
const DEFAULTS = Object.freeze({ timeout: 30_000, memory: 256 << 20, outputBytes: 1 << 20, toolCalls: 1000 })
const names = Object.keys(DEFAULTS)

/** No limit at all. */
const OPEN = Object.freeze(Object.fromEntries(names.map((name) => [name, Infinity])))

const units = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 }

const accepted = {
  timeout: 'a number of milliseconds above 0',
  memory: 'a number of bytes or a size such as "64MB" or "1GiB"',
  outputBytes: 'a number of bytes or a size such as "1MB"',
  toolCalls: 'an integer from 0 on',
}

/** Returns a number of bytes, which may be given as "64MB"; NaN for what is no size. */
function bytes(text) {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text) ?? []
  return Math.floor(Number(number) * (units[unit?.toUpperCase()] ?? Number.NaN))
}

function limit(name, given) {
  const isSize = name === 'memory' || name === 'outputBytes'
  const value = isSize && typeof given === 'string' ? bytes(given) : given
  const message = () => `the limit "${name}" is ${JSON.stringify(given) ?? String(given)}, and ${accepted[name]} is accepted`
  if (typeof value !== 'number') throw new TypeError(message())
  if (value === Infinity) return value
  const fits = name === 'timeout' ? value > 0 && value < 2 ** 53 : Number.isSafeInteger(value) && value >= 0
  if (!fits) throw new RangeError(message())
  return value
}

/** Returns all limits: those that are given, and else `defaults`. One above that of `most`, which are a runtime's, is a RangeError. */
function limits(given, defaults = DEFAULTS, most = OPEN) {
  const chosen = { ...defaults }
  for (const [name, value] of Object.entries(options(given, 'limits', names))) {
    if (value === undefined) continue
    chosen[name] = limit(name, value)
    if (chosen[name] > most[name]) {
      throw new RangeError(
        `the limit "${name}" is ${chosen[name]}, more than the ${most[name]} of the runtime, which a run only lowers`,
      )
    }
  }
  return chosen
}

module.exports = { DEFAULTS, OPEN, limits }
