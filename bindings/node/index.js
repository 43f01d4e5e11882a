'use strict'

const { fileURLToPath } = require('node:url')
const native = require('./native.js')

// The numbers are the core's.
const kinds = { none: 0, i32: 1, i64: 2, f32: 3, f64: 4, string: 5, bytes: 6 }
const UNSAID = -1

/** What the native half is told instead of an answer: the exception stays here. */
const THREW = Symbol('threw')

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

const invalid = (message) => new WaspError({ code: 'INVALID', message })
const busy = () =>
  new WaspError({ code: 'BUSY', message: 'the instance runs a call already, and an instance runs one at a time' })

// Plugins give numbers, text and bytes, and the native half its handles: a plain object is a failure.
const failed = (outcome) => typeof outcome === 'object' && 'wasmStack' in outcome

/** What the callback threw that the call on this thread ends by. Guest code is unwound at once: nothing comes between. */
let thrown = null

/** What a call on this thread gives, or the exception that it ends by. */
function settled(outcome) {
  if (!failed(outcome)) return outcome
  const exception = thrown
  thrown = null
  throw exception !== null && outcome.code === 'CALLBACK' ? exception.value : new WaspError(outcome)
}

// What the caller gives, checked.

function text(value, what) {
  if (typeof value !== 'string') throw new TypeError(`${what} is ${typeof value}, not a string`)
  return value
}

function options(given, what, known) {
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null) throw new TypeError(`${what} is not an object`)
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new TypeError(`${what} has no "${name}"; it has ${known.join(', ')}`)
  }
  return given
}

function oneOf(value, what, known) {
  if (value !== undefined && !known.includes(value)) {
    throw new TypeError(`${what} is "${String(value)}", not one of ${known.join(', ')}`)
  }
  return value
}

function kind(name, what) {
  if (typeof name !== 'string' || !Object.hasOwn(kinds, name)) {
    throw new TypeError(`${what} is of the kind "${String(name)}", which is none of ${Object.keys(kinds).join(', ')}`)
  }
  return kinds[name]
}

const expected = (returns) => (returns === undefined ? UNSAID : kind(returns, 'the result'))

function list(args) {
  if (!Array.isArray(args)) throw new TypeError('the arguments are not in an array')
  return args
}

const pathOf = (path, what) => text(path instanceof URL ? fileURLToPath(path) : path, what)

/** The functions that a plugin may call back. */
class Callbacks {
  names = []
  kinds = []
  /** As they were given, for calls on workers. */
  functions = []
  /** What the native half calls: they don't throw. */
  guarded = []

  constructor(modules = {}) {
    for (const [module, functions] of Object.entries(modules)) {
      for (const [name, callback] of Object.entries(functions)) {
        const what = `callback "${module}"."${name}"`
        const { params = [], returns = 'none', call } = options(callback, what, ['params', 'returns', 'call'])
        if (typeof call !== 'function') throw new TypeError(`${what} has no function "call"`)
        const numbers = list(params).map((param) => kind(param, `a parameter of ${what}`))
        if (numbers.includes(kinds.none)) throw new TypeError(`${what} has a parameter of the kind "none"`)
        this.names.push(module, name)
        this.kinds.push([kind(returns, `the result of ${what}`), ...numbers])
        this.functions.push(call)
        this.guarded.push((...args) => {
          try {
            return call(...args)
          } catch (value) {
            thrown = { value }
            return THREW
          }
        })
      }
    }
  }
}

function volumes(given = {}) {
  return Object.entries(given).flatMap(([guest, volume]) => {
    const what = `the volume "${guest}"`
    if (typeof volume === 'string' || volume instanceof URL) return [guest, pathOf(volume, what), 'rw']
    const { path, readOnly = false } = options(volume, what, ['path', 'readOnly'])
    return [guest, pathOf(path, what), readOnly ? 'ro' : 'rw']
  })
}

function limits(given) {
  const known = ['memoryBytes', 'tableElements', 'stackBytes', 'timeout', 'idleInstances']
  const checked = {}
  for (const [name, value] of Object.entries(options(given, 'limits', known))) {
    if (value === undefined) continue
    const fits = name === 'timeout' ? value > 0 && value < 2 ** 53 : Number.isSafeInteger(value) && value >= 0
    if (typeof value !== 'number' || !fits) throw new TypeError(`the limit "${name}" is ${String(value)}`)
    checked[name] = value
  }
  return checked
}

/** An engine as its instances share it. */
class Core {
  constructor(handle, logger) {
    this.handle = handle
    this.logger = logger
  }

