'use strict'

const { kind, list, options } = require('./arguments.js')
const { WaspError, failed } = require('./error.js')

/** What the native half is told instead of an answer: the exception stays here. */
const THREW = Symbol('threw')

/** What the callback threw that the call on this thread ends by. Guest code is unwound at once: nothing comes between. */
let thrown = null

/** What a call on this thread gives, or the exception that it ends by. */
function settled(outcome) {
  if (!failed(outcome)) return outcome
  const exception = thrown
  thrown = null
  throw exception !== null && outcome.code === 'CALLBACK' ? exception.value : new WaspError(outcome)
}

/**
 * What the native half calls on this thread, with the number of a callback and its arguments: it doesn't throw. Most
 * callbacks take few, and a list of the rest costs time.
 */
const guarded =
  (functions, counts) =>
  (index, a, b, c, ...more) => {
    try {
      const call = functions[index]
      switch (counts[index]) {
        case 0:
          return call()
        case 1:
          return call(a)
        case 2:
          return call(a, b)
        case 3:
          return call(a, b, c)
        default:
          return call(a, b, c, ...more)
      }
    } catch (value) {
      thrown = { value }
      return THREW
    }
  }

/** The functions that a plugin may call back; the native half knows them by their place. */
class Callbacks {
  /** The module, the name and the kinds of each, for the native half. */
  offered = []
  functions = []

  constructor(modules = {}) {
    for (const [module, functions] of Object.entries(modules)) {
      for (const [name, callback] of Object.entries(functions)) {
        const what = `callback "${module}"."${name}"`
        const { params = [], returns = 'none', call } = options(callback, what, ['params', 'returns', 'call'])
        if (typeof call !== 'function') throw new TypeError(`${what} has no function "call"`)
        const numbers = list(params, `the parameters of ${what}`).map((param) => kind(param, `a parameter of ${what}`))
        if (params.includes('none')) throw new TypeError(`${what} has a parameter of the kind "none"`)
        this.offered.push({ module, name, params: numbers, result: kind(returns, `the result of ${what}`) })
        this.functions.push(call)
      }
    }
    const counts = this.offered.map((offered) => offered.params.length)
    this.guarded = guarded(this.functions, counts)
  }
}

module.exports = { Callbacks, THREW, settled }
