// In a process of its own, where the pool of threads has none from other tests.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Engine } from 'wasp'
import { tools } from './plugins.mjs'

test('a call does not wait for one that runs, where a thread is to be had', async () => {
  // So that a thread is slow to wake up.
  const hogs = Array.from({ length: 2 * availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;);']))
  try {
    await sleep(200)
    const engine = new Engine()
    engine.register('tools', tools)
    const loops = [0, 1, 2].map(() => engine.instance('tools'))
    const quick = engine.instance('tools')
    for (let round = 0; round < 5; round++) {
      // Afterwards a thread waits for the next call.
      await quick.callAsync('nothing')
      await sleep(5)
      const running = Promise.allSettled(loops.map((each) => each.callAsync('loop')))
      const ended = quick.callAsync('i64', [1])
      const first = await Promise.race([ended, sleep(2000, 'no thread')])
      loops.forEach((each) => each.interrupt())
      for (const { reason } of await running) assert.equal(reason.code, 'CANCELLED')
      loops.forEach((each) => each.reset())
      await ended
      assert.equal(first, 1n)
    }
  } finally {
    hogs.forEach((each) => each.kill())
  }
})
