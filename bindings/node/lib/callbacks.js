'use strict'

const { kind, list, options } = require('./arguments.js')
const { inCallback } = require('./caller.js')
const { parsed, passed } = require('./json.js')
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

/** Has `call` take and answer JSON as the values that it is the text of, where its callback's kinds have any. */
function withJson(call, params, returns, what) {
  const given = (arg, index) => (Array.isArray(arg) ? parsed(arg, `${what}: argument ${index + 1}`) : arg)
  const taking = params.includes('json') ? (task, args) => call(task, args.map(given)) : call
  if (returns !== 'json') return taking
  const answered = (answer) => passed(answer, () => `${what}: its answer`, 'CALLBACK')
  return (task, args) => {
    const answer = taking(task, args)
    if (task !== undefined && typeof answer?.then === 'function') return Promise.resolve(answer).then(answered)
    return answered(answer)
  }
}

/**
 * Marks a callback of wasp's own. Its `call` takes the task that its guest runs in, if it does, and the arguments in a list, with JSON
 * as the native half has it, and answers likewise; the clock of the guest's time limit stops meanwhile.
 */
const OWN = Symbol('own')

/** The functions that a plugin may call back; the native half knows them by their place. */
class Callbacks {
  /** The module, the name and the kinds of each, for the native half. */
  offered = []
  /** What is called on this thread. */
  functions = []
  /** What is called for a guest on a worker, with its task first. */
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
        const result = kind(returns, `the result of ${what}`)
        const isUntimed = callback[OWN] === true
        this.offered.push({ module, name, params: numbers, result, isUntimed })
        if (isUntimed) {
          this.functions.push((...args) => call(undefined, args))
          this.onWorker.push(call)
          continue
        }
        const plain = (task, args) => (caller ? inCallback(task, call, args) : call(...args))
        const wrapped = withJson(plain, params, returns, what)
        // Most need nothing around them.
        this.functions.push(caller || wrapped !== plain ? (...args) => wrapped(undefined, args) : call)
        this.onWorker.push(wrapped)
      }
    }
    const counts = this.offered.map((offered) => offered.params.length)
    this.guarded = guarded(this.functions, counts)
  }
}

module.exports = { Callbacks, OWN }
