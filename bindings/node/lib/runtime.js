'use strict'
// Languages, prepared for programs that others wrote.

const { accessSync, constants, mkdirSync, statSync } = require('node:fs')
const { homedir } = require('node:os')
const { join } = require('node:path')
const { inspect: show } = require('node:util')
const { isAsyncFunction } = require('node:util/types')
const native = require('../native.js')
const { hint, options, text } = require('./arguments.js')
const { Engine } = require('./engine.js')
const files = require('./files.js')
const { isPlain } = require('./json.js')
const { DEFAULTS, OPEN, limits } = require('./limits.js')
const { Program, apart, callTool } = require('./program.js')
const { Session } = require('./session.js')
const { byName } = require('./tools.js')

/** What only this package has, since only `runtime` makes runtimes. */
const CREATE = Symbol('create')
const languages = ['javascript', 'lua', 'pocketpy']
/** How many plugins a runtime has: one for each limit of memory. */
const MOST_PLUGINS = 32

const ofRun = ['inputs', 'tools', 'collect', 'limits', 'gate', 'showErrors', 'signal', 'onStdout', 'onStderr']

/** Returns where compiled runtimes are kept: files that run as code, so that only this user may write there. */
function cacheDirectory() {
  try {
    const directory = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'wasp')
    mkdirSync(directory, { mode: 0o700, recursive: true })
    const { mode, uid } = statSync(directory)
    accessSync(directory, constants.W_OK)
    return uid === process.getuid() && (mode & 0o022) === 0 ? directory : undefined
  } catch {
    return undefined
  }
}

let made
let count = 0

/** The engine of all runs: tiered, so that the first waits for a fast compiler only. */
const engine = () => (made ??= new Engine({ compiler: 'tiered', cacheDir: cacheDirectory(), stdio: 'none' }))

/** Forgets the plugins of runtimes that nobody has any more. */
const forgotten = new FinalizationRegistry((plugins) => {
  for (const name of plugins.values()) engine().unregister(name)
})

function sourceOf(language) {
  if (languages.includes(language)) return native.runner(language)
  const near = typeof language === 'string' ? hint(language, languages) : ''
  throw new TypeError(`the language is ${JSON.stringify(language)}, and ${languages.join(', ')} are accepted${near}`)
}

function callable(value, what) {
  if (value === undefined || typeof value === 'function') return value
  throw new TypeError(`${what} is ${typeof value}, and a function is accepted`)
}

/** The JSON of a program's inputs. */
function inputsOf(given = {}, tools) {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || !isPlain(given)) {
    throw new TypeError('inputs is no plain object, of values by the names that the program has them by')
  }
  const both = Object.keys(given).find((name) => tools.has(name))
  if (both !== undefined) throw new RangeError(`"${both}" is an input and a tool`)
  try {
    return JSON.stringify(given)
  } catch (cause) {
    throw new TypeError(`the inputs have no JSON: ${cause.message.split('\n', 1)[0]}`, { cause })
  }
}

/** Refuses what a run on this thread couldn't wait for. */
function checkSync(tools, gate) {
  const tool = [...tools.values()].find((tool) => tool.isAsync)
  if (tool === undefined && !isAsyncFunction(gate)) return
  throw new TypeError(
    `${tool === undefined ? 'the gate' : `the tool "${tool.name}"`} is async, for which only run waits: runSync doesn't`,
  )
}

/** Prepares a language. */
let runtime

class Runtime {
  static {
    runtime = (language, given) => {
      const { setup = '', limits: own } = options(given, 'the options of runtime', ['setup', 'limits'])
      const chosen = limits(own)
      const made = new Runtime(CREATE, language, setup, chosen, chosen)
      made.#readySync(chosen.memory)
      return made
    }
  }

  #language
  #source
  #setup
  /** What a run has where it says nothing, and what it may say. */
  #defaults
  #most
  /** The plugins' names, by the memory that their instances may have; the last that was used comes last. */
  #plugins = new Map()
  /** Those that are being registered on workers. */
  #coming = new Map()

