'use strict'
// One program that runs: its tools, its output, and what comes of it.

const native = require('../native.js')
const { OWN } = require('./callbacks.js')
const { WaspError } = require('./error.js')
const { capture } = require('./instance.js')
const { JsonText } = require('./json.js')
const { Result, failure } = require('./result.js')
const { PROGRAM } = require('./task.js')
const { ToolError } = require('./tools.js')

/** Milliseconds between two looks at what was printed. */
const PAUSE = 20

/** Ends a program that can't go on, or the whole run with what the host threw. */
class Halt {
  constructor(stopped, thrown) {
    this.stopped = stopped
    this.thrown = thrown
  }
}

/** What a program prints, as text. */
class Output {
  #capture
  #streams
  size = 0
  isTruncated = false
  /** What a listener threw, in an object. */
  thrown

  constructor(capture, stdout, stderr) {
    this.#capture = capture
    this.#streams = { stdout: { tell: stdout, text: '' }, stderr: { tell: stderr, text: '' } }
    this.isLive = stdout !== undefined || stderr !== undefined
  }

  /** Takes what was printed meanwhile, and tells it. */
  look(isFinal = false) {
    const taken = native.takeOutput(this.#capture)
    this.isTruncated = taken.isTruncated
    for (const [name, stream] of Object.entries(this.#streams)) {
      const bytes = taken[name]
      if (bytes === undefined && (!isFinal || stream.decoder === undefined)) continue
      stream.decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
      this.size += bytes?.length ?? 0
      const text = stream.decoder.decode(bytes, { stream: !isFinal })
      stream.text += text
      if (text === '' || stream.tell === undefined || this.thrown !== undefined) continue
      try {
        stream.tell(text)
      } catch (value) {
        this.thrown = { value }
      }
    }
  }

  get stdout() {
    return this.#streams.stdout.text
  }

  get stderr() {
    return this.#streams.stderr.text
  }
}

/** What a tool or a gate answers that can't be waited for. */
function now(answer, what) {
  if (typeof answer?.then !== 'function') return answer
  // Nobody hears of it any more.
  answer.then(undefined, () => {})
  throw new Halt(null, new TypeError(`${what} answered with a promise, for which only run waits: runSync doesn't`))
}

/** What is said of anything that was thrown. */
function words(thrown) {
  try {
    return String(thrown)
  } catch {
    return 'it threw what has no words'
  }
}

class Program {
  #job
  #instance
  #output
  #counts = new Map()
  #calls = 0
  #toolTime = 0
  #isCancelled = false

  constructor(job) {
    this.#job = job
  }

  get #args() {
    const { code, inputs, tools } = this.#job
    const told = Array.from(tools.values(), ({ name, description }) => ({ name, doc: description }))
    return [code, new JsonText(inputs), told]
  }

  get #timeout() {
    const { timeout } = this.#job.limits
    return timeout === Infinity ? undefined : timeout
  }

