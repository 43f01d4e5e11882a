// wasp beside V8's own WebAssembly, with the guest ABI written by hand, and beside Extism, and its scripts beside Node's vm and
// workers: in one process, in turns.
//
//   bench.sh [RUNS [PART_OF_AN_ITEM'S_NAME]]

import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import createPlugin from '@extism/extism'
import wabt from 'wabt'
import { Engine } from 'wasp'
import { ByHand } from './by-hand.mjs'
import { items as scripts } from './scripts.mjs'

const plugin = readFileSync(process.env.WASP_PLUGIN)
const callMe = (name) => `Hello ${name}`

const engine = new Engine()
engine.register('plugin', plugin, {
  callbacks: { env: { call_me: { params: ['string'], returns: 'string', call: callMe } } },
})
const wasp = engine.instance('plugin')

const module_ = new WebAssembly.Module(plugin)
const byHand = new ByHand(module_, callMe)

const { parseWat } = await wabt()
const wat = readFileSync(new URL('hello.wat', import.meta.url), 'utf8')
const { buffer } = parseWat('hello.wat', wat).toBinary({})
const extismModule = new WebAssembly.Module(buffer)
// Nothing of Extism that isn't needed: it makes its plugins faster.
const newExtism = () => createPlugin(extismModule, { useWasi: false })
const extism = await newExtism()

/** A name as text of about that many characters. */
const name = (length) => 'Nic '.repeat(length / 4 + 1).slice(0, length)
const [short, long, foreign] = ['Nic', name(1000), 'Zoë 世界']
const data = new Uint8Array(64 << 10).map((_, at) => at)

function fresh() {
  const instance = engine.instance('plugin')
  const answer = instance.call('hello', [short], 'string')
  instance.close()
  return answer
}

async function freshExtism() {
  const instance = await newExtism()
  const answer = (await instance.call('hello', short)).text()
  await instance.close()
  return answer
}

const hello = (text) => [() => wasp.call('hello', [text], 'string'), ['V8 by hand', () => byHand.text('hello', text)]]
const items = [
  ['warm string call', 10_000, ...hello(short), ['Extism', async () => (await extism.call('hello', short)).text()]],
  ['warm string call, 1000 characters', 2000, ...hello(long)],
  ['warm string call, not ASCII', 5000, ...hello(foreign)],
  [
    'fresh instance + string call',
    500,
    fresh,
    ['V8 by hand', () => new ByHand(module_, callMe).text('hello', short)],
    ['Extism', freshExtism],
  ],
  ['string callback', 5000, () => wasp.call('callback', [], 'string'), ['V8 by hand', () => byHand.callback()]],
  ['int call', 20_000, () => wasp.call('sum', [3, 2], 'i32'), ['V8 by hand', () => byHand.sum(3, 2)]],
  [
    '64 KiB of bytes, reversed',
    20,
    () => wasp.call('reverse', [data], 'bytes'),
    ['V8 by hand', () => byHand.data('reverse', data)],
  ],
  ...scripts,
]

/** The nanoseconds that each of `count` takes. Only what gives promises is waited for: that costs time too. */
async function timed(count, body, waits) {
  const start = process.hrtime.bigint()
  if (waits) for (let i = 0; i < count; i++) await body()
  else for (let i = 0; i < count; i++) body()
  return Number(process.hrtime.bigint() - start) / count
}

const same = (a, b) => (ArrayBuffer.isView(a) ? Buffer.compare(a, b) === 0 : a === b)
const sorted = (numbers) => numbers.slice().sort((a, b) => a - b)
const median = (numbers) => sorted(numbers)[numbers.length >> 1]
const time = (ns) => {
  const [unit, size] = ns < 999.5 ? ['ns', 1] : ns < 999.5e3 ? ['us', 1e3] : ['ms', 1e6]
  return `${+(ns / size).toPrecision(3)} ${unit}`
}
const both = (times) => `${time(sorted(times)[0])} (${time(median(times))})`

const runs = Number(process.argv[2] ?? 60)
const wanted = ([item]) => item.includes(process.argv[3] ?? '')
let table = '| item | wasp | peer | ratio |\n|---|--:|--:|--:|\n'
for (const [item, count, ours, ...peers] of items.filter(wanted)) {
  const sides = [ours, ...peers.map(([, body]) => body)]
  const counts = [count, ...peers.map(([, , fewer]) => fewer ?? count)]
  const waits = sides.map(() => false)
  for (const [side, body] of sides.entries()) {
    const answer = body()
    waits[side] = answer instanceof Promise
    assert.ok(same(await answer, ours()), `${item}: the sides give different answers`)
  }
  const times = sides.map(() => [])
  // In turns, so that all meet the same machine; the first rounds are for the compilers.
  for (let round = -10; round < runs; round++) {
    for (const [side, body] of sides.entries()) {
      const spent = await timed(counts[side], body, waits[side])
      if (round >= 0) times[side].push(spent)
      // What was collected is freed on the event loop; and an Extism plugin keeps all that it was given until a reset.
      await new Promise(setImmediate)
      await extism.reset()
    }
  }
  for (const [at, [peer]] of peers.entries()) {
    const theirs = times[at + 1]
    const least = sorted(times[0])[0] / sorted(theirs)[0]
    const typical = median(times[0].map((spent, round) => spent / theirs[round]))
    const ratio = `${+least.toPrecision(2)} (${+typical.toPrecision(2)})`
    table += `| ${item} | ${both(times[0])} | ${peer} ${both(theirs)} | ${ratio} |\n`
  }
}
const title = `Node ${process.version}: the best of ${runs} short runs by turns, and the median in brackets.`
console.log(`${title}\n\n${table}`)
// Where the tables of all hosts are gathered.
if (process.env.RESULTS) appendFileSync(process.env.RESULTS, `\n## From Node\n\n${title}\n\n${table}`)
