// What worker threads do in the tests.

import { parentPort, workerData } from 'node:worker_threads'
import { Engine } from 'wasp'
import { callbacks, caller, starter, tools } from './plugins.mjs'

const engine = new Engine()
engine.register('tools', tools)
const tool = engine.instance('tools')
const never = { text: () => new Promise(() => {}), event: () => process.exit(3) }
engine.register('caller', caller, { callbacks: callbacks(never) })

switch (workerData) {
  case 'traps': {
    let traps = 0
    for (let i = 0; i < 200; i++) {
      try {
        tool.call('trap')
      } catch (error) {
        if (error.code === 'TRAP') traps++
        tool.reset()
      }
    }
    const text = tool.call('echo', ['Grüße'], 'string')
    const later = await tool.callAsync('trap').catch((error) => error.code)
    parentPort.postMessage({ traps, text, later })
    break
  }
  case 'loop':
    tool.callAsync('loop')
    parentPort.postMessage('runs')
    break
  case 'loops':
    // More than there are places for.
    for (let i = 0; i < 40; i++) engine.instance('tools').callAsync('loop')
    parentPort.postMessage('runs')
    break
  case 'wait':
    engine.instance('caller').callAsync('text', ['x'], 'string')
    parentPort.postMessage('runs')
    break
  case 'call':
    // Nothing but its limit ends it: the thread is the guest's.
    engine.register('limited', tools, { limits: { timeout: 300 } })
    parentPort.postMessage('runs')
    engine.instance('limited').call('loop')
    break
  case 'register': {
    const number = { params: ['i64'], returns: 'i64', call: () => new Promise(() => {}) }
    engine.registerAsync('starter', starter, { callbacks: { env: { number } } })
    parentPort.postMessage('runs')
    break
  }
  case 'exit':
    tool.callAsync('loop')
    setTimeout(() => process.exit(3), 30)
    break
  case 'exit in callback':
    engine.instance('caller').call('event')
    break
  case 'exit while waiting':
    engine.instance('caller').callAsync('text', ['x'], 'string')
    setTimeout(() => process.exit(3), 30)
    break
}
