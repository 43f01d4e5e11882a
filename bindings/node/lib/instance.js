'use strict'

const { inspect: show } = require('node:util')
const native = require('../native.js')
const { settled } = require('./outcome.js')
const { passed, passedAll } = require('./json.js')
const { WaspError, failed } = require('./error.js')
const { expected, list, options, text, timeLimit } = require('./arguments.js')
const { Memory } = require('./memory.js')
const { PROGRAM, Task } = require('./task.js')

// How `call` takes what is known of it in one number: the native half says where each part begins.
const { TEXT, NUMBER, PLACE } = native.packing
const [TYPE_0, TYPE_1, TYPE_2, TYPE_3] = native.packing.TYPES

/** What only an engine has, since only engines make instances. */
const CREATE = Symbol('create')
const NONE = []
/** As many as are kept idle by default. */
const MOST_SPARE = 64

/** How the native half reads an argument: as text, as a number, or by looking what it is. */
const type = (arg) => (typeof arg === 'string' ? TEXT : typeof arg === 'number' ? NUMBER : 0)

/** Returns argument number `index` of the function `name`, from 0, as the native half takes it. */
const fit = (arg, name, index) =>
  typeof arg === 'object' ? passed(arg, () => `${called(name)}: argument ${index + 1}`, 'INVALID') : arg
const fitAll = (args, name) => passedAll(list(args, 'the arguments'), called(name))
const called = (name) => `function ${JSON.stringify(name)}`

const closed = () => new WaspError({ code: 'INVALID', message: 'the instance is closed' })
const busy = () =>
  new WaspError({ code: 'BUSY', message: 'the instance runs a call already, and an instance runs one at a time' })

/** Returns what keeps up to `most` bytes of what an instance prints, as the native half knows it. */
let capture

/**
 * The list of functions, with each by its name, to be called. A function may have the name of a method of lists, which is
 * then not there; a place in the list, and its length, no function can have.
 */
function callable(instance, functions) {
  const list = [...functions]
  for (const { name } of functions) {
    if (name === 'length' || /^\d+$/.test(name)) continue
    const value = { [name]: (...args) => instance.call(name, args) }[name]
    Object.defineProperty(list, name, { value, configurable: true })
  }
  return Object.freeze(list)
}

