import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, Result, RunError, Runtime, run, runSync, runtime, Session, Tool, ToolError, tool, WaspError } from 'wasp'

/** What a test checks of both forms. */
const forms = [
  ['run', (...args) => run(...args)],
  ['runSync', async (...args) => runSync(...args)],
]

test('a program has a value, and prints', async () => {
  for (const [name, go] of forms) {
    const result = await go('javascript', "console.log('hi'); console.error('oh'); 6 * 7")
    assert.ok(result instanceof Result)
    const { usage, ...rest } = result
    assert.deepEqual(
      rest,
      { value: 42, stdout: 'hi\n', stderr: 'oh\n', error: null, stopped: null, truncated: false, files: {} },
      name,
    )
    assert.equal(result.ok, true)
    assert.equal(result.unwrap(), 42)
    const { time, ...counts } = usage
    assert.ok(time > 0 && usage.memoryBytes > 0)
    assert.deepEqual(counts, { toolTime: 0, toolCalls: 0, outputBytes: 6, memoryBytes: usage.memoryBytes })
    assert.equal((await go('lua', 'return 6 * 7')).value, 42)
    assert.equal((await go('pocketpy', "print('hi')\n6 * 7")).value, 42)
    // Integers of other languages are numbers as long as nothing is lost.
    assert.equal((await go('pocketpy', '2 ** 40')).value, 2 ** 40)
    assert.equal((await go('lua', 'return 2 ^ 62 // 1 | 1')).value, 2n ** 62n + 1n)
    assert.equal((await go('javascript', '5n')).value, 5n)
    assert.deepEqual((await go('javascript', 'new Uint8Array([1, 2])')).value, Buffer.from([1, 2]))
    assert.equal((await go('javascript', 'await Promise.resolve(3)')).value, 3)
  }
})

test('a failure is data', async () => {
  for (const [, go] of forms) {
    const failed = await go('javascript', "const f = () => {\n  throw new TypeError('no: really')\n}\nf()")
    assert.equal(failed.ok, false)
    assert.deepEqual(failed.error, {
      type: 'TypeError',
      message: 'no: really',
      traceback: 'f (run.js:2:13)\n<eval> (run.js:4:1)',
      line: 2,
    })
    assert.throws(
      () => failed.unwrap(),
      (error) => error instanceof RunError && error.result === failed && error.message === 'TypeError: no: really (line 2)',
    )
    for (const [language, code, type, message, line] of [
      ['javascript', '1 +', 'SyntaxError', /./, 1],
      ['javascript', "throw 'text'", 'Error', /^text$/, null],
      ['javascript', "throw new Error('a TypeError')", 'Error', /^a TypeError$/, 1],
      ['lua', '\nerror("a: b")', 'Error', /^a: b$/, 2],
      ['lua', 'local t = nil return t.x', 'Error', /attempt to index/, 1],
      ['pocketpy', "x = 1\nraise ValueError('a')", 'ValueError', /^a$/, 2],
      ['pocketpy', 'x = 1\nx +', 'SyntaxError', /./, 2],
    ]) {
      const { error, stopped } = await go(language, code)
      assert.deepEqual([error.type, error.line, stopped], [type, line, null], code)
      assert.match(error.message, message)
    }
  }
})

test('inputs are values, and the program has copies', async () => {
  const inputs = { rows: [{ a: 1 }], name: 'Grüße 🎉', none: null }
  for (const [, go] of forms) {
    assert.deepEqual((await go('javascript', 'rows.push(name, none); rows', { inputs })).value, [{ a: 1 }, 'Grüße 🎉', null])
    assert.equal((await go('pocketpy', "rows[0]['a'] + 1", { inputs })).value, 2)
    assert.equal((await go('lua', 'rows[1].a + 1', { inputs })).value, 2)
    assert.equal(inputs.rows.length, 1)
    const cyclic = {}
    cyclic.self = cyclic
    await assert.rejects(go('lua', '', { inputs: { cyclic } }), { name: 'TypeError', message: /^the inputs have no JSON: / })
    await assert.rejects(go('lua', '', { inputs: [1] }), { name: 'TypeError', message: /^inputs is no plain object/ })
    await assert.rejects(go('lua', '', { inputs: { f: 1 }, tools: { f: () => 1 } }), { message: '"f" is an input and a tool' })
  }
})

