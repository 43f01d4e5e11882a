'use strict'

const native = require('../native.js')
const { settled } = require('./outcome.js')
const { WaspError } = require('./error.js')

/** Returns an address, which plugins give as an i32 with a sign. */
function place(address) {
  if (!Number.isInteger(address) || address < -(2 ** 31) || address >= 2 ** 32) {
    throw new WaspError({ code: 'INVALID', message: `${address} is no address: these are integers of 32 bits` })
  }
  return address >>> 0
}

class Memory {
  #instance

  /** `instance` returns the native handle of an instance, and that of the task it runs in, if it does. */
  constructor(instance) {
    this.#instance = instance
  }

  get size() {
    return settled(native.memorySize(...this.#instance()))
  }

  get used() {
    const [instance] = this.#instance()
    return settled(native.memoryUsed(instance))
  }

  read(address, length) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new WaspError({ code: 'INVALID', message: `the length is ${length}, and an integer from 0 on is accepted` })
    }
    return settled(native.readMemory(...this.#instance(), place(address), length))
  }

  write(address, data) {
    settled(native.writeMemory(...this.#instance(), place(address), data))
  }
}

module.exports = { Memory }