class Instance {
  static {
    capture = (instance, most) => settled(native.capture(instance.#open(), most))
  }

  #core
  #plugin
  #handle
  /** The call that runs on a worker. */
  #running = null
  #memory
  #functions

  constructor(create, core, plugin, handle) {
    if (create !== CREATE) throw new TypeError('instances are made by engine.instance(name)')
    this.#core = core
    this.#plugin = plugin
    this.#handle = handle
  }

  #open() {
    if (this.#handle === null) throw closed()
    if (this.#running !== null) throw busy()
    return this.#handle
  }

  /** The place of a function in the plugin's list, shifted to where `call` takes it; nothing if it isn't there. */
  #place(name) {
    const plugin = this.#plugin
    if (name === plugin.lastName) return plugin.lastPlace
    const place = plugin.places(this.#handle).get(text(name, 'the function'))
    if (place === undefined) return undefined
    plugin.lastName = name
    return (plugin.lastPlace = place << PLACE)
  }

  call(name, args = NONE, returns, given) {
    if (given !== undefined) return this.#callWith(name, args, returns, given)
    this.#open()
    const place = this.#place(name)
    const kind = expected(returns)
    const { guarded } = this.#plugin.callbacks
    let outcome
    // The arguments first: a getter among them may close this instance, and then its handle is soon another's.
    if (place === undefined || list(args, 'the arguments').length > 4) {
      const all = fitAll(args, name)
      outcome = native.callNamed(this.#open(), name, kind, guarded, all, 0)
    } else {
      switch (args.length) {
        case 0:
          outcome = native.call(this.#open(), place | kind, guarded)
          break
        case 1: {
          const a = fit(args[0], name, 0)
          outcome = native.call(this.#open(), place | (type(a) << TYPE_0) | kind, guarded, a)
          break
        }
        case 2: {
          const a = fit(args[0], name, 0)
          const b = fit(args[1], name, 1)
          const types = (type(b) << TYPE_1) | (type(a) << TYPE_0)
          outcome = native.call(this.#open(), place | types | kind, guarded, a, b)
          break
        }
        default: {
          const all = fitAll(args, name)
          const [a, b, c, d] = all
          const types = (type(d) << TYPE_3) | (type(c) << TYPE_2) | (type(b) << TYPE_1) | (type(a) << TYPE_0)
          outcome = native.call(this.#open(), place | types | kind, guarded, ...all)
        }
      }
    }
    if (this.#core.logger !== undefined) this.#core.flush()
    return typeof outcome === 'object' ? settled(outcome, this.#plugin.name, name) : outcome
  }

  /** A call with options, which most have not. */
  #callWith(name, args, returns, given) {
    const { timeout } = options(given, 'the options of call', ['timeout'])
    const limit = timeLimit(timeout)
    this.#open()
    const kind = expected(returns)
    const all = fitAll(args, name)
    const { guarded } = this.#plugin.callbacks
    const outcome = native.callNamed(this.#open(), text(name, 'the function'), kind, guarded, all, limit)
    this.#core.flush()
    return settled(outcome, this.#plugin.name, name)
  }

  async callAsync(name, args = NONE, returns, given) {
    const { signal, timeout } = options(given, 'the options of callAsync', ['signal', 'timeout'])
    const limit = timeLimit(timeout)
    signal?.throwIfAborted()
    this.#open()
    const task = new Task(this.#core, this.#plugin.callbacks, this.#plugin.name, name, given?.[PROGRAM])
    const kind = expected(returns)
    const all = fitAll(args, name)
    const handle = this.#open()
    const taskHandle = native.start(handle, task.id, text(name, 'the function'), kind, limit, ...all)
    if (failed(taskHandle)) throw new WaspError(taskHandle)
    const stop = () => task.stop()
    this.#running = task
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await task.wait(taskHandle)
    } catch (error) {
      throw signal?.aborted && error instanceof WaspError && error.code === 'CANCELLED' ? signal.reason : error
    } finally {
      this.#running = null
      signal?.removeEventListener('abort', stop)
      native.finish(handle, taskHandle)
      // Closed meanwhile.
      if (this.#handle === null) this.#free(handle)
    }
  }

  interrupt() {
    if (this.#running !== null) this.#running.stop()
  }

  reset() {
    const outcome = native.reset(this.#open(), this.#plugin.callbacks.guarded)
    this.#core.flush()
    settled(outcome)
  }

  get memory() {
    return (this.#memory ??= new Memory(() => {
      if (this.#handle === null) throw closed()
      return [this.#handle, this.#running?.handle]
    }))
  }

  get plugin() {
    return this.#plugin.name
  }

  [show.custom](_depth, given) {
    const told = { plugin: this.plugin }
    if (this.#handle === null) {
      told.state = 'closed'
    } else {
      const poison = this.#running === null ? native.poison(this.#handle) : ''
      if (this.#running !== null || failed(poison)) told.state = 'busy'
      else if (poison !== '') told.state = 'stopped half-way, must be reset'
      else told.memory = this.memory.size
    }
    return `Instance ${show(told, given)}`
  }

  get functions() {
    if (this.#handle === null) throw closed()
    this.#functions ??= callable(this, this.#plugin.functions(this.#handle))
    return this.#functions
  }

  close() {
    if (this.#handle === null) return
    // A call that runs, or is about to, closes it at its end.
    if (this.#running === null) this.#free(this.#handle)
    this.#handle = null
  }

  #free(handle) {
    native.close(handle)
    const { spare } = this.#plugin
    if (spare.length < MOST_SPARE) spare.push(handle)
  }
}
Object.defineProperty(Instance.prototype, Symbol.dispose ?? Symbol.for('nodejs.dispose'), {
  value: Instance.prototype.close,
  configurable: true,
  writable: true,
})

module.exports = { CREATE, Instance, capture }
