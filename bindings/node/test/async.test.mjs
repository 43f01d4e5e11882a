import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Engine, WaspError } from 'wasp'
import { callbacks, caller, tools } from './plugins.mjs'

function instance(own, limits) {
  const engine = new Engine()
  engine.register('caller', caller, { callbacks: callbacks(own), limits })
  return engine.instance('caller')
}

function tool(limits) {
  const engine = new Engine()
  engine.register('tools', tools, { limits })
  return engine.instance('tools')
}

test('calls run beside the event loop and give what call gives', async () => {
  const plugin = tool()
  assert.equal(await plugin.callAsync('echo', ['Grüße 🎉'], 'string'), 'Grüße 🎉')
  assert.deepEqual([...(await plugin.callAsync('echo', [Buffer.from([1, 2])], 'bytes'))], [1, 2])
  assert.equal(await plugin.callAsync('i64', [3n]), 3n)
  assert.equal(await plugin.callAsync('nothing'), undefined)
  await assert.rejects(plugin.callAsync('missing'), { code: 'FUNCTION_NOT_FOUND' })
  await assert.rejects(plugin.callAsync('trap'), (error) => {
    assert.ok(error instanceof WaspError)
    assert.equal(error.wasmStack[0].function, 'deep')
    return error.code === 'TRAP'
  })
})

test('an instance that runs is busy', async () => {
  const plugin = tool()
  const running = plugin.callAsync('nothing')
  assert.throws(() => plugin.call('nothing'), { code: 'BUSY' })
  assert.throws(() => plugin.reset(), { code: 'BUSY' })
  await assert.rejects(plugin.callAsync('nothing'), { code: 'BUSY' })
  await running
  plugin.call('nothing')
})

test('callbacks may return promises', async () => {
  const plugin = instance({
    text: async (text) => {
      await sleep(5)
      return `${text}: ${(await readFile(new URL(import.meta.url), 'utf8')).slice(0, 6)}`
    },
    number: (number) => number + 1n,
  })
  assert.equal(await plugin.callAsync('text', ['read'], 'string'), 'read: import')
  assert.equal(await plugin.callAsync('number', [1]), 2n)
  const mine = new TypeError('mine')
  for (const event of [
    () => {
      throw mine
    },
    async () => {
      throw mine
    },
    () => Promise.reject(mine),
  ]) {
    const failing = instance({ event })
    await assert.rejects(failing.callAsync('event'), (error) => error === mine)
    failing.reset()
    assert.equal(await failing.callAsync('number', [1]), 1n)
  }
  await assert.rejects(instance({ text: async () => 3 }).callAsync('text', ['x'], 'string'), { code: 'CALLBACK' })
})

test('many calls that wait for each other do not lock up', async () => {
  const engine = new Engine()
  const own = { number: async (n) => (n === 0n ? 0n : 1n + (await engine.instance('caller').callAsync('number', [n - 1n]))) }
  engine.register('caller', caller, { callbacks: callbacks(own) })
  const all = Array.from({ length: 20 }, () => engine.instance('caller').callAsync('number', [5]))
  assert.deepEqual(await Promise.all(all), Array(20).fill(5n))
})

