'use strict'

class WaspError extends Error {
  constructor({ code, message, function: name, wasmStack = [], exitCode, imports = [] }) {
    super(message)
    this.code = code
    this.function = name ?? undefined
    this.wasmStack = wasmStack
    if (code === 'EXIT') this.exitCode = exitCode
    if (code === 'IMPORT_NOT_FOUND') this.imports = imports
    for (const frame of wasmStack) frame.function ??= undefined
    const header = `${this.name}: ${message}`
    if (wasmStack.length > 0 && this.stack.startsWith(header)) {
      const frames = wasmStack.map(
        ({ function: name, functionIndex, moduleOffset }) =>
          `\n    at ${name ?? '<unnamed>'} (wasm-function[${functionIndex}]:0x${moduleOffset.toString(16)})`,
      )
      this.stack = header + frames.join('') + this.stack.slice(header.length)
    }
  }
}
Object.defineProperty(WaspError.prototype, 'name', { value: 'WaspError', configurable: true, writable: true })

// Plugins give numbers, text and bytes, and the native half its handles: only a failure is an object with a stack.
const failed = (outcome) => typeof outcome === 'object' && outcome.wasmStack !== undefined

module.exports = { WaspError, failed }
