'use strict'

const { fileURLToPath } = require('node:url')
const { inspect: show } = require('node:util')
const native = require('../native.js')
const { settled } = require('./outcome.js')
const config = require('./config.js')
const { WaspError } = require('./error.js')
const { hint, oneOf, options, pathOf, text } = require('./arguments.js')
const { CREATE, Instance } = require('./instance.js')
const scripts = require('./scripts.js')
const { Task } = require('./task.js')

/** An engine as its plugins and instances share it. */
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

/** How many functions can be called by their place. Those after them are called by name. */
const { PLACES } = native.packing

/** A registered plugin. */
class Plugin {
  /** The function that was called last, and its place as `call` takes it. */
  lastName
  lastPlace
  /** Handles of closed instances, for new ones. */
  spare = []
  #functions
  #places

  constructor(name, handle, callbacks) {
    this.name = name
    this.handle = handle
    this.callbacks = callbacks
  }

  /** What it offers, asked of one of its instances; all share the list. */
  functions(instance) {
    if (this.#functions === undefined) {
      this.#functions = native.functions(instance)
      for (const each of this.#functions) {
        Object.freeze(each.params)
        Object.freeze(each.paramNames)
        Object.freeze(each)
      }
      Object.freeze(this.#functions)
    }
    return this.#functions
  }

  /** The places of its functions in that list, by name. */
  places(instance) {
    this.#places ??= new Map(
      this.functions(instance)
        .slice(0, PLACES)
        .map(({ name }, place) => [name, place]),
    )
    return this.#places
  }
}

class Engine {
  #compiler
  #core
  /** Those that are registered, by name. */
  #plugins = new Map()

  constructor(given) {
    const known = ['compiler', 'cacheDir', 'stdio', 'logger', 'logLevel', 'kernelFaultCounts']
    const named = options(given, 'the options', known)
    const { compiler, cacheDir, stdio, logger, logLevel = 'info', kernelFaultCounts = false } = named
    if (logger !== undefined && typeof logger !== 'function') throw new TypeError('the logger is not a function')
    const checked = {
      compiler: oneOf(compiler, 'the compiler', ['cranelift', 'singlepass', 'tiered']),
      stdio: oneOf(stdio, 'stdio', ['inherit', 'output', 'log', 'none']),
      cacheDir: cacheDir === undefined ? undefined : pathOf(cacheDir, 'cacheDir'),
      kernelFaultCounts: Boolean(kernelFaultCounts),
    }
    oneOf(logLevel, 'the log level', ['error', 'info', 'debug', 'trace'])
    if (logger !== undefined) checked.logLevel = logLevel
    this.#core = new Core(native.engine(checked, Task.deliver), logger)
    this.#compiler = compiler ?? 'cranelift'
  }

  #found(name) {
    const plugin = this.#plugins.get(text(name, 'the name'))
    if (plugin !== undefined) return plugin
    const message = `no plugin is registered as ${JSON.stringify(name)}${hint(name, [...this.#plugins.keys()])}`
    throw new WaspError({ code: 'PLUGIN_NOT_FOUND', message })
  }

  #keep(name, handle, callbacks) {
    const replaced = this.#plugins.get(name)
    this.#plugins.set(name, new Plugin(name, handle, callbacks))
    if (replaced !== undefined) native.release(replaced.handle)
  }

  register(name, pathOrBytes, given) {
    const { callbacks, checked, code, script } = candidate(name, pathOrBytes, given)
    const outcome = native.register(this.#core.handle, name, code, checked, callbacks.guarded, script)
    this.#core.flush()
    this.#keep(name, settled(outcome), callbacks)
  }

  async registerAsync(name, pathOrBytes, given) {
    const { callbacks, checked, code, script } = candidate(name, pathOrBytes, given)
    const task = new Task(this.#core, callbacks)
    const handle = native.registerAsync(this.#core.handle, name, code, checked, task.id, script)
    this.#keep(name, await task.wait(handle), callbacks)
  }

  compile(pathOrBytes) {
    return settled(native.compile(this.#core.handle, source(pathOrBytes)))
  }

  unregister(name) {
    const { handle } = this.#found(name)
    this.#plugins.delete(name)
    native.release(handle)
  }

  get plugins() {
    return [...this.#plugins.keys()].sort()
  }

  has(name) {
    return this.#plugins.has(text(name, 'the name'))
  }

  plugin(name) {
    return settled(native.plugin(this.#found(name).handle))
  }

  get memoryUsed() {
    const handles = Array.from(this.#plugins.values(), ({ handle }) => handle)
    return native.pluginsMemory(this.#core.handle, ...handles)
  }

  [show.custom](_depth, given) {
    return `Engine ${show({ compiler: this.#compiler, plugins: this.plugins }, given)}`
  }

  instance(name, given) {
    const plugin = this.#found(name)
    let path = ''
    if (given !== undefined) {
      const { workspace } = options(given, 'the options', ['workspace'])
      if (workspace !== undefined) path = pathOf(workspace, 'the workspace')
    }
    const handle = native.instance(plugin.handle, path, plugin.callbacks.guarded, plugin.spare.pop())
    this.#core.flush()
    return new Instance(CREATE, this.#core, plugin, settled(handle))
  }
}

const source = (pathOrBytes) => (pathOrBytes instanceof URL ? fileURLToPath(pathOrBytes) : pathOrBytes)

/** What is to be registered, checked for the native half. */
function candidate(name, given, options) {
  scripts.checkName(text(name, 'the name'))
  const { callbacks, checked, language } = config.read(options)
  const code = source(given)
  // What is compiled is no script, whatever its file is called.
  const script = checked.compiled ? undefined : scripts.script(name, code, given instanceof URL, language)
  return { callbacks, checked, code, script }
}

const inspect = (pathOrBytes) => settled(native.inspect(source(pathOrBytes)))

module.exports = { Engine, inspect }
