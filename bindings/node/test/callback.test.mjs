import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Engine, WaspError } from 'wasp'
import { caller, callbacks, tools } from './plugins.mjs'

function instance(own) {
  const engine = new Engine()
  engine.register('caller', caller, { callbacks: callbacks(own) })
  return engine.instance('caller')
}

test('callbacks get and give plain values', () => {
  const seen = []
  const plugin = instance({
    text: (text) => (seen.push(text), `<${text}>`),
    number: (number) => (seen.push(number), number * 2n),
    event: () => 'what an event returns does not matter',
  })
  assert.equal(plugin.call('text', ['Grüße 🎉'], 'string'), '<Grüße 🎉>')
  assert.equal(plugin.call('number', [2n ** 40n]), 2n ** 41n)
  assert.equal(plugin.call('event'), undefined)
  assert.deepEqual(seen, ['Grüße 🎉', 2n ** 40n])
  assert.equal(instance({ number: () => 7 }).call('number', [1]), 7n)
})

test('an exception in a callback comes out as itself', () => {
  for (const thrown of [new RangeError('mine'), 'text', 0, null, undefined, Symbol('mine')]) {
    const plugin = instance({
      event: () => {
        throw thrown
      },
    })
    let caught = 'nothing'
    try {
      plugin.call('event')
    } catch (error) {
      caught = error
    }
    assert.equal(caught, thrown)
    assert.throws(() => plugin.call('event'), { code: 'POISONED' })
    plugin.reset()
    assert.equal(plugin.call('number', [1]), 1n)
  }
})

test('answers that do not fit are errors', () => {
  for (const [own, what] of [
    [{ text: () => 3 }, /text/],
    [{ text: () => undefined }, /undefined/],
    [{ text: async () => 'late' }, /a promise, which only callAsync waits for/],
    [{ text: () => Symbol() }, /a symbol/],
    [{ text: () => 'a\0b' }, /NUL/],
  ]) {
    assert.throws(() => instance(own).call('text', ['x'], 'string'), (error) => {
      assert.ok(error instanceof WaspError, String(error))
      assert.equal(error.code, 'CALLBACK')
      assert.match(error.message, what)
      return true
    })
  }
  assert.throws(() => instance({ number: () => 2 ** 53 }).call('number', [1]), { code: 'CALLBACK' })
})

test('callbacks may use other instances, not their own', () => {
  const engine = new Engine()
  let outer
  let inner = 0
  const failure = new Error('deep inside')
  const own = {
    text: (text) => engine.instance('tools').call('echo', [text], 'string'),
    number: (n) => (n === 0n ? n : engine.instance('caller').call('number', [n - 1n])),
    event: () => {
      if (inner++ === 0) outer.call('event')
      throw failure
    },
  }
  engine.register('tools', tools)
  engine.register('caller', caller, { callbacks: callbacks(own) })
  outer = engine.instance('caller')
  assert.equal(outer.call('text', ['nested'], 'string'), 'nested')
  assert.equal(outer.call('number', [20n]), 0n)
  assert.throws(() => outer.call('event'), { code: 'BUSY' })
})

test('an instance closed by its callback goes when its call is over', () => {
  const plugin = instance({ event: () => plugin.close() })
  plugin.call('event')
  assert.throws(() => plugin.call('event'), { code: 'INVALID' })
})

test('a million callbacks in one call leave nothing behind', () => {
  let count = 0
  const plugin = instance({ event: () => count++ })
  plugin.call('events', [10_000])
  const before = process.memoryUsage().rss
  plugin.call('events', [1_000_000])
  assert.equal(count, 1_010_000)
  assert.ok(process.memoryUsage().rss - before < 32 << 20)
})