test('tools are called, and programs learn what they may', async () => {
  const seen = []
  const tools = {
    add: (a, b) => a + b,
    note: (...args) => void seen.push(args),
    refuse: () => {
      throw new ToolError('not today')
    },
    fail: () => {
      throw new TypeError('secret of the host')
    },
    cyclic: () => {
      const value = []
      value.push(value)
      return value
    },
  }
  for (const [, go] of forms) {
    seen.length = 0
    const { unwrap, value, usage } = await go('javascript', 'note({ a: [1] }, null); [add(2, 3), note()]', { tools })
    assert.deepEqual([value, seen, usage.toolCalls, typeof unwrap], [[5, null], [[{ a: [1] }, null], []], 3, 'function'])
    const said = (language, code, more) => go(language, code, { tools, ...more }).then((result) => result.unwrap())
    const caught = 'try { NAME() } catch (e) { [e instanceof ToolError, e.name, e.message] }'
    assert.deepEqual(await said('javascript', caught.replace('NAME', 'refuse')), [true, 'ToolError', 'not today'])
    assert.deepEqual(await said('javascript', caught.replace('NAME', 'fail')), [true, 'ToolError', 'the tool "fail" failed'])
    const shown = await said('javascript', caught.replace('NAME', 'fail'), { showErrors: true })
    assert.equal(shown[2], 'the tool "fail" failed: TypeError: secret of the host')
    assert.equal((await said('javascript', caught.replace('NAME', 'cyclic')))[2], 'the tool "cyclic" failed')
    const wordless = () => {
      throw Object.create(null)
    }
    const told = await go('javascript', 'wordless()', { tools: { wordless }, showErrors: true })
    assert.equal(told.error.message, 'the tool "wordless" failed: it threw what has no words')
    // What other languages pass by name is one object here.
    await said('pocketpy', 'note(1, k=2)')
    await said('lua', 'note({ k = 2 })')
    assert.deepEqual(seen.slice(-2), [[1, { k: 2 }], [{ k: 2 }]])
    assert.deepEqual((await go('pocketpy', 'refuse()', { tools })).error.message, 'not today')
    const limited = { tools: [tool(() => 1, { name: 'once', maxCalls: 1 })] }
    const twice = await go('javascript', 'once(); once()', limited)
    assert.equal(twice.error.message, 'the tool "once" may be called 1 times, and was')
    assert.equal((await go('javascript', 'once()', limited)).value, 1)
  }
})

test('a gate is asked before a tool runs', async () => {
  const asked = []
  const tools = { pay: (amount) => `paid ${amount}` }
  const gate = (name, args) => {
    asked.push([name, args])
    return args[0] === 1 || (args[0] === 2 ? 'too much' : undefined)
  }
  for (const [form, go] of forms) {
    const code = 'const all = []; for (const n of [1, 2, 3]) try { all.push(pay(n)) } catch (e) { all.push(e.message) }; all'
    const said = ['paid 1', 'too much', 'the tool "pay" was refused']
    assert.deepEqual((await go('javascript', code, { tools, gate })).value, said)
    if (form === 'run') {
      const later = async (...args) => (await sleep(1), gate(...args))
      assert.deepEqual((await go('javascript', code, { tools, gate: later })).value, said)
    }
  }
  assert.deepEqual(asked[0], ['pay', [1]])
})

