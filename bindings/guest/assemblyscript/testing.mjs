// Plugins in tests of one's own, in Node, with the functions of the host that the test gives:
//
//   import { plugin } from 'wasp-guest/testing'
//
//   const greeter = await plugin('build/greeter.wasm', { env: { call_me: (name) => `Hello ${name}` } })
//   assert.equal(greeter.hello('Nic'), 'Hello Nic')
//
// Values pass by the kinds that the plugin tells: strings, Uint8Array, numbers, bigint for i64, and JSON as what it says.

import { readFile } from 'node:fs/promises'
import { WASI } from 'node:wasi'

/**
 * Starts the plugin in the file. `mocks` are functions by module and name; `env` and `workspace` are the environment variables
 * and the directory that it gets. An exception in a mock is that of the call.
 */
export async function plugin(path, mocks = {}, { env = {}, workspace } = {}) {
  const module = await WebAssembly.compile(await readFile(path))
  const wasi = new WASI({ version: 'preview1', env, preopens: workspace ? { '/workspace': workspace } : {} })
  const guest = new Guest()
  const imports = { ...wasi.getImportObject() }
  const kinds = listedImports(module)
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function' || from in wasi.getImportObject()) continue
    imports[from] ??= {}
    imports[from][name] =
      guest.own(from, name) ?? guest.mocked(`${from}.${name}`, mocks[from]?.[name], kinds.get(`${from}.${name}`))
  }
  const instance = await WebAssembly.instantiate(module, imports)
  guest.exports = instance.exports
  wasi.initialize(instance)
  guest.exports.wasp_resume?.()
  const listing = guest.text(guest.exports.wasp_signatures())
  guest.blocks.clear() // the listing is the plugin's
  return Object.fromEntries(signatures(listing).map((known) => [known.name, guest.called(known)]))
}

/** What passes between a plugin and its test. */
class Guest {
  raised = null
  stopped = null
  /** The blocks that passed, and their sizes. */
  blocks = new Map()

  /** What each host of wasp has. */
  own(module, name) {
    if (module !== 'env') return null
    if (name === 'raise_error') {
      return (text) => {
        this.raised = this.text(text)
      }
    }
    if (name !== 'abort') return null
    return (message, file, line, column) => {
      throw new Error(`the plugin aborted: ${this.utf16(message)}, at ${this.utf16(file)}:${line}:${column}`)
    }
  }

  mocked(name, mock, kinds) {
    return (...args) => {
      if (!mock) throw new Error(`the plugin calls "${name}", which the test doesn't mock`)
      if (!kinds) return mock(...args)
      return this.lower(mock(...args.map((arg, at) => this.lift(arg, kinds.params[at]))), kinds.result)
    }
  }

  called({ name, params, result }) {
    return (...args) => {
      if (this.stopped) throw new Error('the plugin was stopped by an error: start it anew', { cause: this.stopped })
      if (args.length !== params.length) throw new TypeError(`${name} takes ${params.length} argument(s), not ${args.length}`)
      this.raised = null
      const passed = args.map((arg, at) => this.lower(arg, params[at]))
      let value
      try {
        value = this.exports[name](...passed)
      } catch (error) {
        this.stopped = error
        throw error
      }
      const lifted = this.raised === null ? this.lift(value, result) : null
      this.free()
      if (this.raised !== null) throw new Error(this.raised)
      return lifted
    }
  }

  /** A value of JavaScript's for one of WebAssembly's. */
  lift(value, kind) {
    if (kind === 'string') return this.text(value)
    if (kind === 'json') return JSON.parse(this.text(value))
    if (kind !== 'bytes') return value
    const length = this.number(value)
    this.blocks.set(value, length + 4)
    return this.bytes(value + 4, length).slice()
  }

  lower(value, kind) {
    if (kind === 'json') return this.block(`${JSON.stringify(value)}\0`)
    if (kind === 'string') {
      if (typeof value !== 'string') throw new TypeError(`${value} is no string`)
      return this.block(`${value}\0`)
    }
    if (kind !== 'bytes') return value
    const address = this.allocate(value.length + 4)
    this.view().setUint32(address, value.length, true)
    this.bytes(address + 4, value.length).set(value)
    return address
  }

  block(text) {
    const data = new TextEncoder().encode(text)
    const address = this.allocate(data.length)
    this.bytes(address, data.length).set(data)
    return address
  }

  allocate(size) {
    const address = this.exports.allocate(size)
    this.blocks.set(address, size)
    return address
  }

  /** Frees what passed in a call, once, as a host does. */
  free() {
    for (const [address, size] of this.blocks) this.exports.deallocate(address, size)
    this.blocks.clear()
  }

  text(address) {
    const length = this.exports.get_string_size(address)
    this.blocks.set(address, length + 1)
    return new TextDecoder().decode(this.bytes(address, length))
  }

  /** A string of AssemblyScript's, which has its length in front. */
  utf16(address) {
    return new TextDecoder('utf-16le').decode(this.bytes(address, address ? this.number(address - 4) : 0))
  }

  bytes(address, length) {
    return new Uint8Array(this.exports.memory.buffer, address >>> 0, length)
  }

  number(address) {
    return this.view().getUint32(address >>> 0, true)
  }

  view() {
    return new DataView(this.exports.memory.buffer)
  }
}

/** What the plugin's imports take and return, by their names: the transform writes it for tests. */
function listedImports(module) {
  const [section] = WebAssembly.Module.customSections(module, 'wasp.imports')
  const listed = section ? signatures(new TextDecoder().decode(section)) : []
  return new Map(listed.map((known) => [known.name, known]))
}

/** Reads a listing: `name(kind, name: kind) kind # documentation`, one a line. */
function signatures(listing) {
  const lines = listing.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const [, name, params, result] = /^\s*([^(]+)\(([^)]*)\)\s*(\w*)/.exec(line)
    const kinds = params.split(',').map((param) => param.split(':').at(-1).trim())
    return { name, params: kinds.filter((kind) => kind !== ''), result }
  })
}