  #begin(instance, kept) {
    const { limits, onStdout, onStderr } = this.#job
    this.#instance = instance
    this.#output = new Output(kept ?? capture(instance, limits.outputBytes), onStdout, onStderr)
  }

  /** Runs it on this thread. Throws what is the host's fault. */
  executeSync(instance, kept) {
    this.#begin(instance, kept)
    const started = performance.now()
    let outcome
    running.push(this)
    try {
      outcome = { value: instance.call('run', this.#args, 'any', { timeout: this.#timeout }) }
    } catch (exception) {
      outcome = this.#ended(exception)
    } finally {
      running.pop()
    }
    return this.#finish(outcome, performance.now() - started)
  }

  /** The same beside the event loop. */
  async execute(instance, kept) {
    this.#begin(instance, kept)
    const started = performance.now()
    const options = { timeout: this.#timeout, signal: this.#job.signal, [PROGRAM]: this }
    const watch = this.#output.isLive ? setInterval(() => this.#watch(), PAUSE) : undefined
    let outcome
    try {
      outcome = { value: await instance.callAsync('run', this.#args, 'any', options) }
    } catch (exception) {
      outcome = this.#ended(exception)
    } finally {
      clearInterval(watch)
    }
    return this.#finish(outcome, performance.now() - started)
  }

  #watch() {
    this.#output.look()
    if (this.#output.thrown !== undefined) this.#instance.interrupt()
  }

  /** Ends it: at once where it runs beside the event loop, and else when its tool has returned. */
  cancel() {
    this.#isCancelled = true
    this.#instance?.interrupt()
  }

  #ended(exception) {
    const { signal } = this.#job
    if (exception instanceof Halt) {
      if (exception.thrown !== undefined) throw exception.thrown
      return { error: null, stopped: exception.stopped }
    }
    if (!(exception instanceof WaspError) || (signal?.aborted && exception === signal.reason)) throw exception
    return failure(exception)
  }

  #finish({ value, error = null, stopped = null }, time) {
    const output = this.#output
    output.look(true)
    if (output.thrown !== undefined) throw output.thrown.value
    if (output.isTruncated && (stopped === null || stopped === 'cancelled')) stopped = 'output'
    // Integers beyond 32 bits are BigInts here, which only programs in JavaScript mean when they say so.
    const isNumber = this.#job.language !== 'javascript' && typeof value === 'bigint' && Number.isSafeInteger(Number(value))
    return new Result({
      value: isNumber ? Number(value) : value,
      stdout: output.stdout,
      stderr: output.stderr,
      error,
      stopped,
      truncated: output.isTruncated,
      usage: {
        time,
        toolTime: this.#toolTime,
        toolCalls: this.#calls,
        outputBytes: output.size,
        memoryBytes: this.#instance.memory.size,
      },
    })
  }

  /** Calls a tool for the guest, and returns what that is told, as JSON. */
  callSync(name, request) {
    const started = this.#count()
    try {
      const { tool, args } = this.#find(name, request)
      if (this.#job.gate !== undefined) this.#check(name, now(this.#job.gate(name, args), 'the gate'))
      return this.#told(now(tool.call(...args), `the tool "${name}"`))
    } catch (exception) {
      return this.#failed(name, exception)
    } finally {
      this.#toolTime += performance.now() - started
      this.#stay()
    }
  }

  async call(name, request) {
    const started = this.#count()
    try {
      const { tool, args } = this.#find(name, request)
      if (this.#job.gate !== undefined) this.#check(name, await this.#job.gate(name, args))
      return this.#told(await tool.call(...args))
    } catch (exception) {
      return this.#failed(name, exception)
    } finally {
      this.#toolTime += performance.now() - started
    }
  }

  /** Ends a program on this thread that was cancelled by what it called. */
  #stay() {
    if (this.#job.signal?.aborted) throw new Halt(null, this.#job.signal.reason)
    if (this.#isCancelled) throw new Halt('cancelled')
  }

  #count() {
    if (this.#calls >= this.#job.limits.toolCalls) throw new Halt('tool_calls')
    this.#calls++
    if (this.#output.isLive) this.#output.look()
    if (this.#output.thrown !== undefined) throw new Halt(null, this.#output.thrown.value)
    return performance.now()
  }

  /** Reads what a guest asks for, which may be anything. */
  #find(name, request) {
    const tool = this.#job.tools.get(name)
    if (tool === undefined) throw new ToolError(`there is no tool "${name}"`)
    const { args = [], kwargs = {} } = Object(JSON.parse(request))
    if (!Array.isArray(args) || typeof kwargs !== 'object' || kwargs === null) {
      throw new ToolError('a request has args, a list, and kwargs, an object')
    }
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    if (count > tool.maxCalls) throw new ToolError(`the tool "${name}" may be called ${tool.maxCalls} times, and was`)
    // JavaScript has one object for what other languages pass by name.
    return { tool, args: Object.keys(kwargs).length > 0 ? [...args, kwargs] : args }
  }

  #check(name, allowed) {
    if (allowed !== true) throw new ToolError(typeof allowed === 'string' ? allowed : `the tool "${name}" was refused`)
  }

  #told(value) {
    return [JSON.stringify({ value })]
  }

  /** The host's own words are none of the guest's business. */
  #failed(name, exception) {
    if (exception instanceof Halt) throw exception
    if (exception instanceof ToolError) return [JSON.stringify({ error: exception.message })]
    const shown = this.#job.showErrors ? `: ${words(exception)}` : ''
    return [JSON.stringify({ error: `the tool "${name}" failed${shown}` })]
  }
}

/** The programs that run on this thread, the innermost last; undefined for what is being registered there. */
const running = []

/** Runs `body`, which starts plugins: what those call is nothing of the programs that run. */
function apart(body) {
  running.push(undefined)
  try {
    return body()
  } finally {
    running.pop()
  }
}

const NOT_NOW = [JSON.stringify({ error: 'tools can be called while a program runs, not in its setup' })]

/**
 * What guests call back. Whose program it is that calls is never for the guest to say: on this thread it is the innermost, and on a
 * worker that of its task.
 */
const callTool = {
  params: ['string', 'json'],
  returns: 'json',
  call(task, [name, [request]]) {
    if (task !== undefined) return task.program?.call(name, request) ?? NOT_NOW
    return running.at(-1)?.callSync(name, request) ?? NOT_NOW
  },
  [OWN]: true,
}

module.exports = { Program, apart, callTool }
