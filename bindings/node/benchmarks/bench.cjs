// wasp beside V8's own WebAssembly with strings passed by hand, in one process: nanoseconds a call, and the ratio.
//
//   node bench.cjs PLUGIN.wasm     after test.sh, which leaves the package in build/node-test
'use strict'

const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Engine } = require(join(__dirname, '../../../build/node-test/node_modules/wasp'))

const path = process.argv[2] ?? join(__dirname, '../../../build/plugins/c.wasm')

/** The same plugin on V8, as one would write it by hand. */
class ByHand {
  static encoder = new TextEncoder()
  static decoder = new TextDecoder()

  constructor(module) {
    const imports = {}
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {}
      // EBADF, where it asks WASI for a directory.
      imports[from][name] = () => 8
    }
    imports.env.call_me = (at) => this.give(`Hello ${this.take(at)}`)
    this.exports = new WebAssembly.Instance(module, imports).exports
    this.exports._initialize?.()
  }

  give(text) {
    const size = text.length * 3 + 1
    const at = this.exports.allocate(size)
    const memory = new Uint8Array(this.exports.memory.buffer)
    const { written } = ByHand.encoder.encodeInto(text, memory.subarray(at, at + size))
    memory[at + written] = 0
    return at
  }

  take(at) {
    const memory = new Uint8Array(this.exports.memory.buffer)
    return ByHand.decoder.decode(memory.subarray(at, memory.indexOf(0, at)))
  }

  call(name, text) {
    const at = this.give(text)
    const result = this.exports[name](at)
    const answer = this.take(result)
    this.exports.deallocate(at, text.length * 3 + 1)
    if (result !== at) this.exports.deallocate(result, answer.length + 1)
    return answer
  }
}

const engine = new Engine()
engine.register('plugin', path, {
  callbacks: { env: { call_me: { params: ['string'], returns: 'string', call: (name) => `Hello ${name}` } } },
})
const ours = engine.instance('plugin')
const module_ = new WebAssembly.Module(readFileSync(path))
const theirs = new ByHand(module_)

const cases = {
  'int call': [200_000, () => ours.call('sum', [3, 2], 'i32'), () => theirs.exports.sum(3, 2)],
  'string call': [200_000, () => ours.call('hello', ['Nic'], 'string'), () => theirs.call('hello', 'Nic')],
  'fresh instance + string call': [
    5_000,
    () => {
      const instance = engine.instance('plugin')
      instance.call('hello', ['Nic'], 'string')
      instance.close()
    },
    () => new ByHand(module_).call('hello', 'Nic'),
  ],
}

function nanoseconds(count, body) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < count; i++) body()
  return Number(process.hrtime.bigint() - start) / count
}

async function main() {
  for (const [name, [count, wasp, v8]] of Object.entries(cases)) {
    const best = [Infinity, Infinity]
    // In turns, so that both meet the same machine.
    for (let round = 0; round < 8; round++) {
      best[0] = Math.min(best[0], nanoseconds(count, wasp))
      best[1] = Math.min(best[1], nanoseconds(count, v8))
      // What was collected is freed on the event loop.
      await new Promise(setImmediate)
    }
    const [a, b] = best.map((each) => each.toFixed(0).padStart(7))
    console.log(`${name.padEnd(30)} wasp ${a} ns   V8 by hand ${b} ns   ratio ${(best[0] / best[1]).toFixed(3)}`)
  }
}

main()
