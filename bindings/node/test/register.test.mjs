// Registration: on this thread, and on a worker.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Engine, WaspError } from 'wasp'
import { callbacks, caller, example, starter, tools } from './plugins.mjs'

const started = (call) => ({ callbacks: { env: { number: { params: ['i64'], returns: 'i64', call } } } })

test('registerAsync gives what register gives', async () => {
  const engine = new Engine()
  assert.equal(await engine.registerAsync('tools', tools), undefined)
  assert.equal(engine.instance('tools').call('count', [], 'i32'), 1)
  await engine.registerAsync('path', example('c'), {
    callbacks: { env: { call_me: { params: ['string'], returns: 'string', call: (name) => `Hello ${name}` } } },
  })
  assert.equal(engine.instance('path').call('callback'), 'Hello Nic')
  await assert.rejects(engine.registerAsync('url', pathToFileURL(example('c'))), (error) => {
    assert.ok(error instanceof WaspError)
    assert.deepEqual(error.imports, [{ module: 'env', name: 'call_me' }])
    return error.code === 'IMPORT_NOT_FOUND'
  })
  await engine.registerAsync('caller', caller, {
    callbacks: callbacks({ text: (text) => `<${text}>` }),
    limits: { timeout: 1000, idleMemoryBytes: 1 << 20 },
  })
  assert.equal(engine.instance('caller').call('text', ['x'], 'string'), '<x>')
  assert.equal(await engine.instance('caller').callAsync('text', ['x'], 'string'), '<x>')
})

test('registerAsync fails as register fails, and leaves what was there', async () => {
  const engine = new Engine()
  engine.register('tools', tools)
  for (const [args, expected] of [
    [['none', '/nowhere/at.all'], { code: 'IO' }],
    [['bad', Buffer.from('(module')], { code: 'COMPILE' }],
    [['bad', 3], { code: 'INVALID' }],
    [['tools', Buffer.from('(module (func (export "_initialize") unreachable))')], { code: 'TRAP' }],
    [['tools', caller], { code: 'IMPORT_NOT_FOUND' }],
    [[3, tools], { name: 'TypeError' }],
    [['tools', tools, { callback: {} }], { name: 'TypeError' }],
    [['tools', tools, { limits: { timeout: -1 } }], { name: 'TypeError' }],
  ]) {
    assert.throws(() => engine.register(...args), expected)
    await assert.rejects(engine.registerAsync(...args), expected)
  }
  const limits = { stackBytes: 1 }
  const message = 'plugin "bad": a stack limit of 1 bytes is not between 64 KiB and 100 MiB'
  assert.throws(() => engine.register('bad', tools, { limits }), { code: 'INVALID', message })
  await assert.rejects(engine.registerAsync('bad', tools, { limits }), { code: 'INVALID', message })
  assert.equal(engine.instance('tools').call('count', [], 'i32'), 1)
})

test('the event loop goes on while a worker compiles', async () => {
  const engine = new Engine()
  const wasm = readFileSync(example('go'))
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await engine.registerAsync('go', wasm, {
    callbacks: { env: { call_me: { params: ['string'], returns: 'string', call: (name) => name } } },
  })
  clearInterval(timer)
  assert.ok(turns > 0)
  assert.equal(engine.instance('go').call('sum', [3, 2], 'i32'), 5)
})

test('what is registered is what was given, and from when the promise resolves', async () => {
  const engine = new Engine()
  const bytes = Buffer.from(tools)
  const first = engine.registerAsync('plugin', bytes)
  bytes.fill(0)
  assert.throws(() => engine.instance('plugin'), { code: 'PLUGIN_NOT_FOUND' })
  await first
  const old = engine.instance('plugin')
  assert.equal(old.call('count', [], 'i32'), 1)

  const second = engine.registerAsync('plugin', caller, { callbacks: callbacks() })
  assert.equal(engine.instance('plugin').call('count', [], 'i32'), 1)
  await second
  assert.equal(engine.instance('plugin').call('number', [3]), 3n)
  // Living instances keep the old one.
  assert.equal(old.call('count', [], 'i32'), 2)
  old.reset()
  assert.equal(old.call('count', [], 'i32'), 1)

  const many = Array.from({ length: 20 }, (_, at) => engine.registerAsync(`plugin ${at}`, tools))
  await Promise.all(many)
  for (let at = 0; at < 20; at++) assert.equal(engine.instance(`plugin ${at}`).call('count', [], 'i32'), 1)
})