test('an abort ends a call with its reason', async () => {
  const plugin = tool()
  const reason = new Error('enough')
  const controller = new AbortController()
  const running = plugin.callAsync('loop', [], undefined, { signal: controller.signal })
  setTimeout(() => controller.abort(reason), 20)
  await assert.rejects(running, (error) => error === reason)
  plugin.reset()
  assert.equal(plugin.call('count', [], 'i32'), 1)

  // At once, while the call may only be about to begin; and before it.
  for (let i = 0; i < 50; i++) {
    const controller = new AbortController()
    const running = plugin.callAsync('loop', [], undefined, { signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(running, (error) => error === reason)
    plugin.reset()
  }
  await assert.rejects(
    plugin.callAsync('nothing', [], undefined, { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  )
  await assert.rejects(plugin.callAsync('loop', [], undefined, { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })

  plugin.reset()
  await assert.rejects(plugin.callAsync('count', [], 'i32', { signal: AbortSignal.abort(reason) }), (error) => error === reason)
  assert.equal(plugin.call('count', [], 'i32'), 1)
  const late = new AbortController()
  await plugin.callAsync('nothing', [], undefined, { signal: late.signal })
  late.abort()
  plugin.call('nothing')
})

test('an abort, an interrupt and a timeout end a call whose callback never answers', async () => {
  const never = () => new Promise(() => {})
  const signal = AbortSignal.timeout(20)
  await assert.rejects(instance({ text: never }).callAsync('text', ['x'], 'string', { signal }), { name: 'TimeoutError' })
  const plugin = instance({ text: never })
  const running = plugin.callAsync('text', ['x'], 'string')
  setTimeout(() => plugin.interrupt(), 20)
  await assert.rejects(running, { code: 'CANCELLED' })
  await assert.rejects(instance({ text: never }, { timeout: 30 }).callAsync('text', ['x'], 'string'), { code: 'TIMEOUT' })
  await assert.rejects(tool({ timeout: 30 }).callAsync('loop'), { code: 'TIMEOUT' })
  // Also where the guest has nothing more to do after the callback.
  const event = never
  const aborted = AbortSignal.timeout(20)
  await assert.rejects(instance({ event }).callAsync('event', [], 'none', { signal: aborted }), { name: 'TimeoutError' })
  const limited = instance({ event }, { timeout: 30 })
  await assert.rejects(limited.callAsync('event'), { name: 'WaspError', code: 'TIMEOUT', function: 'event' })
  assert.throws(() => limited.call('number', [1]), { code: 'POISONED' })
  limited.reset()
  assert.equal(limited.call('number', [1]), 1n)
})

test('an answer that comes too late is no answer', async () => {
  let answer
  const plugin = instance({ number: (n) => (n === 1n ? new Promise((resolve) => (answer = resolve)) : n) }, { timeout: 30 })
  await assert.rejects(plugin.callAsync('number', [1]), { code: 'TIMEOUT' })
  plugin.reset()
  const next = plugin.callAsync('number', [2])
  answer(3n)
  assert.equal(await next, 2n)
})

test('an instance closed while it runs ends its call as it was', async () => {
  const plugin = instance({ number: async (n) => (await sleep(10), n) })
  const running = plugin.callAsync('number', [7])
  plugin.close()
  assert.equal(await running, 7n)
})

const inWorker = (body) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: body })
    let message
    worker.on('message', (value) => (message = value))
    worker.on('error', reject)
    worker.on('exit', (code) => resolve({ code, message }))
  })

test('worker threads have engines of their own, and traps stay in them', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => inWorker('traps')))
  for (const { code, message } of all) {
    assert.equal(code, 0)
    assert.deepEqual(message, { traps: 200, text: 'Grüße', later: 'TRAP' })
  }
})

test('a worker is terminated while its calls run', async () => {
  for (const body of ['loop', 'loops', 'wait', 'call', 'register']) {
    const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: body })
    const ended = new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject))
    await new Promise((resolve) => worker.on('message', resolve))
    await sleep(20)
    await worker.terminate()
    assert.equal(await ended, 1, body)
  }
  // Nor do those run that had not begun: they would have all the places.
  assert.equal(await tool().callAsync('i64', [1]), 1n)
})

test('a worker that ends takes its calls along', async () => {
  for (const body of ['exit', 'exit in callback', 'exit while waiting']) {
    assert.equal((await inWorker(body)).code, 3, body)
  }
  // Nothing of theirs runs on: it would have the processor.
  const before = process.cpuUsage()
  await sleep(200)
  assert.ok(process.cpuUsage(before).user < 150_000)
})
