import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Engine, Instance, WaspError } from 'wasp'
import { example, tools } from './plugins.mjs'

function instance(config, options) {
  const engine = new Engine(options)
  engine.register('tools', tools, config)
  return engine.instance('tools')
}

test('text passes unharmed', () => {
  const tool = instance()
  for (const text of ['', 'Nic', 'Grüße, 世界 🎉', '\u{1f469}\u200d\u{1f680}', 'x'.repeat(60_000)]) {
    assert.equal(tool.call('echo', [text], 'string'), text)
  }
  assert.equal(tool.call('echo', ['\ud800'], 'string'), '\ufffd')
  assert.throws(() => tool.call('echo', ['a\0b'], 'string'), { code: 'INVALID' })
})

test('bytes pass as a Buffer, from anything that holds bytes', () => {
  const tool = instance()
  const bytes = Uint8Array.from([0, 1, 255, 0, 7, 8, 9, 10])
  const buffer = bytes.buffer
  const all = [bytes, Buffer.from(bytes), buffer, new DataView(buffer), new Uint16Array(buffer), new Float64Array(buffer)]
  for (const each of [...all, new BigInt64Array(buffer), new Uint8ClampedArray(buffer)]) {
    const echo = tool.call('echo', [each], 'bytes')
    assert.ok(Buffer.isBuffer(echo))
    assert.deepEqual([...echo], [...bytes])
  }
  assert.deepEqual([...tool.call('echo', [bytes.subarray(2, 5)], 'bytes')], [255, 0, 7])
  assert.deepEqual([...tool.call('echo', [new DataView(buffer, 2, 3)], 'bytes')], [255, 0, 7])
  assert.equal(tool.call('echo', [new Uint8Array()], 'bytes').length, 0)
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(4)
  assert.deepEqual([...tool.call('echo', [shared], 'bytes')], [4, 4, 4])
})

test('big buffers pass', () => {
  const tool = instance()
  const big = Buffer.alloc(48 << 20, 'wasp')
  assert.ok(tool.call('echo', [big], 'bytes').equals(big))
  const text = 'ü'.repeat(8 << 20)
  assert.equal(tool.call('echo', [text], 'string'), text)
})

test('numbers pass where they fit exactly', () => {
  const tool = instance()
  assert.equal(tool.call('i32', [-3], 'i32'), -3)
  assert.equal(tool.call('i32', [3n], 'i32'), 3)
  assert.equal(tool.call('i32', [true], 'i32'), 1)
  assert.equal(tool.call('i64', [2n ** 63n - 1n]), 2n ** 63n - 1n)
  assert.equal(tool.call('i64', [-(2n ** 63n)]), -(2n ** 63n))
  assert.equal(tool.call('i64', [Number.MAX_SAFE_INTEGER]), 9007199254740991n)
  assert.equal(tool.call('f64', [0.1]), 0.1)
  assert.equal(tool.call('f32', [0.1]), Math.fround(0.1))
  assert.equal(tool.call('f64', [Number.MAX_VALUE]), Number.MAX_VALUE)
  assert.ok(Number.isNaN(tool.call('f64', [NaN])))
  for (const value of [2 ** 31, 1.5, 2n ** 31n, null, undefined, {}, [], Symbol(), () => {}]) {
    assert.throws(() => tool.call('i32', [value], 'i32'), { name: 'WaspError', code: 'SIGNATURE' })
  }
  for (const value of [2 ** 53, 2n ** 63n, 'text']) {
    assert.throws(() => tool.call('i64', [value], 'i64'), { name: 'WaspError', code: 'SIGNATURE' })
  }
})

test('the kind of the result is needed only where there is a doubt', () => {
  const tool = instance()
  assert.equal(tool.call('nothing'), undefined)
  assert.equal(tool.call('f64', [1]), 1)
  assert.throws(() => tool.call('count'), { code: 'INVALID', message: /pass 'i32', 'string'/ })
  assert.equal(tool.call('count', [], 'none'), undefined)
  assert.equal(tool.call('count', [], 'i32'), 2)

  const engine = new Engine()
  const config = { callbacks: { env: { call_me: { params: ['string'], returns: 'string', call: (name) => `Hello ${name}` } } } }
  engine.register('example', pathToFileURL(example('c')), config)
  engine.register('bytes', readFileSync(example('rust')), config)
  for (const name of ['example', 'bytes']) {
    const declared = engine.instance(name)
    assert.equal(declared.call('hello', ['Nic']), 'Hello Nic')
    assert.equal(declared.call('callback'), 'Hello Nic')
    assert.deepEqual([...declared.call('reverse', [new Uint8Array([1, 2, 3])])], [3, 2, 1])
    assert.deepEqual(declared.functions[0], { name: 'sum', params: ['i32', 'i32'], returns: 'i32', declared: true })
  }
})

