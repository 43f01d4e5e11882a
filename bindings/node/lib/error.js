'use strict'

class WaspError extends Error {
  constructor({ code, message, function: name, wasmStack = [], stderr, exitCode, imports = [] }) {
    super(message)
    this.code = code
    this.function = name ?? undefined
    this.wasmStack = wasmStack
    if (code === 'EXIT') this.exitCode = exitCode
    if (code === 'IMPORT_NOT_FOUND') this.imports = imports
    if (stderr) this.stderr = stderr
    // What isn't known is not there, rather than null.
    for (const frame of wasmStack) {
      frame.function ??= undefined
      for (const field of ['file', 'line', 'column']) if (frame[field] == null) delete frame[field]
    }
    const header = `${this.name}: ${message}`
    if (wasmStack.length > 0 && this.stack.startsWith(header)) {
      const frames = wasmStack.map((frame) => `\n    at ${frame.function ?? '<unnamed>'} (${place(frame)})`)
      this.stack = header + frames.join('') + this.stack.slice(header.length)
    }
  }
}
Object.defineProperty(WaspError.prototype, 'name', { value: 'WaspError', configurable: true, writable: true })

// Where a frame is: in its source, or else in the module.
const place = ({ functionIndex, moduleOffset, file, line, column }) =>
  file === undefined
    ? `wasm-function[${functionIndex}]:0x${moduleOffset.toString(16)}`
    : [file, line, column].filter((part) => part !== undefined).join(':')

// Plugins give numbers, text and bytes, and the native half its handles: only a failure is an object with a stack.
const failed = (outcome) => typeof outcome === 'object' && outcome.wasmStack !== undefined

module.exports = { WaspError, failed }
