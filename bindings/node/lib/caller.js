'use strict'

const native = require('../native.js')
const { WaspError } = require('./error.js')
const { Memory } = require('./memory.js')

class Caller {
  #place
  #memory

  /** `place` is the number that the native half knows it by, and the handle of the task that it runs in, if it does. */
  constructor(place) {
    this.#place = place
    this.plugin = native.callerPlugin(...place)
    this.#memory = new Memory(() => {
      if (this.#place === null) {
        const message = 'the callback is over, and a caller is of use only while it runs'
        throw new WaspError({ code: 'INVALID', message })
      }
      return this.#place
    })
  }

  get memory() {
    return this.#memory
  }

  /** Ends its use. */
  static end(caller) {
    caller.#place = null
  }
}

/** Calls `call` with its caller first, which waits on this thread or in a task. */
function inCallback(task, call, args) {
  const caller = new Caller([native.callerNumber(), task?.handle])
  let answer
  try {
    answer = call(caller, ...args)
  } catch (exception) {
    Caller.end(caller)
    throw exception
  }
  if (task !== undefined && typeof answer?.then === 'function') {
    return Promise.resolve(answer).finally(() => Caller.end(caller))
  }
  Caller.end(caller)
  return answer
}

module.exports = { inCallback }
