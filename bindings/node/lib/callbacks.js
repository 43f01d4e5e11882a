'use strict'

const { kind, list, options } = require('./arguments.js')
const { inCallback } = require('./caller.js')
const { threw } = require('./outcome.js')

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
      return threw(value)
    }
  }

/** The functions that a plugin may call back; the native half knows them by their place. */
class Callbacks {
  /** The module, the name and the kinds of each, for the native half. */
  offered = []
  /** What is called on this thread. */
  functions = []
  /** What is called for a guest on a worker, with the handle of its task first. */
  onWorker = []

  constructor(modules = {}) {
    for (const [module, functions] of Object.entries(modules)) {
      for (const [name, callback] of Object.entries(functions)) {
        const what = `callback "${module}"."${name}"`
        const known = ['params', 'returns', 'call', 'caller']
        const { params = [], returns = 'none', call, caller } = options(callback, what, known)
        if (typeof call !== 'function') throw new TypeError(`${what} has no function "call"`)
        const numbers = list(params, `the parameters of ${what}`).map((param) => kind(param, `a parameter of ${what}`))
        if (params.includes('none')) throw new TypeError(`${what} has a parameter of the kind "none"`)
        this.offered.push({ module, name, params: numbers, result: kind(returns, `the result of ${what}`) })
        this.functions.push(caller ? (...args) => inCallback(undefined, call, args) : call)
        this.onWorker.push((task, args) => (caller ? inCallback(task, call, args) : call(...args)))
      }
    }
    const counts = this.offered.map((offered) => offered.params.length)
    this.guarded = guarded(this.functions, counts)
  }
}

module.exports = { Callbacks }
