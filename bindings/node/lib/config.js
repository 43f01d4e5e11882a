'use strict'
// What a plugin is given, checked for the native half.

const { Callbacks } = require('./callbacks.js')
const { options, pathOf, text } = require('./arguments.js')
const { passedAll } = require('./json.js')

function volumes(given = {}) {
  return Object.entries(given).map(([guest, volume]) => {
    const what = `the volume "${guest}"`
    if (typeof volume === 'string' || volume instanceof URL) {
      return { guest, host: pathOf(volume, what), readOnly: false }
    }
    const { path, readOnly = false } = options(volume, what, ['path', 'readOnly'])
    return { guest, host: pathOf(path, what), readOnly: Boolean(readOnly) }
  })
}

function limits(given) {
  const known = ['memoryBytes', 'tableElements', 'stackBytes', 'timeout', 'idleInstances', 'idleMemoryBytes']
  const checked = {}
  for (const [name, value] of Object.entries(options(given, 'limits', known))) {
    if (value === undefined) continue
    const fits = name === 'timeout' ? value > 0 && value < 2 ** 53 : Number.isSafeInteger(value) && value >= 0
    if (typeof value !== 'number' || !fits) throw new TypeError(`the limit "${name}" is ${String(value)}`)
    checked[name] = value
  }
  return checked
}

function args(given = []) {
  if (!Array.isArray(given)) throw new TypeError('args is no array')
  // Not map: it passes over holes.
  return Array.from(given, (arg, index) => text(arg, `args[${index}]`))
}

function warmUps(given = []) {
  if (!Array.isArray(given)) throw new TypeError('warmUp is no array')
  return given.map((call) => {
    if (!Array.isArray(call) || typeof call[0] !== 'string') {
      throw new TypeError('each of warmUp is [function, ...arguments]')
    }
    const [name, ...args] = call
    return { function: name, args: passedAll(args, `the warm-up ${JSON.stringify(name)}`) }
  })
}

/** Reads a config: its callbacks, its language, and the rest as the native half takes it. */
function read(given) {
  const known = [
    'args',
    'callbacks',
    'env',
    'config',
    'volumes',
    'limits',
    'snapshot',
    'warmUp',
    'trapMissingImports',
    'language',
    'compiled',
  ]
  const config = options(given, 'the config', known)
  if (config.compiled && config.language !== undefined) {
    throw new TypeError('with "compiled" the language is left out: what is compiled is no script')
  }
  const callbacks = new Callbacks(config.callbacks)
  const checked = {
    ...limits(config.limits),
    args: args(config.args),
    callbacks: callbacks.offered,
    env: Object.entries(config.env ?? {}).map(([name, value]) => [name, text(value, `env "${name}"`)]),
    entries: Object.entries(config.config ?? {}).map(([key, value]) => [key, text(value, `config "${key}"`)]),
    volumes: volumes(config.volumes),
    warmUps: warmUps(config.warmUp),
    snapshot: config.snapshot === undefined ? undefined : Boolean(config.snapshot),
    trapMissingImports: Boolean(config.trapMissingImports),
    compiled: Boolean(config.compiled),
  }
  return { callbacks, checked, language: config.language }
}

module.exports = { read }
