import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
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

test('text passes unharmed', async () => {
  const tool = instance()
  const texts = ['', 'Nic', 'Grüße, 世界 🎉', '\u{1f469}\u200d\u{1f680}', 'x'.repeat(60_000), 'ü'.repeat(60_000)]
  // Around every size at which it is passed in another way.
  for (const length of [127, 128, 253, 254, 255, 256, 257, 340, 341, 342, 1022, 1023, 1024, 1025]) {
    for (const each of ['x', 'ü', '世', '🎉'])
      texts.push(each.repeat(length), 'x' + each.repeat(length), each + 'x'.repeat(length))
  }
  for (const text of texts) {
    assert.equal(tool.call('echo', [text], 'string'), text)
    assert.equal(await tool.callAsync('echo', [text], 'string'), text)
  }
})

test('what UTF-8 or the guest ABI has no form for is replaced, or refused', async () => {
  const tool = instance()
  for (const [given, taken] of [
    ['\ud800', '\ufffd'],
    ['a\udc00b', 'a\ufffdb'],
    ['\ud83c', '\ufffd'],
    ['\udf89\ud83c', '\ufffd\ufffd'],
    ['x'.repeat(300) + '\ud83c!', 'x'.repeat(300) + '\ufffd!'],
  ]) {
    assert.equal(tool.call('echo', [given], 'string'), taken)
    assert.equal(await tool.callAsync('echo', [given], 'string'), taken)
  }
  for (const text of ['a\0b', '\0', 'x'.repeat(300) + '\0']) {
    assert.throws(() => tool.call('echo', [text], 'string'), { code: 'INVALID', message: /a string with a NUL inside/ })
    await assert.rejects(tool.callAsync('echo', [text], 'string'), { code: 'INVALID' })
  }
  // Nothing of those calls is left in the guest.
  assert.equal(tool.call('echo', ['fine'], 'string'), 'fine')
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

test('bytes that are not there any more, or not to be had, are refused', async () => {
  const tool = instance()
  const refused = async (value, message) => {
    assert.throws(() => tool.call('echo', [value], 'bytes'), { name: 'WaspError', code: 'SIGNATURE', message })
    await assert.rejects(tool.callAsync('echo', [value], 'bytes'), { code: 'SIGNATURE', message })
  }
  const views = [(buffer) => buffer, (buffer) => new Uint8Array(buffer, 2, 3), (buffer) => new DataView(buffer, 1)]
  for (const view of views) {
    const buffer = new ArrayBuffer(8)
    const bytes = view(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    await refused(bytes, /argument 1 is over an ArrayBuffer that is detached/)
  }
  await refused(new SharedArrayBuffer(3), /is an object, but no Buffer, typed array/)
  await refused(new Map(), /is an object, but no Buffer, typed array/)
  await refused(Promise.resolve(Buffer.alloc(3)), /a promise/)
})

test('bytes are copied when they are given', async () => {
  const tool = instance()
  const bytes = Buffer.alloc(70_000, 1)
  const later = tool.callAsync('echo', [bytes], 'bytes')
  bytes.fill(2)
  assert.ok((await later).equals(Buffer.alloc(70_000, 1)))
  const taken = tool.call('echo', [bytes], 'bytes')
  tool.call('echo', [Buffer.alloc(70_000, 3)], 'bytes')
  assert.ok(taken.equals(bytes))
})

test('functions with many arguments get them in order', async () => {
  const tool = instance()
  const args = [1, 2n, 0.5, 0.25, '\x10', Buffer.from([0x20])]
  assert.equal(tool.call('six', args), 51.75)
  assert.equal(await tool.callAsync('six', args), 51.75)
  assert.throws(() => tool.call('six', args.slice(1)), { code: 'SIGNATURE' })
  assert.throws(() => tool.call('six', [...args, 1]), { code: 'SIGNATURE' })
  assert.throws(() => tool.call('six', [1, 2n, 0.5, 0.25, 5, null]), { code: 'SIGNATURE', message: /argument 6 is null/ })
})

test('big buffers pass', () => {
  const tool = instance()
  const big = Buffer.alloc(48 << 20, 'wasp')
  assert.ok(tool.call('echo', [big], 'bytes').equals(big))
  const text = 'ü'.repeat(8 << 20)
  assert.equal(tool.call('echo', [text], 'string'), text)
})

test('numbers pass where they fit', () => {
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
  assert.ok(Object.is(tool.call('f64', [-0]), -0))
  assert.ok(Object.is(tool.call('f32', [-0]), -0))
  assert.equal(tool.call('i32', [-0], 'i32'), 0)
  assert.equal(tool.call('f64', [2 ** 60]), 2 ** 60)
  for (const value of [2 ** 32, 1.5, 2n ** 32n, null, undefined, new Map(), Symbol(), () => {}]) {
    assert.throws(() => tool.call('i32', [value], 'i32'), { name: 'WaspError', code: 'SIGNATURE' })
  }
  for (const value of [2 ** 53, -(2 ** 53), 1e300, 0.5, NaN, Infinity, -(2n ** 63n) - 1n, 2n ** 64n, 'text']) {
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
    const sum = { name: 'sum', params: ['i32', 'i32'], returns: 'i32', declared: true }
    assert.deepEqual(declared.functions[0], { ...sum, paramNames: ['a', 'b'], docs: '' })
  }
})

test('a stack has lines, and an error what the plugin said', () => {
  const engine = new Engine()
  engine.register('lines', readFileSync(`${process.env.WASP_DOCS}/../wasp-core/tests/plugins/lines.wat`))
  assert.throws(
    () => engine.instance('lines').call('hello'),
    (error) => {
      const [{ moduleOffset, ...frame }] = error.wasmStack
      assert.deepEqual(frame, { function: 'greet::hello', functionIndex: 1, file: 'src/greet.c', line: 12, column: 5 })
      assert.match(error.stack, /\n {4}at greet::hello \(src\/greet\.c:12:5\)\n/)
      assert.equal(error.stderr, 'no\\u{1b}greet\n')
      return moduleOffset > 0
    },
  )
  engine.register('tools', tools)
  assert.throws(
    () => engine.instance('tools').call('trap'),
    (error) => !('stderr' in error || 'line' in error.wasmStack[0]),
  )
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

test('a closed instance has nothing to do with those after it', () => {
  const engine = new Engine()
  engine.register('tools', tools)
  const first = engine.instance('tools')
  assert.equal(first.call('count', [], 'i32'), 1)
  first.close()
  const second = engine.instance('tools')
  assert.equal(second.call('count', [], 'i32'), 1)
  first.close()
  assert.throws(() => first.call('count', [], 'i32'), { code: 'INVALID' })
  assert.equal(second.call('count', [], 'i32'), 2)
  const [third, fourth] = [engine.instance('tools'), engine.instance('tools')]
  assert.equal(third.call('count', [], 'i32'), 1)
  assert.equal(fourth.call('count', [], 'i32'), 1)
  assert.equal(second.call('count', [], 'i32'), 3)
})

test('an instance that its own arguments close leaves its place to nobody', async () => {
  const engine = new Engine()
  engine.register('tools', tools)
  for (const name of ['count', 'missing', 'i32', 'six']) {
    for (const calling of ['call', 'callAsync']) {
      const plugin = engine.instance('tools')
      let next
      const lengths = { count: 0, missing: 1, i32: 1, six: 6 }
      const closing = new Proxy(Array(lengths[name]).fill(1), {
        get(list, key) {
          if (next === undefined) {
            plugin.close()
            next = engine.instance('tools')
          }
          return list[key]
        },
      })
      await assert.rejects(async () => plugin[calling](name, closing, 'i32'), { code: 'INVALID' })
      assert.equal(next.call('count', [], 'i32'), 1)
      const another = engine.instance('tools')
      assert.equal(another.call('count', [], 'i32'), 1)
      assert.equal(next.call('count', [], 'i32'), 2)
      another.close()
      next.close()
    }
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

test('what plugins print goes nowhere else, unless the host says so', () => {
  const prints = `(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\08\\00\\00\\00\\0f\\00\\00\\00from the guest\\n")
    (func (export "print") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))`
  const host = `
    const { Engine } = require('wasp')
    const engine = new Engine(JSON.parse(process.argv[1]))
    engine.register('prints', Buffer.from(process.argv[2]))
    engine.instance('prints').call('print')`
  const run = (options) => execFileSync(process.execPath, ['-e', host, JSON.stringify(options), prints], { encoding: 'utf8' })
  assert.equal(run({}), '')
  assert.equal(run({ stdio: 'output' }), 'from the guest\n')
  assert.equal(run({ stdio: 'inherit' }), 'from the guest\n')
})

test('new instances switch to the code that a thread has compiled meanwhile', async () => {
  const lines = []
  const engine = new Engine({ compiler: 'tiered', logger: ({ message }) => lines.push(message), logLevel: 'debug' })
  engine.register('tools', tools)
  const before = engine.instance('tools')
  while (!lines.includes('Plugin optimised')) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    assert.equal(before.call('i32', [3], 'i32'), 3)
  }
  const after = engine.instance('tools')
  before.call('count', [], 'i32')
  assert.equal(before.call('count', [], 'i32'), 2)
  assert.equal(after.call('count', [], 'i32'), 1)
})

test('both compilers give the same, and a cache directory is filled', async (context) => {
  const { mkdtempSync, readdirSync, rmSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const cacheDir = mkdtempSync(`${tmpdir()}/wasp-cache-`)
  context.after(() => rmSync(cacheDir, { recursive: true }))
  const compilers = ['singlepass', 'cranelift', 'tiered'].map((compiler) => ({ compiler }))
  for (const options of [...compilers, { cacheDir }, { cacheDir }]) {
    assert.equal(instance({}, options).call('i32', [3], 'i32'), 3)
  }
  assert.ok(readdirSync(cacheDir).length > 0)
})
