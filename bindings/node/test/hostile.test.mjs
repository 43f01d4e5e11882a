// What hostile programs try. After each, the host is as it was, and the next fresh sandbox is right.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { run, runSync, runtime, ToolError } from 'wasp'

const forms = [run, async (...args) => runSync(...args)]
const tools = { find: (value) => value, one: () => 1 }

afterEach(async () => {
  const empty = {}
  assert.equal(empty.polluted, undefined)
  assert.deepEqual(Reflect.ownKeys(Object.prototype).sort(), ownKeys)
  assert.equal(Error.prepareStackTrace, prepareStackTrace)
  for (const go of forms) {
    assert.equal((await go('javascript', 'one() + 41', { tools })).unwrap(), 42)
    assert.equal((await go('lua', 'return one() + 41', { tools })).unwrap(), 42)
    assert.equal((await go('pocketpy', 'one() + 41', { tools })).unwrap(), 42)
  }
})
const { prepareStackTrace } = Error
const ownKeys = Reflect.ownKeys(Object.prototype).sort()

/** Runs programs in both forms; each has to be stopped by what it says, or to fail by the pattern, within a time. */
async function expectAll(programs, options = {}) {
  for (const [language, code, expected] of programs) {
    for (const go of forms) {
      // Time is short only where it is what ends the program: the machine may be busy.
      const timeout = expected === 'time' ? 150 : 10_000
      const { limits, ...more } = options
      const given = { tools, ...more, limits: { timeout, memory: '64MB', ...limits } }
      const { error, stopped, usage } = await go(language, code, given)
      if (expected instanceof RegExp) assert.match(`${error?.type}: ${error?.message}`, expected, code)
      else assert.equal(stopped, expected, code)
      assert.ok(usage.time < 5000, `${code}: ${usage.time}`)
    }
  }
}

test('1, 2: constructors and errors lead nowhere', async () => {
  const fail = () => {
    throw new Error('hidden', { cause: new SyntaxError('hidden too') })
  }
  const refuse = () => {
    throw new ToolError('seen', { cause: process })
  }
  const inputs = { given: { list: [{}], text: 'x' } }
  const seen = []
  const more = { ...tools, fail, refuse, keep: (...args) => void seen.push(args) }
  const reach = `
    Error.prepareStackTrace = (error, frames) => frames
    const caught = (f) => { try { f() } catch (e) { return e } }
    const { call } = await import('wasp:tools')
    const things = [globalThis, one, one(), find, find({ a: [] }), find([]), find(find), given, given.list[0], given.text, call, call('fail', {}),
      caught(fail), caught(fail).stack, caught(refuse), caught(() => call(1)), caught(() => nothing), ToolError, async () => {}, function* () {}]
    const found = []
    for (const it of things) {
      for (const code of ['return process', 'return globalThis.process', 'return require', 'return this.process', 'return import.meta']) {
        try { found.push(it.constructor.constructor(code)()) } catch (e) { if (!(e instanceof Error)) found.push('a foreign error') }
      }
    }
    keep({ constructor: { constructor: 'x' } }, { toString: 'x', valueOf: 'x', hasOwnProperty: 'x' })
    const errors = [caught(fail), caught(refuse)]
    ;[found.filter((it) => it !== undefined), errors.map((e) => [e.message, typeof e.cause]), String(caught(fail).stack)]`
  for (const go of forms) {
    const [found, errors, stack] = (await go('javascript', reach, { tools: more, inputs })).unwrap()
    assert.deepEqual(found, [])
    assert.deepEqual(errors, [
      ['the tool "fail" failed', 'undefined'],
      ['seen', 'undefined'],
    ])
    assert.doesNotMatch(stack, /node|hostile|lib/)
    // What came was made here, of the guest's text.
    for (const value of seen.at(-1)) assert.equal(Object.getPrototypeOf(value), Object.prototype)
  }
})

test('3: promises and built-ins that were taken over', async () => {
  const takeOver = `
    Promise.prototype.then = function (f) { return f('hijacked') }
    Object.defineProperty(Promise, Symbol.species, { get() { throw new Error('species') } })
    Array.prototype[Symbol.iterator] = function* () { yield 'x' }
    Object.prototype.polluted = 1
    Object.prototype.toJSON = () => 'lied'
    JSON.stringify = () => '{"value":"lied"}'
    JSON.parse = () => 'lied'
    Object.entries = Object.defineProperty = () => { throw new Error('no') }
    find({ a: 1 })`
  const seen = []
  for (const go of forms) {
    const result = await go('javascript', takeOver, { tools: { find: (...args) => seen.push(args) } })
    assert.equal(result.stopped, null)
    const thenable = await go('javascript', "({ then(resolve) { resolve({ then: 'x' }) } })")
    assert.deepEqual(thenable.value, { then: 'x' })
    const generator = await go(
      'javascript',
      'async function* f() { try { yield 1 } finally { yield 2 } }; (await f().return({ then(r) { r(7) } })).value',
    )
    assert.equal(generator.stopped, null)
    assert.equal((await go('javascript', 'await new Promise(() => {})')).ok, false)
  }
})