test('tools may take their time, which does not count', async () => {
  const tools = { wait: async (ms) => (await sleep(ms), ms) }
  const slow = await run('javascript', 'wait(150) + wait(150)', { tools, limits: { timeout: 200 } })
  assert.equal(slow.value, 300)
  assert.ok(slow.usage.toolTime >= 290 && slow.usage.time >= slow.usage.toolTime)
  const block = (ms) => {
    const end = performance.now() + ms
    while (performance.now() < end);
    return ms
  }
  for (const [, go] of forms) {
    assert.equal((await go('lua', 'return block(300)', { tools: { block }, limits: { timeout: 200 } })).value, 300)
    // The rest does count, afterwards too.
    const spins = await go('javascript', 'block(300); for (;;);', { tools: { block }, limits: { timeout: 200 } })
    assert.equal(spins.stopped, 'time')
    assert.ok(spins.usage.time < 2000)
  }
  // Nor does what else the event loop is busy with.
  const running = run('javascript', 'wait(0)', { tools, limits: { timeout: 100 } })
  await sleep(20)
  block(300)
  assert.equal((await running).value, 0)
})

test('promises are for run: runSync refuses them', async () => {
  let calls = 0
  const tools = { later: async () => ++calls }
  assert.throws(() => runSync('lua', 'later()', { tools }), { name: 'TypeError', message: /the tool "later" is async/ })
  assert.throws(() => runSync('lua', '', { gate: async () => true }), { name: 'TypeError', message: /the gate is async/ })
  assert.equal(calls, 0)
  const hidden = { later: () => Promise.reject(new Error('nobody hears of it')) }
  const message = 'the tool "later" answered with a promise, for which only run waits: runSync doesn\'t'
  assert.throws(() => runSync('lua', 'pcall(later)', { tools: hidden }), { name: 'TypeError', message })
  const gate = () => Promise.resolve(true)
  assert.throws(() => runSync('lua', 'x()', { tools: { x: () => 1 }, gate }), { message: /^the gate answered with a promise/ })
  assert.equal(runSync('lua', 'return 1').value, 1)
})

test('runs at once have tools of their own', async () => {
  const runs = Array.from({ length: 50 }, async (_, n) => {
    const language = ['javascript', 'lua', 'pocketpy'][n % 3]
    const code = { javascript: 'who() * 1000 + who()', lua: 'return who() * 1000 + who()', pocketpy: 'who() * 1000 + who()' }[
      language
    ]
    // The names that a guest knows are no other run's.
    const tools = { who: async () => (await sleep(Math.random() * 10), n), [`mine${n}`]: () => n }
    const options = { tools, inputs: { n }, onStdout: () => {} }
    const [value, mine, other] = await Promise.all([
      run(language, code, options),
      run('javascript', `mine${n}() + n`, options),
      run('javascript', `const { call } = await import('wasp:tools'); call('mine${n + 1}', {}).error`, options),
    ])
    assert.equal(runSync('javascript', 'who()', { tools: { who: () => -n } }).value, -n || 0)
    assert.deepEqual([value.value, mine.value, other.value], [n * 1001, 2 * n, `there is no tool "mine${n + 1}"`])
  })
  await Promise.all(runs)
})

test('a tool may run programs itself', async () => {
  const tools = { who: () => 'outer' }
  const inner = () => runSync('javascript', 'who()', { tools: { who: () => 'inner' } }).value
  const prepare = () => runtime('javascript', { setup: 'globalThis.who = "setup"' }).runSync('who').value
  for (const [, go] of forms) {
    const value = (await go('javascript', '[who(), inner(), prepare(), who()]', { tools: { ...tools, inner, prepare } })).unwrap()
    assert.deepEqual(value, ['outer', 'inner', 'setup', 'outer'])
  }
  const deep = async (n) => (n === 0 ? 0 : 1 + (await run('javascript', `deep(${n - 1})`, { tools: { deep } })).unwrap())
  assert.equal(await deep(10), 10)
  // A setup that calls tools is told that it can't, also within a tool.
  const early = () => runtime('javascript', { setup: "(await import('wasp:tools')).call('who', {}).error" })
  const told = { early: () => early().runSync('1').value }
  assert.equal(runSync('javascript', 'early()', { tools: { ...tools, ...told } }).value, 1)
})

