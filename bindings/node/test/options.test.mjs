// Options of calls, and those that are unknown anywhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Engine } from 'wasp'
import { callbacks, caller, tools } from './plugins.mjs'

function instance(config) {
  const engine = new Engine()
  engine.register('tools', tools, config)
  return engine.instance('tools')
}

/** Calls in both ways. */
const ways = [(tool, ...args) => tool.call(...args), (tool, ...args) => tool.callAsync(...args)]

test('a call ends at its own time limit', async () => {
  const tool = instance()
  for (const call of ways) {
    const begun = Date.now()
    await assert.rejects(async () => call(tool, 'loop', [], 'none', { timeout: 20 }), {
      code: 'TIMEOUT',
      message: /its time limit of 20ms$/,
    })
    assert.ok(Date.now() - begun >= 19)
    assert.throws(() => tool.call('count', [], 'i32'), { code: 'POISONED' })
    tool.reset()
    for (const timeout of [undefined, 60_000, 2.5e9, Infinity, Number.MAX_VALUE]) {
      assert.equal(await call(tool, 'i32', [7], 'i32', { timeout }), 7)
    }
    assert.equal(await call(tool, 'i32', [7], 'i32', {}), 7)
    const six = [1, 2, 3, 4, 'e', 'f']
    assert.equal(await call(tool, 'six', six, 'f64', { timeout: 60_000 }), tool.call('six', six, 'f64'))
    assert.equal(await call(tool, 'echo', ['x'], 'string', { timeout: 60_000 }), 'x')
  }
})

test('the shorter time limit counts', async () => {
  const tool = instance({ limits: { timeout: 30 } })
  for (const call of ways) {
    for (const [options, counts] of [
      [{ timeout: 10 }, '10ms'],
      [{ timeout: 60_000 }, '30ms'],
      [undefined, '30ms'],
      [{ timeout: 0.5 }, '500µs'],
    ]) {
      await assert.rejects(async () => call(tool, 'loop', [], 'none', options), {
        code: 'TIMEOUT',
        message: new RegExp(`its time limit of ${counts}$`),
      })
      tool.reset()
    }
  }
})

test('a callback that waits ends at the time limit of its call', async () => {
  const engine = new Engine()
  const own = { event: () => new Promise(() => {}) }
  engine.register('caller', caller, { callbacks: callbacks(own) })
  const waiting = engine.instance('caller').callAsync('event', [], 'none', { timeout: 20 })
  await assert.rejects(waiting, { code: 'TIMEOUT' })
})

test('what a callback throws comes out of a call with a time limit', () => {
  const engine = new Engine()
  const thrown = new Error('mine')
  const own = {
    event: () => {
      throw thrown
    },
  }
  engine.register('caller', caller, { callbacks: callbacks(own) })
  const instance = engine.instance('caller')
  assert.throws(() => instance.call('event', [], 'none', { timeout: 60_000 }), thrown)
})

test('a time limit that is none is refused', async () => {
  const tool = instance()
  for (const timeout of [0, -1, NaN, -Infinity, '5', null, true, 5n, {}]) {
    const refusal = {
      name: 'TypeError',
      message: `the timeout is ${String(timeout)}, and a number of milliseconds above 0 is accepted`,
    }
    for (const call of ways) await assert.rejects(async () => call(tool, 'count', [], 'i32', { timeout }), refusal)
  }
  // None of them ran.
  assert.equal(tool.call('count', [], 'i32'), 1)
})

test('a call with options is checked as any other', async () => {
  const tool = instance()
  const options = { timeout: 60_000 }
  assert.throws(() => tool.call(5, [], 'i32', options), { name: 'TypeError', message: 'the function is number, not a string' })
  assert.throws(() => tool.call('count', 5, 'i32', options), { name: 'TypeError', message: 'the arguments are not in an array' })
  assert.throws(() => tool.call('count', [], 'text', options), { name: 'TypeError', message: /of the kind "text"/ })
  assert.throws(() => tool.call('cuont', [], 'i32', options), { code: 'FUNCTION_NOT_FOUND', message: /"count" is there/ })
  assert.equal(tool.call('count', undefined, 'i32', options), 1)
  tool.close()
  assert.throws(() => tool.call('count', [], 'i32', options), { code: 'INVALID', message: 'the instance is closed' })
})

test('unknown options are refused everywhere, with a known one that is near', async () => {
  const engine = new Engine()
  engine.register('tools', tools)
  const tool = engine.instance('tools')
  const refused = async (body, message) => assert.rejects(async () => body(), { name: 'TypeError', message })
  await refused(
    () => new Engine({ cachedir: '/tmp' }),
    /^the options has no "cachedir" \("cacheDir" is there\); it has compiler, /,
  )
  await refused(() => engine.instance('tools', { workspaces: '/' }), /no "workspaces" \("workspace" is there\)/)
  await refused(
    () => tool.call('count', [], 'i32', { timeouts: 5 }),
    /^the options of call has no "timeouts" \("timeout" is there\)/,
  )
  await refused(() => tool.call('count', [], 'i32', { signal: null }), /no "signal"; it has timeout$/)
  await refused(() => tool.callAsync('count', [], 'i32', { signl: null }), /no "signl" \("signal" is there\)/)
  await refused(() => tool.call('count', [], 'i32', 5), /^the options of call is not an object$/)
  await refused(() => tool.call('count', [], 'i32', null), /is not an object$/)
  for (const [config, message] of [
    [{ callback: {} }, /^the config has no "callback" \("callbacks" is there\)/],
    [{ trapmissingimports: true }, /\("trapMissingImports" is there\)/],
    [{ limits: { memory_bytes: 1 } }, /^limits has no "memory_bytes" \("memoryBytes" is there\)/],
    [{ limits: { timeOut: 1 } }, /\("timeout" is there\)/],
    [{ limits: { colour: 1 } }, /^limits has no "colour"; it has memoryBytes, /],
    [{ volumes: { '/a': { path: '/', readonly: true } } }, /^the volume "\/a" has no "readonly" \("readOnly" is there\)/],
    [{ callbacks: { env: { f: { param: [], call() {} } } } }, /^callback "env"."f" has no "param" \("params" is there\)/],
  ]) {
    await refused(() => engine.register('tools', tools, config), message)
    await refused(() => engine.registerAsync('tools', tools, config), message)
  }
})