test('4: results that do things when they are read', async () => {
  await expectAll([
    ['javascript', '({ get a() { for (;;); } })', 'time'],
    ['javascript', '({ toJSON() { for (;;); } })', 'time'],
    ['javascript', 'new Proxy({}, { ownKeys() { for (;;); } })', 'time'],
    ['javascript', 'new Proxy([], { get(t, k) { if (k === "length") for (;;); return t[k] } })', 'time'],
    ['javascript', '({ then(resolve) { for (;;); } })', 'time'],
    ['javascript', 'throw { toString() { for (;;); } }', 'time'],
    ['javascript', 'find({ get a() { for (;;); } })', 'time'],
    ['javascript', '({ get a() { throw new RangeError("mine") } })', /^RangeError: mine$/],
    [
      'lua',
      'return setmetatable({}, { __pairs = function() while true do end end, __index = function() while true do end end })',
      null,
    ],
  ])
  let reads = 0
  const value = runSync('javascript', 'let n = 0; ({ get a() { touch(); return ++n } })', {
    tools: { touch: () => reads++ },
  }).value
  assert.deepEqual([value.a, value.a, reads], [1, 1, 1])
})

test('5: __proto__ is a key like any other', async () => {
  const text = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'
  const inputs = { given: JSON.parse(text), ...JSON.parse('{"list": [{"__proto__": {"polluted": 1}}]}') }
  let seen
  const keep = (...args) => {
    seen = args
  }
  const check = (value) => {
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.ok(Object.hasOwn(value, '__proto__'))
    assert.equal(value.polluted, undefined)
  }
  const gate = (_, args) => args.every((arg) => arg.polluted === undefined)
  for (const go of forms) {
    const options = { tools: { keep }, inputs, gate }
    check((await go('javascript', `JSON.parse('${text}')`, options)).value)
    check((await go('javascript', 'given', options)).value)
    check((await go('pocketpy', `import json\njson.loads('${text}')`, options)).value)
    await go('javascript', `keep(JSON.parse('${text}'))`, options).then((result) => result.unwrap())
    check(seen[0])
    await go('pocketpy', `keep(**{'__proto__': {'polluted': 1}})`, options).then((result) => result.unwrap())
    check(seen[0])
    const forged = `const { call } = await import('wasp:tools'); call('keep', JSON.parse('{"__proto__": {"args": [1]}, "kwargs": ${text}}'))`
    await go('javascript', forged, options).then((result) => result.unwrap())
    check(seen[0])
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const { value } = await go('javascript', `(await import('wasp:tools')).call('${name}', {}).error`, options)
      assert.equal(value, `there is no tool "${name}"`)
    }
    const file = await go('lua', "io.open('__proto__', 'w'):write('x'):close()", { files: { a: '' }, collect: ['*'] })
    assert.equal(Object.getPrototypeOf(file.files), Object.prototype)
    assert.ok(Object.hasOwn(file.files, '__proto__'))
  }
})

test('9: nothing names the host', async () => {
  process.env.WASP_SECRET = 'hunter2'
  const names = [process.cwd(), import.meta.dirname, homedir(), tmpdir(), process.execPath, 'hunter2', 'node_modules']
  const fail = () => {
    throw new Error(`no file ${import.meta.filename}`)
  }
  const programs = [
    [
      'javascript',
      "const fs = await import('wasp:fs'); const all = []; for (const f of [() => fs.readFile('/etc/passwd'), () => fs.readdir('/'), () => fs.readdir('..'), () => fs.readFile('none'), () => fs.writeFile('../x', ''), fail]) try { all.push(f()) } catch (e) { all.push(String(e), e.stack) } all",
    ],
    ['javascript', 'fail()'],
    ['javascript', "await import('node:fs')"],
    ['javascript', 'Object.getOwnPropertyNames(globalThis)'],
    [
      'lua',
      "return { os.getenv and os.getenv('WASP_SECRET') or '', tostring(io.open('/proc/self/environ')), tostring(debug and debug.traceback()) }",
    ],
    ['lua', 'return fail()'],
    ['pocketpy', "open('/proc/self/environ').read()"],
    ['pocketpy', 'import os\nos.getcwd()'],
    ['pocketpy', 'import sys\n[sys.version, sys.argv, list(sys.modules)] if hasattr(sys, "modules") else sys.version'],
    ['pocketpy', 'fail()'],
  ]
  for (const [language, code] of programs) {
    for (const go of forms) {
      const text = JSON.stringify(await go(language, code, { tools: { fail }, files: { a: '' } }))
      for (const name of names) assert.ok(name.length < 2 || !text.includes(name), `${code}: ${name} in ${text}`)
    }
  }
})

