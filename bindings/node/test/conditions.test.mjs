// What docs/processes.md promises for hosts with signals and children of their own.

import assert from 'node:assert/strict'
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Engine } from 'wasp'

const faulty = Buffer.from(`(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "deallocate") (param i32 i32))
  (func (export "same") (param i32) (result i32) (local.get 0))
  (func (export "bounds") (drop (i32.load (i32.const 100000000))))
  (func (export "divide") (drop (i32.div_s (i32.const 1) (i32.load (i32.const 0)))))
  (func $deep (export "deep") (call $deep) (call $deep)))`)

/** Has a plugin fault in each way, here and on other threads, and answer in between. */
async function faults(engine) {
  const instance = engine.instance('faulty')
  for (const name of ['bounds', 'divide', 'deep']) {
    assert.throws(() => instance.call(name), { code: 'TRAP' })
    instance.reset()
    await assert.rejects(instance.callAsync(name), { code: 'TRAP' })
    instance.reset()
    assert.equal(instance.call('same', ['Grüße'], 'string'), 'Grüße')
  }
  instance.close()
}

function engine() {
  const engine = new Engine()
  engine.register('faulty', faulty)
  return engine
}

/** The end of JavaScript's own stack. */
const deep = () => deep() + 1

if (process.send) {
  await faults(engine())
  process.send('done')
  process.disconnect()
} else {
  test('signals reach the host, and faults their owner', { timeout: 60_000 }, async () => {
    const plugins = engine()
    // A listener for a signal keeps no process alive.
    const alive = setInterval(() => {}, 1000)
    for (const name of ['SIGUSR2', 'SIGWINCH']) {
      for (let round = 0; round < 50; round++) {
        const signal = once(process, name)
        const running = [faults(plugins), faults(plugins)]
        process.kill(process.pid, name)
        assert.throws(deep, RangeError)
        await Promise.all([signal, ...running])
      }
    }
    clearInterval(alive)
  })

  test('children are started while plugins run', { timeout: 60_000 }, async () => {
    const plugins = engine()
    const run = promisify(execFile)
    for (let round = 0; round < 20; round++) {
      const [{ stdout }] = await Promise.all([run('echo', ['here']), faults(plugins), faults(plugins)])
      assert.equal(stdout, 'here\n')
    }
    const child = fork(fileURLToPath(import.meta.url))
    const [[answer]] = await Promise.all([once(child, 'message'), faults(plugins)])
    assert.equal(answer, 'done')
    const [code, signal] = await once(child, 'exit')
    assert.deepEqual([code, signal], [0, null])
  })
}