test('failures are WaspErrors that say what, where and why', () => {
  const engine = new Engine()
  engine.register('tools', tools)
  const tool = engine.instance('tools')
  const caught = (body) => {
    try {
      body()
    } catch (error) {
      assert.ok(error instanceof WaspError && error instanceof Error)
      return error
    }
    assert.fail('nothing was thrown')
  }
  const trap = caught(() => tool.call('trap'))
  assert.equal(trap.code, 'TRAP')
  assert.equal(trap.function, 'trap')
  assert.equal(trap.wasmStack[0].function, 'deep')
  assert.ok(trap.wasmStack.length >= 2)
  assert.match(trap.stack, /^WaspError: .*\n {4}at deep \(wasm-function\[\d+\]:0x[0-9a-f]+\)\n/)
  assert.match(trap.stack, /call\.test\.mjs/)

  assert.equal(caught(() => tool.call('count', [], 'i32')).code, 'POISONED')
  tool.reset()
  assert.equal(tool.call('count', [], 'i32'), 1)

  assert.equal(caught(() => tool.call('missing')).code, 'FUNCTION_NOT_FOUND')
  assert.equal(caught(() => tool.call('i32', [], 'i32')).code, 'SIGNATURE')
  assert.equal(caught(() => engine.instance('missing')).code, 'PLUGIN_NOT_FOUND')
  assert.equal(caught(() => engine.unregister('missing')).code, 'PLUGIN_NOT_FOUND')
  assert.equal(caught(() => engine.register('none', '/nowhere/at.all')).code, 'IO')
  assert.equal(caught(() => engine.register('bad', Buffer.from('(module'))).code, 'COMPILE')
  assert.equal(caught(() => engine.register('bad', 3)).code, 'INVALID')
  assert.equal(caught(() => engine.instance('tools', { workspace: '/nowhere' })).code, 'IO')
  const missing = caught(() => engine.register('example', example('c')))
  assert.equal(missing.code, 'IMPORT_NOT_FOUND')
  assert.deepEqual(missing.imports, [{ module: 'env', name: 'call_me' }])

  engine.unregister('tools')
  assert.equal(tool.call('count', [], 'i32'), 2)
})

test('what is no plugin error is a TypeError', () => {
  const engine = new Engine()
  const tool = instance()
  for (const body of [
    () => new Engine({ compiler: 'llvm' }),
    () => new Engine({ colour: 'red' }),
    () => new Engine({ logger: console }),
    () => engine.register(3, tools),
    () => engine.register('tools', tools, { callback: {} }),
    () => engine.register('tools', tools, { callbacks: { env: { f: { params: ['text'], call() {} } } } }),
    () => engine.register('tools', tools, { callbacks: { env: { f: () => {} } } }),
    () => engine.register('tools', tools, { limits: { timeout: -1 } }),
    () => engine.register('tools', tools, { limits: { memoryBytes: 1.5 } }),
    () => tool.call(3),
    () => tool.call('count', 'x', 'i32'),
    () => tool.call('count', [], 'int'),
    () => tool.call('count', [], 'toString'),
    () => new Instance(),
  ]) {
    assert.throws(body, TypeError)
  }
})

test('limits hold', () => {
  const tool = instance({ limits: { timeout: 50, memoryBytes: 4 << 20 } })
  assert.throws(() => tool.call('loop'), { code: 'TIMEOUT' })
  tool.reset()
  assert.throws(() => tool.call('echo', [Buffer.alloc(8 << 20)], 'bytes'), WaspError)
})

test('instances are closed once, and then refuse', () => {
  const tool = instance()
  const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose')
  tool[dispose]()
  tool.close()
  for (const body of [() => tool.call('nothing'), () => tool.reset(), () => tool.functions]) {
    assert.throws(body, { code: 'INVALID', message: 'the instance is closed' })
  }
})

test('the logger hears of calls, and of what plugins print', () => {
  const lines = []
  const tool = instance({}, { logger: (record) => lines.push(record), logLevel: 'debug', stdio: 'log' })
  tool.call('i32', [3], 'i32')
  const called = lines.find(({ message }) => message === 'Calling function')
  assert.deepEqual(called, { level: 'debug', message: 'Calling function', fields: { name: 'i32', inputParam: '[3]' } })
  assert.ok(lines.some(({ message }) => message === 'Plugin registered'))
})

test('both compilers give the same, and a cache directory is filled', async (context) => {
  const { mkdtempSync, readdirSync, rmSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const cacheDir = mkdtempSync(`${tmpdir()}/wasp-cache-`)
  context.after(() => rmSync(cacheDir, { recursive: true }))
  for (const options of [{ compiler: 'singlepass' }, { compiler: 'cranelift' }, { cacheDir }, { cacheDir }]) {
    assert.equal(instance({}, options).call('i32', [3], 'i32'), 3)
  }
  assert.ok(readdirSync(cacheDir).length > 0)
})
