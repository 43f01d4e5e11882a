// Resident memory stays flat over many instances and calls.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Engine } from 'wasp'
import { callbacks, caller, tools } from './plugins.mjs'

/** How many bytes `body` adds to this process once it has run `warm` times. */
async function growth(warm, times, body) {
  const run = async (count) => {
    for (let i = 0; i < count; i++) {
      body(i)
      // Finalizers run on the event loop.
      if (i % 5_000 === 0) await new Promise(setImmediate)
    }
    await new Promise(setImmediate)
    gc()
    await new Promise(setImmediate)
  }
  await run(warm)
  const before = process.memoryUsage().rss
  await run(times)
  return process.memoryUsage().rss - before
}

const few = 16 << 20

test('100,000 instances', async () => {
  const engine = new Engine()
  engine.register('tools', tools)
  const grown = await growth(10_000, 100_000, () => {
    const tool = engine.instance('tools')
    tool.call('echo', ['text'], 'string')
    tool.close()
  })
  assert.ok(grown < few, `${grown} bytes`)
})

test('20,000 instances that nobody closes', async () => {
  const engine = new Engine()
  engine.register('tools', tools)
  const grown = await growth(0, 20_000, (i) => {
    engine.instance('tools').call('count', [], 'i32')
    if (i % 5_000 === 0) gc()
  })
  assert.ok(grown < 16 * few, `${grown} bytes`)
})

test('1,000,000 calls', async () => {
  const engine = new Engine()
  engine.register('caller', caller, { callbacks: callbacks() })
  const plugin = engine.instance('caller')
  const grown = await growth(50_000, 1_000_000, (i) => {
    if (i % 2 === 0) plugin.call('text', ['Grüße'], 'string')
    else plugin.call('number', [1n])
  })
  assert.ok(grown < few, `${grown} bytes`)
})

test('20,000 failures', async () => {
  const engine = new Engine()
  engine.register('tools', tools)
  const tool = engine.instance('tools')
  const grown = await growth(2_000, 20_000, () => {
    assert.throws(() => tool.call('trap'), { code: 'TRAP' })
    tool.reset()
  })
  assert.ok(grown < few, `${grown} bytes`)
})

test('20,000 calls on workers', async () => {
  const engine = new Engine()
  engine.register('caller', caller, { callbacks: callbacks({ text: async (text) => text }) })
  const plugin = engine.instance('caller')
  const run = async (count) => {
    for (let i = 0; i < count; i++) await plugin.callAsync('text', ['Grüße'], 'string')
    gc()
  }
  await run(2_000)
  const before = process.memoryUsage().rss
  await run(20_000)
  const grown = process.memoryUsage().rss - before
  assert.ok(grown < few, `${grown} bytes`)
})