  constructor(create, language, setup, defaults, most) {
    if (create !== CREATE) throw new TypeError('runtimes are made by runtime(language)')
    this.#source = sourceOf(language)
    this.#language = language
    this.#setup = text(setup, 'setup')
    this.#defaults = defaults
    this.#most = most
    forgotten.register(this, this.#plugins)
  }

  get language() {
    return this.#language
  }

  get limits() {
    return { ...this.#defaults }
  }

  /** What is registered for instances that may have so much memory. */
  #plugin(memory) {
    const timeout = this.#most.timeout === Infinity ? undefined : this.#most.timeout
    const memoryBytes = memory === Infinity ? undefined : memory
    const warmUp = this.#setup === '' ? [] : [['setup', this.#setup]]
    const callbacks = { tools: { call: callTool } }
    const config = { language: this.#language, callbacks, limits: { memoryBytes, timeout }, warmUp }
    return [`runner${++count}`, this.#source, config]
  }

  #keep(memory, name) {
    const [[oldest, last] = []] = this.#plugins.size < MOST_PLUGINS ? [] : this.#plugins
    if (last !== undefined) {
      this.#plugins.delete(oldest)
      engine().unregister(last)
    }
    this.#plugins.set(memory, name)
    return name
  }

  /** Sees to it that the plugin is there. */
  #ready(memory) {
    if (this.#plugins.has(memory)) return undefined
    const coming = this.#coming.get(memory)
    if (coming !== undefined) return coming
    const plugin = this.#plugin(memory)
    const registered = engine()
      .registerAsync(...plugin)
      .then(() => void this.#keep(memory, plugin[0]))
      .finally(() => this.#coming.delete(memory))
    this.#coming.set(memory, registered)
    return registered
  }

  #readySync(memory) {
    let name = this.#plugins.get(memory)
    if (name === undefined) {
      const plugin = this.#plugin(memory)
      apart(() => engine().register(...plugin))
      name = plugin[0]
    } else {
      this.#plugins.delete(memory)
    }
    return this.#keep(memory, name)
  }

  #instance({ memory }, workspace) {
    return engine().instance(this.#readySync(memory), workspace === undefined ? undefined : { workspace })
  }

  /** Checks what a run is given. */
  #job(code, given, known, isSync) {
    const {
      collect,
      gate,
      inputs,
      limits: own,
      showErrors,
      signal,
      tools,
      onStdout,
      onStderr,
      ...rest
    } = options(given, 'the options of run', known)
    if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') throw new TypeError('signal is no AbortSignal')
    const named = byName(tools)
    if (isSync) checkSync(named, gate)
    return {
      language: this.#language,
      code: text(code, 'the program'),
      inputs: inputsOf(inputs, named),
      tools: named,
      files: files.given(rest.files),
      collect: files.patterns(collect),
      limits: limits(own, this.#defaults, this.#most),
      gate: callable(gate, 'gate'),
      showErrors: Boolean(showErrors),
      signal,
      onStdout: callable(onStdout, 'onStdout'),
      onStderr: callable(onStderr, 'onStderr'),
    }
  }

  async run(code, given) {
    const job = this.#job(code, given, [...ofRun, 'files'], false)
    job.signal?.throwIfAborted()
    await this.#ready(job.limits.memory)
    if (job.files.length + job.collect.length === 0) return this.#execute(job)
    const workspace = await files.make(job.files)
    try {
      return await this.#execute(job, workspace)
    } finally {
      await files.remove(workspace)
    }
  }

  async #execute(job, workspace) {
    const instance = this.#instance(job.limits, workspace)
    try {
      return await collected(job, workspace, await new Program(job).execute(instance))
    } finally {
      instance.close()
    }
  }

  runSync(code, given) {
    const job = this.#job(code, given, [...ofRun, 'files'], true)
    job.signal?.throwIfAborted()
    if (job.files.length + job.collect.length === 0) return this.#executeSync(job)
    const workspace = files.makeSync(job.files)
    try {
      return this.#executeSync(job, workspace)
    } finally {
      files.removeSync(workspace)
    }
  }

  #executeSync(job, workspace) {
    const instance = this.#instance(job.limits, workspace)
    try {
      return collectedSync(job, workspace, new Program(job).executeSync(instance))
    } finally {
      instance.close()
    }
  }

  session(given) {
    const named = options(given, 'the options of session', ['files', 'idle', 'lifetime'])
    const content = files.given(named.files)
    return new Session(named, {
      language: this.#language,
      job: (code, own, isSync) => this.#sessionJob(code, own, isSync),
      workspace: () => files.makeSync(content),
      instance: (workspace) => this.#instance(this.#defaults, workspace),
      collected,
      collectedSync,
    })
  }

  #sessionJob(code, given, isSync) {
    const job = this.#job(code, given, ofRun, isSync)
    if (job.limits.memory === this.#defaults.memory) return job
    throw new RangeError('the limit "memory" of a session is that of its runtime')
  }

  [show.custom](_depth, given) {
    return `Runtime ${show({ language: this.#language, limits: this.limits }, given)}`
  }
}

/** Adds the files that a program left. What is more than its memory may be isn't read into the host's. */
async function collected(job, workspace, result) {
  if (job.collect.length === 0) return result
  return withFiles(result, await files.collect(job.collect, workspace, job.limits.memory))
}

function collectedSync(job, workspace, result) {
  if (job.collect.length === 0) return result
  return withFiles(result, files.collectSync(job.collect, workspace, job.limits.memory))
}

function withFiles(result, { files, isTruncated }) {
  result.files = files
  result.truncated ||= isTruncated
  return result
}

const shared = new Map()

/** The runtime of runs that prepare none: their limits are what they say. */
function sharedRuntime(language) {
  let known = shared.get(language)
  if (known === undefined) shared.set(language, (known = new Runtime(CREATE, language, '', DEFAULTS, OPEN)))
  return known
}

const run = async (language, code, given) => sharedRuntime(language).run(code, given)
const runSync = (language, code, given) => sharedRuntime(language).runSync(code, given)

module.exports = { Runtime, run, runSync, runtime }
