import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Engine, WaspError } from 'wasp'
import { callbacks, caller, tools } from './plugins.mjs'

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
    [{ text: () => Buffer.from('x') }, /bytes/],
  ]) {
    assert.throws(
      () => instance(own).call('text', ['x'], 'string'),
      (error) => {
        assert.ok(error instanceof WaspError, String(error))
        assert.equal(error.code, 'CALLBACK')
        assert.match(error.message, what)
        return true
      },
    )
  }
  assert.throws(() => instance({ number: () => 2 ** 53 }).call('number', [1]), { code: 'CALLBACK' })
})

test('a promise is refused by call, also where nothing is expected', () => {
  const plugin = instance({ event: async () => {} })
  assert.throws(() => plugin.call('event'), { code: 'CALLBACK', message: /a promise, which only callAsync waits for/ })
  const odd = [() => ({}), () => [], () => null, () => Buffer.alloc(1), () => ({ then() {} })]
  for (const event of odd) assert.equal(instance({ event }).call('event'), undefined)
})

test('callbacks get as many arguments as they have, whatever they are', () => {
  const params = ['i32', 'i64', 'f32', 'f64', 'string', 'i32', 'i32', 'i32', 'i32']
  const engine = new Engine()
  for (let count = 0; count <= params.length; count++) {
    const kinds = params.slice(0, count)
    const seen = []
    const types = kinds.map((kind) => (kind === 'string' ? 'i32' : kind))
    const given = [1, 2n, 0.5, 0.25, 'five', 6, 7, 8, 9].slice(0, count)
    const wat = `(module
      (import "env" "many" (func $many ${types.map((type) => `(param ${type})`).join(' ')} (result i32)))
      (memory (export "memory") 1)
      (func (export "allocate") (param i32) (result i32) (i32.const 1024))
      (func (export "deallocate") (param i32 i32))
      (func (export "f") ${types.map((type) => `(param ${type})`).join(' ')} (result i32)
        (call $many ${types.map((_, at) => `(local.get ${at})`).join(' ')})))`
    const many = { params: kinds, returns: 'i32', call: (...args) => (seen.push(args), args.length) }
    engine.register('many', Buffer.from(wat), { callbacks: { env: { many } } })
    assert.equal(engine.instance('many').call('f', given, 'i32'), count)
    assert.deepEqual(seen, [given])
  }
})

test('text and bytes of callbacks pass unharmed', async () => {
  for (const text of ['', 'Grüße 🎉', 'x'.repeat(5000), '世'.repeat(5000)]) {
    const plugin = instance({ text: (given) => given + text })
    assert.equal(plugin.call('text', [text], 'string'), text + text)
    assert.equal(await plugin.callAsync('text', [text], 'string'), text + text)
  }
  assert.equal(instance({ text: () => '\ud800' }).call('text', ['x'], 'string'), '\ufffd')
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

test('an instance closed by its callback leaves the place of its own to nobody', () => {
  const engine = new Engine()
  const inner = []
  let outer
  const event = () => {
    outer.close()
    for (let i = 0; i < 3; i++) inner.push(engine.instance('caller'))
    for (const each of inner) assert.equal(each.call('number', [7]), 7n)
  }
  engine.register('caller', caller, { callbacks: callbacks({ event }) })
  outer = engine.instance('caller')
  outer.call('event')
  for (const each of inner) assert.equal(each.call('number', [8]), 8n)
  assert.throws(() => outer.call('event'), { code: 'INVALID' })
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
