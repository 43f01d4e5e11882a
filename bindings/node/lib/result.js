'use strict'
// What comes of a run.

/** A program failed, or was stopped: what Result.unwrap throws. */
class RunError extends Error {
  constructor(message, result) {
    super(message)
    this.result = result
  }
}
Object.defineProperty(RunError.prototype, 'name', { value: 'RunError', configurable: true, writable: true })

class Result {
  constructor({ value, stdout, stderr, error, stopped, truncated, usage }) {
    this.value = value
    this.stdout = stdout
    this.stderr = stderr
    this.error = error
    this.stopped = stopped
    this.truncated = truncated
    this.files = {}
    this.usage = usage
  }

  get ok() {
    return this.error === null && this.stopped === null
  }

  unwrap() {
    if (this.ok) return this.value
    if (this.error === null) throw new RunError(`the program was stopped: ${this.stopped}`, this)
    const { type, message, line } = this.error
    throw new RunError(`${type}: ${message}${line === null ? '' : ` (line ${line})`}`, this)
  }
}

const TYPE = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*): (.*)$/s
const EXCEPTION = /^[A-Za-z_.\d]*(?:Error|Exception|Exit|Interrupt|Iteration|Warning|Group)$/
const PLACE = /^(?:run|setup)\.\w+:(\d+): /
const FRAME = /^(?:run|setup)\./

/** What the languages say where a limit of the sandbox is reached. */
const EXHAUSTED = [
  ['memory', /^(?:InternalError: out of memory|MemoryError|not enough memory|.*its memory limit of \d+ bytes)/],
  ['stack', /^(?:RangeError: Maximum call stack|RecursionError|StackOverflowError|.*stack overflow|.*call stack exhausted)/],
]
const STOPPED = { TIMEOUT: 'time', CANCELLED: 'cancelled' }
const OF_GUEST = ['GUEST', 'TRAP', 'ABORT', 'EXIT', 'ABI']

/** As other languages show it. */
const shown = ({ function: name, file, line, column }) =>
  `${name ?? '?'} (${[file, line, column].filter((part) => part !== undefined).join(':')})`

/** Tells what a WaspError says about the program. Throws it where it says nothing about that, but about the host. */
function failure(exception) {
  const { code, wasmStack } = exception
  if (code in STOPPED) return { error: null, stopped: STOPPED[code] }
  if (!OF_GUEST.includes(code)) throw exception
  let { message } = exception
  const [first] = message.split('\n', 1)
  const stopped = EXHAUSTED.find(([, pattern]) => pattern.test(first))?.[0] ?? null
  const frames = wasmStack.filter(({ file }) => file !== undefined && FRAME.test(file))
  let line = frames[0]?.line ?? null
  let type = 'Error'
  if (code === 'GUEST') {
    const place = PLACE.exec(message)
    if (place !== null) {
      line ??= Number(place[1])
      message = message.slice(place[0].length)
    }
    const typed = TYPE.exec(message)
    if (typed !== null && EXCEPTION.test(typed[1])) {
      ;[, type, message] = typed
    } else if (EXCEPTION.test(message)) {
      type = message
      message = ''
    }
  } else {
    type = code[0] + code.slice(1).toLowerCase()
  }
  return { error: { type, message, traceback: frames.map(shown).join('\n'), line }, stopped }
}

module.exports = { Result, RunError, failure }
