// A script in JavaScript, with a sandbox for it: wasp's, and what Node has to keep scripts apart, which is no sandbox.

import { once } from 'node:events'
import vm from 'node:vm'
import { Worker } from 'node:worker_threads'
import { Engine } from 'wasp'

const source = "function hello(name) { return 'Hello ' + name }"
const listener = "require('node:worker_threads').parentPort.on('message', function (name) { this.postMessage(hello(name)) })"

const engine = new Engine()
engine.register('script', `export ${source}`, { language: 'javascript' })
const wasp = engine.instance('script')

function newContext() {
  const context = vm.createContext()
  vm.runInContext(source, context)
  return context
}
const context = newContext()

const newWorker = () => new Worker(`${source}\n${listener}`, { eval: true })
async function ask(worker) {
  // A worker keeps the process alive while it is asked.
  worker.ref()
  worker.postMessage('Nic')
  const [answer] = await once(worker, 'message')
  worker.unref()
  return answer
}
const worker = newWorker()
worker.unref()

function fresh() {
  const instance = engine.instance('script')
  const answer = instance.call('hello', ['Nic'], 'string')
  instance.close()
  return answer
}

async function freshWorker() {
  const other = newWorker()
  const answer = await ask(other)
  await other.terminate()
  return answer
}

/** As those of bench.mjs; a peer that takes long says how many are a run. */
export const items = [
  [
    'fresh JavaScript + string call',
    500,
    fresh,
    ['vm.createContext', () => newContext().hello('Nic'), 20],
    ['Worker', freshWorker, 1],
  ],
  [
    'warm string call, JavaScript',
    10_000,
    () => wasp.call('hello', ['Nic'], 'string'),
    ['vm context', () => context.hello('Nic')],
    ['Worker', () => ask(worker), 100],
  ],
]
