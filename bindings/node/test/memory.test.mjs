import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Engine } from 'wasp'

const foreign = Buffer.from(`
  (import "env" "on_data" (func $on_data (param i32 i32)))
  (import "env" "on_text" (func $on_text (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "abc\\00")
  (func (export "tell") (param i32 i32) (call $on_data (local.get 0) (local.get 1)))
  (func (export "tell_text") (param i32) (call $on_text (local.get 0)))
  (func (export "last") (result i32) (i32.const -1))`)

function instance(onData = () => {}, onText = () => {}) {
  const engine = new Engine()
  const env = { on_data: { params: ['i32', 'i32'], call: onData }, on_text: { params: ['string'], call: onText } }
  engine.register('foreign', foreign, { callbacks: { env } })
  return engine.instance('foreign')
}

test('memory is read and written', () => {
  const plugin = instance()
  const { memory } = plugin
  assert.equal(memory.size, 65536)
  assert.deepEqual(memory.read(64, 3), Buffer.from('abc'))
  for (const data of [Buffer.from('end'), new Uint8Array([101, 110, 100]), new Uint8Array([101, 110, 100]).buffer]) {
    memory.write(65533, data)
    assert.equal(memory.read(65533, 3).toString(), 'end')
    memory.write(65533, Buffer.from('xxx'))
  }
  assert.equal(memory.read(65536, 0).length, 0)
  const last = plugin.call('last', [], 'i32')
  for (const [address, length, message] of [
    [65534, 3, /3 bytes from 0xfffe on are not in its memory of 65536 bytes/],
    [last, 1, /from 0xffffffff on/],
    [0, Number.MAX_SAFE_INTEGER, /are not in its memory/],
    [0, -1, /the length is -1/],
    [0, 0.5, /the length is 0.5/],
    [2 ** 32, 1, /4294967296 is no address/],
    [0.5, 1, /0.5 is no address/],
  ])
    assert.throws(() => memory.read(address, length), { name: 'WaspError', code: 'INVALID', message })
  assert.throws(() => memory.write(65535, Buffer.from('ab')), { code: 'INVALID', message: /not in its memory/ })
  assert.throws(() => memory.write(0, 'text'), { code: 'INVALID', message: /the data is a Buffer/ })
  plugin.reset()
  assert.deepEqual(memory.read(65533, 3), Buffer.alloc(3))
  plugin.close()
  assert.throws(() => memory.read(0, 1), { code: 'INVALID', message: /closed/ })
  assert.throws(() => memory.size, { code: 'INVALID' })
})

test('callbacks reach the memory of their own instance, also on a worker', async () => {
  const seen = []
  const other = instance(undefined, (text) =>
    seen.push(text, plugin.memory.read(64, 3).toString(), other.memory.read(64, 3).toString()),
  )
  const plugin = instance((address, length) => {
    const { memory } = plugin
    memory.write(address, Buffer.from(memory.read(address, length).toString().toUpperCase()))
    assert.throws(() => memory.read(65535, 2), { code: 'INVALID' })
    other.call('tell_text', [64], 'none')
    seen.push(memory.size)
  })
  plugin.call('tell', [64, 3], 'none')
  assert.equal(plugin.memory.read(64, 3).toString(), 'ABC')
  assert.deepEqual(seen.splice(0), ['abc', 'ABC', 'abc', 65536])
  plugin.reset()
  await plugin.callAsync('tell', [64, 3], 'none')
  assert.equal(plugin.memory.read(64, 3).toString(), 'ABC')
  assert.deepEqual(seen, ['abc', 'ABC', 'abc', 65536])
  plugin.reset()
  assert.equal(plugin.memory.read(64, 3).toString(), 'abc')
})

test('a callback that waits for a promise reads on, and nobody else does', async () => {
  let answer
  const plugin = instance(async (address, length) => {
    await new Promise((resolve) => (answer = resolve))
    plugin.memory.write(address, Buffer.from('later').subarray(0, length))
  })
  const running = plugin.callAsync('tell', [64, 3], 'none')
  while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
  // It waits for this thread: what is in its memory doesn't change.
  assert.equal(plugin.memory.read(64, 3).toString(), 'abc')
  answer()
  await running
  assert.equal(plugin.memory.read(64, 3).toString(), 'lat')
})

test('what a callback was given stays as it is', () => {
  const plugin = instance(undefined, () => {
    assert.throws(() => plugin.memory.write(66, Buffer.from('x')), {
      code: 'INVALID',
      message: /a string or bytes that the callback was given/,
    })
    plugin.memory.write(68, Buffer.from('x'))
  })
  plugin.call('tell_text', [64], 'none')
  assert.equal(plugin.memory.read(64, 5).toString(), 'abc\0x')
})

test('a callback may ask for its caller', async () => {
  const kept = []
  const tell = { params: ['i32', 'i32'], caller: true }
  const engine = new Engine()
  const register = (name, call) =>
    engine.register(name, foreign, {
      callbacks: { env: { on_data: { ...tell, call }, on_text: { params: ['string'], call: (text) => kept.push(text) } } },
    })
  register('inner', (caller, address, length) => kept.push(caller.plugin, caller.memory.read(address, length).toString()))
  const inner = engine.instance('inner')
  register('outer', async (caller, address, length) => {
    kept.push(caller)
    caller.memory.write(address, Buffer.from(caller.memory.read(address, length).toString().toUpperCase()))
    inner.call('tell', [64, 3], 'none')
    // It is still its own, and not the innermost.
    kept.push(caller.plugin, caller.memory.read(address, length).toString(), caller.memory.size)
    assert.throws(() => caller.memory.read(65535, 2), { code: 'INVALID' })
    assert.throws(() => caller.memory.used, { code: 'BUSY' })
  })
  const outer = engine.instance('outer')
  await outer.callAsync('tell', [64, 3], 'none')
  const [caller, ...rest] = kept.splice(0)
  assert.deepEqual(rest, ['inner', 'abc', 'outer', 'ABC', 65536])
  assert.throws(() => caller.memory.size, { code: 'INVALID', message: /the callback is over/ })
  assert.equal(outer.memory.read(64, 3).toString(), 'ABC')

  register('sync', (caller, address, length) => {
    inner.call('tell', [64, 3], 'none')
    kept.push(caller, caller.plugin, caller.memory.read(address, length).toString())
    if (length === 2) throw new Error('enough')
  })
  const sync = engine.instance('sync')
  sync.call('tell', [64, 3], 'none')
  assert.throws(() => sync.call('tell', [64, 2], 'none'), /enough/)
  const seen = kept.splice(0)
  assert.deepEqual(
    seen.filter((each) => typeof each === 'string'),
    ['inner', 'abc', 'sync', 'abc', 'inner', 'abc', 'sync', 'ab'],
  )
  for (const each of seen.filter((each) => typeof each !== 'string')) {
    assert.throws(() => each.memory.read(0, 1), { code: 'INVALID', message: /the callback is over/ })
  }
})
