'use strict'
// What runs on workers: calls and registrations.

const native = require('../native.js')
const { WaspError, failed } = require('./error.js')
const { THREW, result } = require('./outcome.js')

/** Those that run, by number. While there are some, the process stays. */
const tasks = new Map()
let lastTask = 0
let stay

/** By this name the options of a call have the program that it runs. */
const PROGRAM = Symbol('program')

class Task {
  id = (lastTask = (lastTask + 1) >>> 0)
  #callbacks
  #core
  #function
  #plugin
  /** The native half's handle of it. */
  #handle
  #thrown = null
  #stopped = false
  #settle
  #outcome = new Promise((resolve) => (this.#settle = resolve))

  /** For a guest with these callbacks; if it is a call, of which function of which plugin, and of which program, if it is one's. */
  constructor(core, callbacks, plugin, name, program) {
    this.program = program
    this.#plugin = plugin
    this.#core = core
    this.#callbacks = callbacks
    this.#function = name
  }

  get handle() {
    return this.#handle
  }

  /** What comes of it. `handle` is what the native half returned when it began. */
  async wait(handle) {
    if (failed(handle)) throw new WaspError(handle)
    this.#handle = handle
    tasks.set(this.id, this)
    stay ??= setInterval(() => {}, 2 ** 31 - 1)
    const outcome = await this.#outcome
    this.#core.flush()
    if (!failed(outcome)) return result(outcome, this.#plugin, this.#function)
    outcome.function ??= this.#function
    throw this.#thrown !== null && outcome.code === 'CALLBACK' ? this.#thrown.value : new WaspError(outcome)
  }

  #done(outcome) {
    tasks.delete(this.id)
    if (tasks.size === 0) {
      clearInterval(stay)
      stay = undefined
    }
    this.#settle(outcome)
  }

  /** The guest calls back. */
  async #answer(args, index, ticket) {
    this.#core.flush()
    if (this.#stopped) return native.stop(this.#handle)
    let value
    try {
      value = await this.#callbacks.onWorker[index](this, args)
    } catch (exception) {
      this.#thrown = { value: exception }
      value = THREW
    }
    native.answer(this.#handle, ticket, value)
  }

  /** Ends it. It may only be about to begin, so this goes on until it is over. */
  stop() {
    if (!tasks.has(this.id)) return
    this.#stopped = true
    native.stop(this.#handle)
    setTimeout(() => this.stop(), 2)
  }

  /** Hears what workers send: how a task ended, or a callback with the ticket for its answer. */
  static deliver(id, payload, index, ticket) {
    const task = tasks.get(id)
    if (index === undefined) task?.#done(payload)
    else task?.#answer(payload, index, ticket)
  }
}

module.exports = { PROGRAM, Task }
