// What engines, plugins, instances and modules tell of themselves.

import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inspect as show } from 'node:util'
import { Engine, inspect } from 'wasp'
import { callbacks, caller, example, tools } from './plugins.mjs'

/** Its start-up never ends. */
const offers = `(module
  (import "env" "greet" (func $greet (param i32) (result i32)))
  (import "env" "pair" (func (result i32 i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (memory (export "memory") 1 2)
  (data (i32.const 8) "add(a: i32, i32) i64 # Adds\\0aname() string\\00")
  (func (export "wasp_signatures") (result i32) (i32.const 8))
  (func (export "_initialize") (loop (br 0)))
  (func (export "add") (param i32 i32) (result i64) unreachable)
  (func (export "plain") (param f32))
  (func (export "name") (result i32) (call $greet (i32.const 0))))`

const info = {
  functions: [
    { name: 'add', params: ['i32', 'i32'], returns: 'i64', declared: true, paramNames: ['a', ''], docs: 'Adds' },
    { name: 'plain', params: ['f32'], returns: 'none', declared: false, paramNames: [''], docs: '' },
    { name: 'name', params: [], returns: 'string', declared: true, paramNames: [], docs: '' },
  ],
  imports: [
    { module: 'env', name: 'greet', type: '(i32) -> i32', params: ['i32'], returns: 'i32', provider: 'missing' },
    { module: 'env', name: 'pair', type: '() -> (i32, i32)', provider: 'missing' },
    { module: 'wasi_snapshot_preview1', name: 'sched_yield', type: '() -> i32', params: [], returns: 'i32', provider: 'wasi' },
  ],
  wasi: true,
  memoryMin: 1 << 16,
  memoryMax: 2 << 16,
  size: offers.length,
  memoryUsed: 0,
}

test('a module is inspected without running it', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'wasp-')), 'offers.wat')
  writeFileSync(file, offers)
  for (const source of [Buffer.from(offers), new TextEncoder().encode(offers), file, pathToFileURL(file)]) {
    assert.deepEqual(inspect(source), info)
  }
  assert.equal('memoryMax' in inspect(Buffer.from('(memory 1)')), false)
  assert.throws(() => inspect(Buffer.from('hello')), { code: 'COMPILE', message: /neither binary nor text/ })
  assert.throws(() => inspect('/nowhere.wasm'), { code: 'IO', message: 'file "/nowhere.wasm": No such file or directory' })
  assert.throws(() => inspect(5), { code: 'INVALID', message: /what is inspected is neither a path nor the bytes/ })
  assert.throws(() => inspect(), { code: 'INVALID', message: /neither a path nor the bytes/ })
})

test('all example plugins are inspected without what they import', () => {
  for (const language of ['c', 'rust', 'go', 'assemblyscript']) {
    const { functions, imports } = inspect(example(language))
    assert.ok(functions.some(({ name }) => name === 'hello'))
    assert.equal(imports.find(({ name }) => name === 'call_me').type, '(i32) -> i32')
  }
})

test('an engine tells its plugins', () => {
  const engine = new Engine()
  assert.deepEqual(engine.plugins, [])
  assert.equal(engine.memoryUsed, 0)
  engine.register('tools', tools)
  engine.register('adder', Buffer.from('(module)'))
  assert.deepEqual(engine.plugins, ['adder', 'tools'])
  assert.ok(engine.has('tools') && !engine.has('toools'))
  assert.throws(() => engine.has(5), TypeError)
  assert.equal(show(engine), "Engine { compiler: 'cranelift', plugins: [ 'adder', 'tools' ] }")
  const told = engine.plugin('tools')
  assert.ok(told.memoryUsed > 0 && engine.memoryUsed >= told.memoryUsed)
  assert.deepEqual(told.functions, [...engine.instance('tools').functions])
  const missing = { code: 'PLUGIN_NOT_FOUND', message: 'no plugin is registered as "tolos" ("tools" is there)' }
  assert.throws(() => engine.plugin('tolos'), missing)
  assert.throws(() => engine.instance('tolos'), missing)
  assert.throws(() => engine.unregister('tolos'), missing)
  assert.throws(() => engine.plugin('other'), { message: 'no plugin is registered as "other"' })
  engine.unregister('adder')
  assert.deepEqual(engine.plugins, ['tools'])
})

test('an instance tells its plugin and its memory', async () => {
  const engine = new Engine()
  engine.register('tools', tools)
  const tool = engine.instance('tools')
  assert.equal(tool.plugin, 'tools')
  assert.equal(show(tool), "Instance { plugin: 'tools', memory: 131072 }")
  assert.equal(show({ tool }), "{ tool: Instance { plugin: 'tools', memory: 131072 } }")
  assert.ok(tool.memory.used <= tool.memory.size)
  tool.memory.write(0, Buffer.from('x'))
  assert.ok(tool.memory.used > 0)
  assert.throws(() => tool.call('ehco', ['x'], 'string'), {
    code: 'FUNCTION_NOT_FOUND',
    message: 'plugin "tools" exports no function "ehco" ("echo" is there)',
  })
  const running = tool.callAsync('loop')
  assert.equal(show(tool), "Instance { plugin: 'tools', state: 'busy' }")
  assert.throws(() => tool.memory.used, { code: 'BUSY' })
  tool.interrupt()
  await assert.rejects(running, { code: 'CANCELLED' })
  // It may have ended before a thread had begun it. A call whose time is over has begun.
  tool.reset()
  await assert.rejects(tool.callAsync('loop', [], 'none', { timeout: 50 }), { code: 'TIMEOUT' })
  assert.equal(show(tool), "Instance { plugin: 'tools', state: 'stopped half-way, must be reset' }")
  tool.close()
  assert.equal(show(tool), "Instance { plugin: 'tools', state: 'closed' }")
  assert.throws(() => tool.memory.used, { code: 'INVALID' })
})

test('an instance that waits for its callback tells so', () => {
  const engine = new Engine()
  let seen
  const own = {
    event: () => {
      seen = show(instance)
    },
  }
  engine.register('caller', caller, { callbacks: callbacks(own) })
  const instance = engine.instance('caller')
  instance.call('event')
  assert.equal(seen, "Instance { plugin: 'caller', state: 'busy' }")
})

test('missing imports are traps if asked so', async () => {
  const engine = new Engine()
  assert.throws(() => engine.register('caller', caller), { code: 'IMPORT_NOT_FOUND' })
  engine.register('caller', caller, { trapMissingImports: true })
  await engine.registerAsync('later', caller, { trapMissingImports: true })
  for (const name of ['caller', 'later']) {
    const instance = engine.instance(name)
    const message = /it called the missing import "env"."number" as \(i64\) -> i64, which no callback provides$/
    assert.throws(() => instance.call('number', [1]), { code: 'TRAP', message })
    assert.ok(engine.plugin(name).imports.every(({ provider }) => provider === 'missing'))
  }
  engine.register('caller', caller, { trapMissingImports: true, callbacks: callbacks() })
  assert.equal(engine.instance('caller').call('number', [5]), 5n)
  const text = engine.plugin('caller').imports.find(({ name }) => name === 'text')
  assert.deepEqual([text.provider, text.params, text.returns], ['callback', ['string'], 'string'])
})
