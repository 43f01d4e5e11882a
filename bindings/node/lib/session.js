'use strict'
// Sandboxes that keep what their programs leave.

const { inspect: show } = require('node:util')
const native = require('../native.js')
const { WaspError } = require('./error.js')
const files = require('./files.js')
const { capture } = require('./instance.js')
const { Program } = require('./program.js')

/** As long as timers go. */
const LONGEST = 2 ** 31 - 1
/** What ends a program half-way, other than a limit. */
const ENDS = ['Trap', 'Exit', 'Abort']

function milliseconds(value, what) {
  if (typeof value === 'number' && value > 0) return value
  throw new TypeError(`${what} is ${String(value)}, and a number of milliseconds above 0 is accepted`)
}

class Session {
  #of
  #idle
  #lifetime
  #made = performance.now()
  #used = this.#made
  #workspace
  #instance
  #capture
  #timer
  /** The program that runs. */
  #running = null
  /** Why it has ended, if it has. */
  #ended = null

  /** `of` is how its runtime makes what it is of. */
  constructor({ idle = 600_000, lifetime = 3_600_000 }, of) {
    if (typeof of?.job !== 'function') throw new TypeError('sessions are made by runtime.session()')
    this.#idle = milliseconds(idle, 'idle')
    this.#lifetime = milliseconds(lifetime, 'lifetime')
    this.#of = of
    this.#workspace = of.workspace()
    try {
      this.#instance = of.instance(this.#workspace)
      this.#capture = capture(this.#instance, 0)
    } catch (error) {
      files.removeSync(this.#workspace)
      throw error
    }
    this.#wait()
  }

  /** Ends it when its time is over, unless a program runs. */
  #wait() {
    const now = performance.now()
    const left = Math.min(this.#used + this.#idle, this.#made + this.#lifetime) - now
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#expire(), Math.min(Math.max(left, 0) + 1, LONGEST))
    this.#timer.unref()
  }

  #expire() {
    if (this.#running !== null || this.#ended !== null) return
    const now = performance.now()
    if (now - this.#used > this.#idle) this.#end(`it was idle for more than ${this.#idle} ms`)
    else if (now - this.#made > this.#lifetime) this.#end(`it was older than ${this.#lifetime} ms`)
    else this.#wait()
  }

  #end(why) {
    if (this.#ended !== null) return
    this.#ended = why
    clearTimeout(this.#timer)
    this.#instance.close()
    files.removeSync(this.#workspace)
  }

  #begin(job) {
    if (this.#running !== null) {
      throw new WaspError({ code: 'BUSY', message: 'the session runs a program already, and it runs one at a time' })
    }
    this.#expire()
    if (this.#ended !== null) throw new WaspError({ code: 'INVALID', message: `the session has ended: ${this.#ended}` })
    job.signal?.throwIfAborted()
    native.restartCapture(this.#capture, job.limits.outputBytes)
    this.#running = new Program(job)
    return this.#running
  }

  /** What was stopped half-way is no place for another program. */
  #over(result) {
    this.#running = null
    this.#used = performance.now()
    const { error, stopped } = result ?? { error: null, stopped: 'by its host' }
    if (this.#closing !== null) this.#end(this.#closing)
    else if (stopped !== null) this.#end(`its last program was stopped: ${stopped}`)
    else if (ENDS.includes(error?.type)) this.#end(`its last program was stopped: ${error.type}: ${error.message}`)
    else this.#wait()
  }

  /** Why it ends when the program that runs is over. */
  #closing = null

  async run(code, given) {
    const job = this.#of.job(code, given, false)
    const program = this.#begin(job)
    let result
    try {
      result = await this.#of.collected(job, this.#workspace, await program.execute(this.#instance, this.#capture))
      return result
    } finally {
      this.#over(result)
    }
  }

  runSync(code, given) {
    const job = this.#of.job(code, given, true)
    const program = this.#begin(job)
    let result
    try {
      result = this.#of.collectedSync(job, this.#workspace, program.executeSync(this.#instance, this.#capture))
      return result
    } finally {
      this.#over(result)
    }
  }

  get isOpen() {
    return this.#ended === null
  }

  interrupt() {
    this.#running?.cancel()
  }

  close() {
    if (this.#running === null) this.#end('it was closed')
    else this.#closing = 'it was closed'
  }

  [show.custom](_depth, given) {
    return `Session ${show({ language: this.#of.language, state: this.#ended ?? 'open' }, given)}`
  }
}
Object.defineProperty(Session.prototype, Symbol.dispose ?? Symbol.for('nodejs.dispose'), {
  value: Session.prototype.close,
  configurable: true,
  writable: true,
})

module.exports = { Session }