test('15, 16, 19: limits hold within built-ins', async () => {
  const limits = { timeout: 10, memory: '64MB' }
  for (const go of forms) {
    const { stopped, usage } = await go('javascript', "new Array(1e9) + ''", { limits })
    assert.equal(stopped, 'time')
    assert.ok(usage.time < 500, `${usage.time}`)
  }
  await expectAll([
    ['javascript', "/^(a+)+$/.test('a'.repeat(40) + 'b')", 'time'],
    ['javascript', "'x'.repeat(2e6).replace(/x*x*x*y/g, '')", 'time'],
    ['lua', "return ('a'):rep(1e5):find(('.-'):rep(40) .. 'b')", 'time'],
    ['lua', "return ('x'):rep(2 ^ 40)", /too large/],
    ['lua', "local s = 'x' while true do s = s .. s end", 'memory'],
    ['lua', "return ('x'):rep(1e9)", 'memory'],
    ['javascript', "'x'.repeat(2 ** 40)", /^RangeError: /],
    ['javascript', "[...'.'.repeat(1e9)]", 'memory'],
    ['javascript', "let s = 'x'; for (;;) s = (s + s).slice(0) + s.at(0)", 'memory'],
    ['javascript', 'new Uint8Array(2 ** 31)', /^(RangeError|InternalError): /],
    ['javascript', 'const a = []; for (;;) a.push(new ArrayBuffer(1 << 20))', 'memory'],
    ['pocketpy', "'x' * 2 ** 40", /^ValueError: /],
    ['pocketpy', "s = 'x'\nwhile True: s = s + s", /./],
  ])
})

test('18: a stop is not swallowed', async () => {
  await expectAll([
    ['javascript', 'for (;;) try { for (;;); } catch {} finally { continue }', 'time'],
    ['javascript', 'const f = () => { try { for (;;); } finally { f() } }; f()', 'time'],
    ['javascript', 'const f = () => Promise.resolve().then(f); f(); await new Promise(() => {})', 'time'],
    ['javascript', 'const f = () => queueMicrotask(f); f()', 'time'],
    ['javascript', 'new FinalizationRegistry(() => { for (;;); }).register({}, 1); for (;;) ({})', 'time'],
    ['javascript', 'function* g() { try { for (;;) yield } finally { for (;;); } }; for (const _ of g()) break', 'time'],
    ['lua', 'while true do pcall(function() while true do end end) end', 'time'],
    ['lua', 'local f = coroutine.wrap(function() while true do pcall(coroutine.yield) end end) while true do f() end', 'time'],
    ['lua', 'setmetatable({}, { __gc = function() while true do end end }) while true do local t = {} end', 'time'],
    ['lua', 'xpcall(error, function() while true do end end)', 'time'],
    ['pocketpy', 'while True:\n    try:\n        while True: pass\n    except: pass', 'time'],
    ['pocketpy', 'def f():\n    try:\n        while True: pass\n    except:\n        f()\nf()', 'time'],
  ])
})