test('limits have defaults, are checked, and stop programs', async () => {
  assert.deepEqual(runtime('lua').limits, { timeout: 30_000, memory: 256 << 20, outputBytes: 1 << 20, toolCalls: 1000 })
  for (const [, go] of forms) {
    for (const [limits, expected] of [
      [
        { timeOut: 5 },
        { name: 'TypeError', message: /^limits has no "timeOut" \("timeout" is there\); it has timeout, memory, / },
      ],
      [{ memoryBytes: 5 }, { name: 'TypeError', message: /^limits has no "memoryBytes"/ }],
      [
        { timeout: '5' },
        { name: 'TypeError', message: 'the limit "timeout" is "5", and a number of milliseconds above 0 is accepted' },
      ],
      [{ timeout: 0 }, { name: 'RangeError', message: /the limit "timeout" is 0/ }],
      [{ timeout: Number.NaN }, { name: 'RangeError' }],
      [{ memory: '64 elephants' }, { name: 'RangeError', message: /"64 elephants", and a number of bytes or a size such as/ }],
      [{ memory: null }, { name: 'TypeError' }],
      [{ toolCalls: 1.5 }, { name: 'RangeError' }],
      [5, { name: 'TypeError' }],
    ]) {
      await assert.rejects(go('lua', '', { limits }), expected)
    }
    await assert.rejects(go('lua', '', { limit: {} }), {
      name: 'TypeError',
      message: /^the options of run has no "limit" \("limits" is there\)/,
    })
    await assert.rejects(go('luau', ''), { name: 'TypeError', message: /^the language is "luau".*\("lua" is there\)/ })
    await assert.rejects(go('lua', 5), { name: 'TypeError', message: 'the program is number, not a string' })
    await assert.rejects(go('lua', '', { tools: { '1x': () => 1 } }), { name: 'RangeError', message: /a tool's name is "1x"/ })
    await assert.rejects(go('lua', '', { tools: { x: 1 } }), {
      name: 'TypeError',
      message: 'a tool is number, and a function is accepted',
    })
    await assert.rejects(go('lua', '', { tools: () => 1 }), { name: 'TypeError', message: /^tools is function, and / })
    await assert.rejects(go('lua', '', { signal: {} }), { name: 'TypeError', message: 'signal is no AbortSignal' })
    await assert.rejects(go('lua', '', { onStdout: 1 }), {
      name: 'TypeError',
      message: 'onStdout is number, and a function is accepted',
    })

    const tools = { f: () => 1 }
    for (const [language, code, limits, stopped] of [
      ['javascript', 'for (;;);', { timeout: 50 }, 'time'],
      ['lua', 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end', { memory: '8MB' }, 'memory'],
      ['javascript', 'const a = []; for (;;) a.push(new Array(1000).fill(1))', { memory: 8 << 20 }, 'memory'],
      ['javascript', 'const f = () => f() + 1; f()', {}, 'stack'],
      ['pocketpy', 'while True: f()', { toolCalls: 3 }, 'tool_calls'],
    ]) {
      const result = await go(language, code, { limits, tools })
      assert.equal(result.stopped, stopped, code)
      assert.equal(result.ok, false)
      assert.throws(() => result.unwrap(), RunError)
      assert.ok(result.usage.toolCalls <= 3)
    }
    const flood = await go('javascript', "for (;;) console.log('0123456789')", { limits: { outputBytes: '1KB' } })
    assert.deepEqual([flood.stopped, flood.truncated, flood.stdout.length, flood.usage.outputBytes], ['output', true, 1000, 1000])
    const none = { timeout: Infinity, memory: Infinity, outputBytes: Infinity, toolCalls: Infinity }
    assert.equal((await go('lua', 'return 1', { limits: none })).value, 1)
  }
})

test('a run lowers the limits of its runtime, and never raises them', async () => {
  const js = runtime('javascript', { limits: { timeout: 100, memory: '32MB' }, setup: 'const base = 40' })
  assert.ok(js instanceof Runtime)
  assert.equal(js.language, 'javascript')
  assert.equal(js.runSync('base + 2').value, 42)
  assert.equal((await js.run('base + 2')).value, 42)
  assert.equal(js.runSync('for (;;);').stopped, 'time')
  assert.equal((await js.run('for (;;);', { limits: { timeout: 20 } })).stopped, 'time')
  const message = 'the limit "timeout" is 200, more than the 100 of the runtime, which a run only lowers'
  assert.throws(() => js.runSync('1', { limits: { timeout: 200 } }), { name: 'RangeError', message })
  await assert.rejects(js.run('1', { limits: { toolCalls: 1001 } }), { name: 'RangeError' })
  const small = { limits: { memory: '4MB' } }
  for (const { stopped } of [js.runSync('"x".repeat(3e6)', small), await js.run('"x".repeat(3e6)', small)])
    assert.equal(stopped, 'memory')
  assert.equal(js.runSync('"x".repeat(3e6).length').value, 3e6)
  // More of them than are kept.
  const runs = Array.from({ length: 40 }, (_, n) => js.run('base', { limits: { memory: (8 << 20) + (n << 16) } }))
  for (const { value } of await Promise.all(runs)) assert.equal(value, 40)
  assert.throws(() => runtime('javascript', { setup: 'null.x' }), { code: 'GUEST', message: /cannot read property 'x' of null/ })
  assert.throws(() => runtime('javascript', { setup: 'for (;;);', limits: { timeout: 50 } }), { code: 'TIMEOUT' })
  assert.throws(() => runtime('javascript', { stup: '' }), {
    message: /^the options of runtime has no "stup" \("setup" is there\)/,
  })
  assert.throws(() => new Runtime(), TypeError)
  assert.throws(() => new Session({}), TypeError)
})

test('what is printed is told as it is', async () => {
  const told = []
  const at = () => told.map(([name, text]) => `${name}: ${text}`)
  const options = { onStdout: (text) => told.push(['out', text]), onStderr: (text) => told.push(['err', text]) }
  let sawFirst
  const tools = { look: () => (sawFirst = at().join('|')) }
  for (const [, go] of forms) {
    told.length = 0
    const code = "console.log('first'); look(); console.error('second'); console.log('Grüße 🎉')"
    const { stdout, stderr } = await go('javascript', code, { ...options, tools })
    assert.equal(sawFirst, 'out: first\n')
    assert.deepEqual([stdout, stderr], ['first\nGrüße 🎉\n', 'second\n'])
    assert.deepEqual(at().sort(), ['err: second\n', 'out: Grüße 🎉\n', 'out: first\n'])
  }
  // While it runs, with characters that come in parts.
  told.length = 0
  let during = 0
  const slow =
    "for (let n = 0; n < 20; n++) { console.log('ü🎉'.repeat(999)); for (const end = performance.now() + 10; performance.now() < end;); }"
  const watched = run('javascript', slow, { ...options, onStdout: (text) => (during++, told.push(['out', text])) })
  const { stdout } = await watched
  assert.ok(during > 2, `${during}`)
  assert.equal(told.map(([, text]) => text).join(''), stdout)
  assert.equal(stdout, `${'ü🎉'.repeat(999)}\n`.repeat(20))
  const cut = runSync('javascript', "console.log('🎉🎉')", { limits: { outputBytes: 6 } })
  assert.equal(cut.stdout, '🎉\ufffd')
  // What a listener throws is the host's.
  const mine = new Error('mine')
  const throws = () => {
    throw mine
  }
  for (const [, go] of forms) {
    const code = 'console.log(1); look(); console.log(2)'
    await assert.rejects(go('javascript', code, { onStdout: throws, tools }), (error) => error === mine)
  }
  await assert.rejects(run('javascript', 'console.log(1); for (;;);', { onStdout: throws }), (error) => error === mine)
})

test('a signal stops a program', async () => {
  const reason = new Error('enough')
  const spins = (options, code = 'for (;;);') => run('javascript', code, options)
  const controller = new AbortController()
  const running = spins({ signal: controller.signal })
  setTimeout(() => controller.abort(reason), 30)
  await assert.rejects(running, (error) => error === reason)
  await assert.rejects(spins({ signal: controller.signal }), (error) => error === reason)
  await assert.rejects(spins({ signal: AbortSignal.timeout(30) }), { name: 'TimeoutError' })
  // Also while it waits for a tool, and in the one on this thread by a tool.
  const waits = new AbortController()
  const tools = { wait: () => new Promise(() => {}), stop: () => waits.abort(reason) }
  const waiting = spins({ signal: waits.signal, tools }, 'wait()')
  setTimeout(tools.stop, 30)
  await assert.rejects(waiting, (error) => error === reason)
  const here = new AbortController()
  const stop = () => here.abort(reason)
  assert.throws(() => runSync('lua', 'pcall(stop) while true do end', { signal: here.signal, tools: { stop } }), reason)
  assert.throws(() => runSync('lua', '', { signal: here.signal }), reason)
  assert.equal((await run('lua', 'return 1', { signal: new AbortController().signal })).value, 1)
})

test('a signal stops a program that no thread has begun', async () => {
  await run('lua', '')
  const spins = () => run('lua', 'while true do end', { limits: { timeout: 1000 } })
  const busy = Array.from({ length: availableParallelism() + 4 }, spins)
  const started = performance.now()
  await assert.rejects(run('lua', 'return 1', { signal: AbortSignal.timeout(30) }), { name: 'TimeoutError' })
  assert.ok(performance.now() - started < 700)
  for (const { stopped } of await Promise.all(busy)) assert.equal(stopped, 'time')
  assert.equal((await run('lua', 'return 1')).value, 1)
})

test('files go in and out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-test-'))
  const before = () => readdirSync(tmpdir()).filter((name) => name.startsWith('wasp-') && !name.startsWith('wasp-scripts'))
  const there = before()
  try {
    writeFileSync(join(folder, 'host.txt'), 'of the host')
    const files = {
      'a.txt': 'text',
      '/workspace/in/b.bin': new Uint8Array([1, 2]),
      'c.bin': new Uint8Array([3]).buffer,
      'd.txt': pathToFileURL(join(folder, 'host.txt')),
    }
    const code = `const { readFile, writeFile, readdir } = await import('wasp:fs')
      writeFile('in/out.txt', readFile('a.txt', 'utf8') + '!')
      ;[readdir('.').sort(), readFile('in/b.bin').length, readFile('d.txt', 'utf8')]`
    for (const [, go] of forms) {
      const { value, files: left, truncated } = await go('javascript', code, { files, collect: ['*.txt', '/workspace/c.???'] })
      assert.deepEqual(value, [['a.txt', 'c.bin', 'd.txt', 'in'], 2, 'of the host'])
      assert.deepEqual(Object.keys(left), ['a.txt', 'c.bin', 'd.txt', 'in/out.txt'])
      assert.equal(left['in/out.txt'].toString(), 'text!')
      assert.equal(truncated, false)
      assert.equal((await go('lua', "return io.open('a.txt'):read('a')", { files })).value, 'text')
      // Without files there is no workspace.
      assert.ok((await go('javascript', "(await import('wasp:fs')).readdir('.')")).error)
      for (const path of ['../x', '/etc/passwd', 'a/../../b', '/workspace', '.', 'a\0', '']) {
        await assert.rejects(go('lua', '', { files: { [path]: '' } }), { name: 'RangeError', message: /^the file "/ })
        await assert.rejects(go('lua', '', { collect: [path] }), { name: 'RangeError' })
      }
      await assert.rejects(go('lua', '', { files: { a: 5 } }), {
        name: 'TypeError',
        message: /^the file "a" is number, and text, bytes or /,
      })
      await assert.rejects(go('lua', '', { collect: '*' }), { name: 'TypeError' })
      await assert.rejects(go('lua', '', { files: { a: new URL('file:///no/such') } }), { code: 'ENOENT' })
    }
    assert.deepEqual(before(), there)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a session keeps what its programs leave', async () => {
  const js = runtime('javascript', { limits: { timeout: 5000 } })
  const session = js.session({ files: { 'a.txt': 'a' } })
  assert.ok(session instanceof Session)
  session.runSync("let x = 40; (await import('wasp:fs')).writeFile('b.txt', 'b')")
  assert.equal((await session.run('x += 2')).value, 42)
  assert.deepEqual(Object.keys((await session.run('x', { collect: ['*'] })).files), ['a.txt', 'b.txt'])
  // A failure is no end, and each run has tools, limits and output of its own.
  assert.equal(session.runSync('null.x').error.type, 'TypeError')
  assert.equal(session.runSync('f() + x', { tools: { f: () => 1 } }).value, 43)
  assert.equal((await session.run('f() + x', { tools: { f: async () => 2 } })).value, 44)
  assert.equal(session.runSync("console.log('12345')", { limits: { outputBytes: 6 } }).stdout, '12345\n')
  assert.throws(() => session.runSync('1', { limits: { memory: '1MB' } }), { name: 'RangeError', message: /memory/ })
  assert.throws(() => session.runSync('1', { files: {} }), { name: 'TypeError', message: /"files"/ })
  const running = session.run('wait()', { tools: { wait: () => sleep(20) } })
  assert.throws(() => session.runSync('1'), { code: 'BUSY' })
  await assert.rejects(session.run('1'), { code: 'BUSY' })
  await running
  assert.equal(session.isOpen, true)
  assert.equal(session.runSync('for (;;);', { limits: { timeout: 30 } }).stopped, 'time')
  assert.equal(session.isOpen, false)
  assert.throws(
    () => session.runSync('1'),
    (error) =>
      error instanceof WaspError &&
      error.code === 'INVALID' &&
      error.message === 'the session has ended: its last program was stopped: time',
  )
  session.close()

  const interrupted = js.session()
  setTimeout(() => interrupted.interrupt(), 30)
  assert.equal((await interrupted.run('for (;;);')).stopped, 'cancelled')
  const here = js.session()
  assert.equal(here.runSync('stop(); for (;;);', { tools: { stop: () => here.interrupt() } }).stopped, 'cancelled')
  const closed = js.session()
  const last = closed.run('stop(); 1', { tools: { stop: () => closed.close() } })
  assert.equal((await last).value, 1)
  assert.equal(closed.isOpen, false)
  const idle = js.session({ idle: 20 })
  const old = js.session({ lifetime: 20 })
  await sleep(60)
  assert.deepEqual([idle.isOpen, old.isOpen], [false, false])
  assert.throws(() => idle.runSync('1'), { message: 'the session has ended: it was idle for more than 20 ms' })
  assert.throws(() => js.session({ idle: '1' }), { name: 'TypeError' })
  const disposed = js.session()
  disposed[Symbol.dispose ?? Symbol.for('nodejs.dispose')]()
  assert.equal(disposed.isOpen, false)
})

test('tools are described', () => {
  const lookup = tool(() => {}, {
    name: 'lookup',
    description: 'Finds a person.\nBy name.',
    parameters: {
      properties: {
        count: { type: 'integer' },
        name: { type: 'string' },
        tags: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
        'sort-by': { enum: ['age', 'name', null] },
        more: { type: 'object', properties: { deep: { type: 'boolean' } } },
        map: { type: 'object', additionalProperties: { type: 'number' } },
      },
      required: ['name'],
    },
  })
  assert.ok(lookup instanceof Tool)
  function send(to, { subject } = {}, copies = [1, ')'], ...rest) {
    return [to, subject, copies, rest]
  }
  assert.equal(
    describe([lookup, send]),
    `/**
 * Finds a person.
 * By name.
 */
declare function lookup(options: { count?: number; name: string; tags?: (string | null)[]; "sort-by"?: "age" | "name" | null; more?: { deep?: boolean }; map?: Record<string, number> }): any

declare function send(to: any, arg2?: any, copies?: any, ...rest: any[]): any
`,
  )
  const more = { map: (x) => x, bound: send.bind(null), later: async (/* a, */ a) => a, method(_b) {} }
  assert.equal(
    describe(
      {
        ...more,
        lookup: tool(() => {}, { name: 'f', parameters: { properties: { b: {}, a: { const: true } }, required: ['a'] } }),
      },
      'python',
    ),
    `def map(x): ...

def bound(arg1): ...

def later(a): ...

def method(_b): ...

def lookup(*, a: Literal[True], b: Any = None): ...
`,
  )
  const [one, two] = JSON.parse(describe([lookup, send], 'json-schema'))
  assert.deepEqual(one, { name: 'lookup', description: lookup.description, parameters: lookup.parameters })
  assert.deepEqual(two.parameters.required, ['to'])
  assert.throws(() => describe([], 'xml'), { name: 'TypeError', message: /xml/ })
  assert.throws(() => describe([() => 1]), { message: /a tool's name is ""/ })
  assert.throws(() => describe([send, send]), { message: 'there are two tools "send"' })
})

test('compiled runtimes are kept where only their user writes', () => {
  const home = mkdtempSync(join(tmpdir(), 'run-test-'))
  const go = (code) => {
    const env = { ...process.env, XDG_CACHE_HOME: home }
    return spawnSync(process.execPath, ['-e', code], { cwd: import.meta.dirname, env, encoding: 'utf8' }).stdout
  }
  try {
    const code = "console.log(require('wasp').runSync('lua', 'return 42').value)"
    assert.equal(go(code), '42\n')
    assert.equal(statSync(join(home, 'wasp')).mode & 0o777, 0o700)
    assert.ok(readdirSync(join(home, 'wasp')).length > 0)
    // One that others could write to is not used.
    rmSync(join(home, 'wasp'), { recursive: true })
    const prepared =
      "require('fs').mkdirSync(process.env.XDG_CACHE_HOME + '/wasp'); require('fs').chmodSync(process.env.XDG_CACHE_HOME + '/wasp', 0o777);"
    assert.equal(go(prepared + code), '42\n')
    assert.deepEqual(readdirSync(join(home, 'wasp')), [])
    // Nothing is left where the process ends in the middle.
    const left = `const { runSync } = require('wasp'); process.env.TMPDIR = process.env.XDG_CACHE_HOME;
      runSync('lua', 'stop()', { files: { a: '' }, tools: { stop: () => process.exit(3) } })`
    go(left)
    assert.deepEqual(readdirSync(home), ['wasp'])
  } finally {
    rmSync(home, { recursive: true })
  }
})

test('programs run in worker threads, each of which has its own', async () => {
  const code = `const { parentPort } = require('node:worker_threads')
    const { run, runSync } = require('wasp')
    const tools = { add: (a, b) => a + b }
    run('lua', 'return add(1, 2)', { tools, files: { a: '' } }).then(({ value }) => {
      parentPort.postMessage(value + runSync('javascript', 'add(3, 4)', { tools }).value)
    })`
  const workers = Array.from({ length: 3 }, () => {
    const worker = new Worker(code, { eval: true })
    return Promise.all([once(worker, 'message'), once(worker, 'exit')])
  })
  for (const [[value], [status]] of await Promise.all(workers)) assert.deepEqual([value, status], [10, 0])
})

test("the README's programs run as printed", () => {
  const readme = readFileSync(join(dirname(createRequire(import.meta.url).resolve('wasp')), 'README.md'), 'utf8')
  const [, section] = /\n## Run untrusted code\n(.*?)\n## /s.exec(readme)
  const programs = [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code)
  assert.equal(programs.length, 2)
  for (const code of programs) {
    const printed = [...code.matchAll(/^console\.log.* \/\/ (.*)$/gm)].map(([, line]) => line)
    const go = ['--input-type=module', '-e', code]
    const { stdout, stderr } = spawnSync(process.execPath, go, { cwd: import.meta.dirname, encoding: 'utf8' })
    assert.deepEqual(stdout.split('\n').filter(Boolean), printed, stderr)
  }
})