  /** Hands on what was logged. A logger that throws does so on its own. */
  flush() {
    if (this.logger === undefined) return
    for (const record of native.takeLog(this.handle)) {
      try {
        this.logger(record)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

class Engine {
  #core
  /** The callbacks of each plugin. */
  #plugins = new Map()

  constructor(given) {
    const known = ['compiler', 'cacheDir', 'stdio', 'logger', 'logLevel']
    const { compiler, cacheDir, stdio, logger, logLevel = 'info' } = options(given, 'the options', known)
    if (logger !== undefined && typeof logger !== 'function') throw new TypeError('the logger is not a function')
    const checked = {
      compiler: oneOf(compiler, 'the compiler', ['cranelift', 'singlepass']),
      stdio: oneOf(stdio, 'stdio', ['inherit', 'log', 'none']),
      cacheDir: cacheDir === undefined ? undefined : pathOf(cacheDir, 'cacheDir'),
    }
    oneOf(logLevel, 'the log level', ['error', 'info', 'debug', 'trace'])
    if (logger !== undefined) checked.logLevel = logLevel
    this.#core = new Core(native.engine(checked, deliver), logger)
  }

  register(name, pathOrBytes, given) {
    const known = ['callbacks', 'env', 'volumes', 'limits', 'snapshot']
    const config = options(given, 'the config', known)
    const callbacks = new Callbacks(config.callbacks)
    const checked = {
      ...limits(config.limits),
      names: callbacks.names,
      kinds: callbacks.kinds,
      env: Object.entries(config.env ?? {}).flatMap(([name, value]) => [name, text(value, `env "${name}"`)]),
      volumes: volumes(config.volumes),
      snapshot: config.snapshot === undefined ? undefined : Boolean(config.snapshot),
    }
    const source = pathOrBytes instanceof URL ? fileURLToPath(pathOrBytes) : pathOrBytes
    const outcome = native.register(this.#core.handle, text(name, 'the name'), source, checked, callbacks.guarded)
    this.#core.flush()
    settled(outcome)
    this.#plugins.set(name, callbacks)
  }

  unregister(name) {
    settled(native.unregister(this.#core.handle, text(name, 'the name')))
    this.#plugins.delete(name)
  }

  instance(name, given) {
    const { workspace } = options(given, 'the options', ['workspace'])
    const path = workspace === undefined ? '' : pathOf(workspace, 'the workspace')
    const callbacks = this.#plugins.get(text(name, 'the name')) ?? new Callbacks()
    const handle = native.instance(this.#core.handle, name, path, callbacks.guarded)
    this.#core.flush()
    return new Instance(CREATE, this.#core, settled(handle), callbacks)
  }
}

const CREATE = Symbol('create')

class Instance {
  #core
  #handle
  #callbacks
  /** The call that runs on a worker. */
  #running = null
  #functions

  constructor(create, core, handle, callbacks) {
    if (create !== CREATE) throw new TypeError('instances are made by engine.instance(name)')
    this.#core = core
    this.#handle = handle
    this.#callbacks = callbacks
  }

  #open() {
    if (this.#handle === null) throw invalid('the instance is closed')
    if (this.#running !== null) throw busy()
    return this.#handle
  }

  call(name, args = [], returns) {
    const handle = this.#open()
    const outcome = native.call(handle, text(name, 'the function'), list(args), expected(returns), this.#callbacks.guarded)
    if (this.#core.logger !== undefined) this.#core.flush()
    return settled(outcome)
  }

  async callAsync(name, args = [], returns, given) {
    const { signal } = options(given, 'the options', ['signal'])
    signal?.throwIfAborted()
    const handle = this.#open()
    const call = new Call(handle, this.#callbacks, this.#core)
    settled(native.start(handle, call.id, text(name, 'the function'), list(args), expected(returns)))
    const stop = () => call.stop()
    this.#running = call
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await call.wait()
    } catch (error) {
      throw signal?.aborted && error instanceof WaspError && error.code === 'CANCELLED' ? signal.reason : error
    } finally {
      this.#running = null
      signal?.removeEventListener('abort', stop)
      // Closed meanwhile.
      if (this.#handle === null) native.close(handle)
    }
  }

  interrupt() {
    if (this.#running !== null) this.#running.stop()
  }

  reset() {
    const outcome = native.reset(this.#open(), this.#callbacks.guarded)
    this.#core.flush()
    settled(outcome)
  }

  get functions() {
    if (this.#functions === undefined) {
      if (this.#handle === null) throw invalid('the instance is closed')
      this.#functions = native.functions(this.#handle)
    }
    return this.#functions
  }

  close() {
    if (this.#handle === null) return
    // A call that runs, or is about to, closes it at its end.
    if (this.#running === null) native.close(this.#handle)
    this.#handle = null
  }
}
Object.defineProperty(Instance.prototype, Symbol.dispose ?? Symbol.for('nodejs.dispose'), {
  value: Instance.prototype.close,
  configurable: true,
  writable: true,
})

// Calls on workers.

/** Those that run, by number. While there are some, the process stays. */
const calls = new Map()
let lastCall = 0
let stay

class Call {
  id = (lastCall = (lastCall + 1) >>> 0)
  #handle
  #callbacks
  #core
  #thrown = null
  #stopped = false
  #settle
  #outcome = new Promise((resolve) => (this.#settle = resolve))

  constructor(handle, callbacks, core) {
    this.#handle = handle
    this.#callbacks = callbacks
    this.#core = core
  }

  async wait() {
    calls.set(this.id, this)
    stay ??= setInterval(() => {}, 2 ** 31 - 1)
    const outcome = await this.#outcome
    this.#core.flush()
    if (!failed(outcome)) return outcome
    throw this.#thrown !== null && outcome.code === 'CALLBACK' ? this.#thrown.value : new WaspError(outcome)
  }

  done(outcome) {
    calls.delete(this.id)
    if (calls.size === 0) {
      clearInterval(stay)
      stay = undefined
    }
    this.#settle(outcome)
  }

  /** The guest calls back. */
  async answer(args, index, ticket) {
    this.#core.flush()
    if (this.#stopped) return native.interrupt(this.#handle)
    let value
    try {
      const call = this.#callbacks.functions[index]
      value = await call(...args)
    } catch (exception) {
      this.#thrown = { value: exception }
      value = THREW
    }
    native.answer(this.#handle, ticket, value)
  }

  /** Ends the call. It may only be about to begin, so this goes on until it is over. */
  stop() {
    if (!calls.has(this.id)) return
    this.#stopped = true
    native.interrupt(this.#handle)
    setTimeout(() => this.stop(), 2)
  }
}

/** Hears what workers send: how a call ended, or a callback with the ticket for its answer. */
function deliver(id, payload, index, ticket) {
  const call = calls.get(id)
  if (index === undefined) call?.done(payload)
  else call?.answer(payload, index, ticket)
}

module.exports = { Engine, Instance, WaspError }