test('21: floods, what is no text, and results that are deep', async () => {
  await expectAll(
    [
      ['javascript', "for (;;) console.log('x'.repeat(1e4))", 'output'],
      ['javascript', "for (;;) try { console.error('x') } catch {}", 'output'],
      ['javascript', "console.log('x'.repeat(1e9))", 'memory'],
      ['lua', "while true do pcall(io.write, ('x'):rep(1e6)) end", 'output'],
      ['lua', "while true do pcall(print, 'x') end", 'output'],
      ['pocketpy', "while True:\n    try:\n        print('x' * 10000)\n    except: pass", 'output'],
      ['javascript', 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a', 'stack'],
      ['javascript', 'const a = []; a.push(a); a', /^TypeError: /],
      ['javascript', 'const a = {}; a.b = { a }; find(a)', /^TypeError: /],
    ],
    { limits: { outputBytes: '20KB' } },
  )
  for (const go of forms) {
    const odd = await go('lua', "io.write('a\\xff\\xc3\\0\\27[2Jb\\xe2\\x82') io.stderr:write('\\xf0')")
    assert.deepEqual([odd.stdout, odd.stderr], ['a\ufffd\ufffd\0\x1b[2Jb\ufffd', '\ufffd'])
    const deep = await go('javascript', 'let a = []; for (let i = 0; i < 500; i++) a = [a]; a')
    assert.equal(JSON.stringify(deep.value), '['.repeat(501) + ']'.repeat(501))
    const big = await go('javascript', "'x'.repeat(1e7)")
    assert.equal(big.value.length, 1e7)
    const error = await go('javascript', "throw new Error('x'.repeat(1e6) + '\\n' + 'y')")
    assert.ok(error.error.message.length <= 1e6 + 2 && !error.error.message.includes('\n'))
  }
})

test('22: storms of tools', async () => {
  let calls = 0
  const counted = { find: (value) => (calls++, value), nothing: () => {} }
  const storms = [
    ['javascript', 'for (let i = 0; i < 1e6; i++) find()', 'tool_calls'],
    ['javascript', 'for (;;) try { find() } catch {} finally { continue }', 'tool_calls'],
    ['javascript', 'for (;;) (async () => find())()', 'tool_calls'],
    ['javascript', "const { call } = await import('wasp:tools'); for (;;) try { call('x', 1) } catch {}", 'tool_calls'],
    ['lua', 'while true do pcall(find) end', 'tool_calls'],
    ['pocketpy', 'while True:\n    try:\n        find()\n    except: pass', 'tool_calls'],
  ]
  await expectAll(storms, { tools: counted, limits: { toolCalls: 50 } })
  assert.equal(calls, 2 * 50 * 5)
  await expectAll(
    [
      ['javascript', "nothing('x'.repeat(1e7)); nothing(...new Array(1e4)); 1", null],
      [
        'javascript',
        "find(...new Array(6e4).fill(0)); (await import('wasp:tools')).call('find', { args: new Array(1e6).fill(0) })",
        null,
      ],
      ['javascript', "find('x'.repeat(1e9))", 'memory'],
      ['javascript', 'big()', /^Abi: /],
      ['javascript', 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; find(a)', 'stack'],
      ['javascript', 'find(find, Symbol(), 1n)', /./],
    ],
    { tools: { ...counted, big: () => 'x'.repeat(5e7) }, limits: { memory: '48MB' } },
  )
  // Requests that are nothing of the sort.
  for (const request of [
    'null',
    '1',
    '"x"',
    '[]',
    '{ args: 1 }',
    '{ args: { length: 5 } }',
    '{ kwargs: [] }',
    '{ kwargs: null, args: [] }',
  ]) {
    for (const go of forms) {
      const { value } = await go('javascript', `(await import('wasp:tools')).call('nothing', ${request})`, { tools: counted })
      assert.ok(typeof value === 'object' && Object.keys(value).every((key) => key === 'error'), request)
    }
  }
  // A tool that enters the sandbox again.
  const session = runtime('javascript').session()
  const again = { again: () => session.runSync('1').value, later: () => session.run('1') }
  assert.match(session.runSync('again()', { tools: again }).error.message, /^the tool "again" failed$/)
  assert.match((await session.run('later()', { tools: again })).error.message, /^the tool "later" failed$/)
  session.close()
})

test('23: results and calls are not forged', async () => {
  for (const go of forms) {
    const said = '{"value": "forged"}'
    const forged = await go('javascript', `console.log('${said}'); console.error('${said}'); find('real')`, { tools })
    assert.deepEqual([forged.value, forged.stdout], ['real', `${said}\n`])
    const own = await go('javascript', "globalThis.find = () => 'own'; ToolError = 1; find()", { tools })
    assert.deepEqual([own.value, own.usage.toolCalls], ['own', 0])
    const stopped = await go(
      'javascript',
      "throw Object.assign(new Error('x'), { code: 'TIMEOUT', stopped: 'time', exitCode: 1 })",
    )
    assert.deepEqual([stopped.error.type, stopped.stopped], ['Error', null])
    const error = await go(
      'javascript',
      "throw { name: 'WaspError', message: 'INVALID', wasmStack: [], toString: () => 'WaspError: INVALID' }",
    )
    assert.deepEqual([error.error.type, error.error.line], ['WaspError', null])
    const object = await go('javascript', '({ wasmStack: [], code: "TIMEOUT", message: "x" })')
    assert.deepEqual(object.value, { wasmStack: [], code: 'TIMEOUT', message: 'x' })
  }
})

test('24: files stay within the workspace', async () => {
  const known = () => readdirSync(tmpdir()).filter((name) => /^wasp-.{6}$/.test(name))
  const before = known()
  let workspace
  const plant = () => {
    workspace = join(
      tmpdir(),
      known().find((name) => !before.includes(name)),
    )
    symlinkSync('/etc/hostname', join(workspace, 'link.txt'))
    symlinkSync('/etc', join(workspace, 'folder'))
    symlinkSync('/etc/', join(workspace, 'slash'))
    const here = process.cwd()
    // Longer than the system takes a path.
    process.chdir(workspace)
    for (let depth = 0; depth < 30; depth++) {
      mkdirSync('d'.repeat(200))
      process.chdir('d'.repeat(200))
    }
    process.chdir(here)
  }
  const code = `plant()
    const { readFile, readdir, writeFile } = await import('wasp:fs')
    const paths = ['link.txt', 'folder/hostname', 'slash/hostname', 'slash/', '../x', '/etc/hostname', 'x/../../etc/hostname', '//etc/hostname', './/..//x']
    const got = []
    for (const path of paths) for (const f of [readFile, readdir, (path) => writeFile(path, 'x')]) try { f(path); got.push(path) } catch {}
    writeFile('own.txt', 'mine')
    got`
  for (const go of forms) {
    const result = await go('javascript', code, { tools: { plant }, files: { 'a.txt': '' }, collect: ['*', '*/hostname'] })
    assert.deepEqual(result.unwrap(), [])
    assert.deepEqual(Object.keys(result.files), ['a.txt', 'own.txt'])
    assert.equal(existsSync(workspace), false)
    assert.ok(existsSync('/etc/passwd'))
    // A file that is bigger than the memory may be, and takes no room.
    const huge =
      "local f = io.open('huge', 'w') f:seek('set', 2147483000) f:write('x') f:close() io.open('b', 'w'):write('b'):close()"
    const { error, files, truncated } = await go('lua', huge, { files: { 'a.txt': 'a' }, collect: ['*'] })
    assert.deepEqual([error, Object.keys(files), truncated], [null, ['a.txt', 'b'], true])
  }
})

test('25: nothing is left for the next', async () => {
  const js = runtime('javascript', { setup: 'const base = 40; globalThis.shared = { n: 0 }' })
  const leave = `Object.prototype.polluted = 1; Array.prototype.map = () => 'patched'; globalThis.leaked = 'secret'; shared.n = 1
    ;(await import('wasp:fs')).writeFile('left.txt', 'x'); Math.random = () => 4;`
  const ends = [
    '1',
    'null.x',
    'for (;;);',
    'stop()',
    "for (;;) console.log('x')",
    'for (;;) one()',
    'const f = () => f() + 1; f()',
  ]
  const check = `[typeof leaked, ({}).polluted, [1].map((x) => x)[0], shared.n, base, (await import('wasp:fs')).readdir('.').join()]`
  const expected = ['undefined', null, 1, 0, 40, 'a.txt']
  const randoms = new Set()
  for (const end of ends) {
    for (const form of ['run', 'runSync']) {
      const here = new AbortController()
      const limits = { timeout: 100, toolCalls: 5, outputBytes: 1000 }
      const options = { tools: { ...tools, stop: () => here.abort() }, files: { 'a.txt': '' }, limits, signal: here.signal }
      await (async () => js[form](leave + end, options))().catch((error) => assert.equal(error.name, 'AbortError'))
      assert.deepEqual((await js[form](check, { files: { 'a.txt': '' } })).unwrap(), expected, end)
      randoms.add((await js[form]('Math.random()')).value).add((await js[form]('crypto.randomUUID()')).value)
    }
  }
  assert.equal(randoms.size, ends.length * 4)
  for (const [language, leaves, finds] of [
    ['lua', "leaked = 'secret' string.upper = nil", "return tostring(leaked) .. ('x'):upper()"],
    ['pocketpy', "leaked = 'secret'\nimport math\nmath.pi = 3", "import math\nstr('leaked' in globals()) + str(math.pi > 3)"],
  ]) {
    for (const go of forms) {
      await go(language, leaves)
      assert.equal((await go(language, finds)).unwrap(), language === 'lua' ? 'nilX' : 'FalseTrue')
    }
  }
})