test('start-up may call back: at once in register, by way of the event loop in registerAsync', async () => {
  const engine = new Engine()
  const seen = []
  engine.register(
    'here',
    starter,
    started((n) => (seen.push(n), n + 1n)),
  )
  assert.equal(engine.instance('here').call('answer'), 21n)
  await engine.registerAsync(
    'away',
    starter,
    started(async (n) => (await sleep(5), seen.push(n), n + 2n)),
  )
  assert.equal(engine.instance('away').call('answer'), 22n)
  // Once each: instances start from what it left.
  assert.deepEqual(seen, [20n, 20n])

  const mine = new RangeError('mine')
  const failing = started(() => {
    throw mine
  })
  assert.throws(
    () => engine.register('bad', starter, failing),
    (error) => error === mine,
  )
  await assert.rejects(engine.registerAsync('bad', starter, failing), (error) => error === mine)
  await assert.rejects(
    engine.registerAsync(
      'bad',
      starter,
      started(() => Promise.reject(mine)),
    ),
    (error) => error === mine,
  )
  assert.throws(
    () =>
      engine.register(
        'bad',
        starter,
        started(async (n) => n),
      ),
    { code: 'CALLBACK', message: /a promise/ },
  )
  await assert.rejects(
    engine.registerAsync(
      'bad',
      starter,
      started(async () => 'text'),
    ),
    { code: 'CALLBACK' },
  )
  const never = { ...started(() => new Promise(() => {})), limits: { timeout: 30 } }
  await assert.rejects(engine.registerAsync('bad', starter, never), { code: 'TIMEOUT' })
  assert.throws(() => engine.instance('bad'), { code: 'PLUGIN_NOT_FOUND' })
})

test('start-up of each instance, where there is no snapshot', async () => {
  const engine = new Engine()
  let n = 0n
  const config = { ...started(() => ++n), snapshot: false }
  await engine.registerAsync('starter', starter, config)
  const before = n
  assert.equal(engine.instance('starter').call('answer'), before + 1n)
  assert.equal(engine.instance('starter').call('answer'), before + 2n)
})

test('registering again and again leaves nothing behind', async () => {
  const engine = new Engine()
  const run = async (count) => {
    for (let i = 0; i < count; i++) {
      if (i % 2 === 0) engine.register('plugin', tools)
      else await engine.registerAsync('plugin', tools)
      engine.instance('plugin').close()
    }
    gc()
    await new Promise(setImmediate)
  }
  await run(50)
  const before = process.memoryUsage().rss
  await run(300)
  const grown = process.memoryUsage().rss - before
  assert.ok(grown < 64 << 20, `${grown} bytes`)
})

test('warm-up comes before the snapshot', async () => {
  const sums = Buffer.from(`(module (memory (export "memory") 1)
    (global $sum (mut i64) (i64.const 0)) (global $next (mut i32) (i32.const 1024))
    (func (export "allocate") (param i32) (result i32)
      (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
    (func (export "add") (param i64 i32)
      (global.set $sum (i64.add (global.get $sum) (local.get 0)))
      (global.set $sum (i64.add (global.get $sum) (i64.load8_u (local.get 1)))))
    (func (export "sum") (result i64) (global.get $sum)))`)
  const engine = new Engine()
  for (const snapshot of [true, false]) {
    const config = {
      snapshot,
      warmUp: [
        ['add', 3, 'A'],
        ['add', 4n, 'B'],
      ],
    }
    engine.register('sums', sums, config)
    await engine.registerAsync('later', sums, config)
    for (const name of ['sums', 'later']) {
      const instance = engine.instance(name)
      for (let i = 0; i < 2; i++) {
        assert.equal(instance.call('sum'), 138n)
        instance.reset()
      }
      instance.close()
    }
  }
  assert.throws(() => engine.register('sums', sums, { warmUp: [['none']] }), /its warm-up "none"/)
  assert.throws(() => engine.register('sums', sums, { warmUp: [['add', 1, null]] }), /argument 2 is null/)
  assert.throws(() => engine.register('sums', sums, { warmUp: ['add'] }), TypeError)
})

test('args follow the name', async () => {
  const wat = Buffer.from(`(module
    (import "wasi_snapshot_preview1" "args_get" (func $get (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "argument") (param i32) (result i32)
      (drop (call $get (i32.const 64) (i32.const 1024)))
      (i32.load offset=64 (i32.mul (local.get 0) (i32.const 4)))))`)
  const engine = new Engine()
  const config = { args: ['-v', 'grün'] }
  engine.register('plain', wat, config)
  await engine.registerAsync('later', wat, config)
  for (const name of ['plain', 'later']) {
    const instance = engine.instance(name)
    assert.deepEqual(
      [0, 1, 2].map((number) => instance.call('argument', [number], 'string')),
      [name, '-v', 'grün'],
    )
    instance.close()
  }
  assert.throws(() => engine.register('plain', wat, { args: ['x', 'a\0b'] }), /argument 2, "a\\0b", has a NUL inside/)
  assert.throws(() => engine.register('plain', wat, { args: 'ab' }), /args is no array/)
  assert.throws(() => engine.register('plain', wat, { args: ['a', 2] }), /args\[1\] is number, not a string/)
})
