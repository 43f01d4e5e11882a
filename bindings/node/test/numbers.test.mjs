// docs/numbers.md, case by case.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Engine } from 'wasp'

const kinds = ['i32', 'i64', 'f32', 'f64']
const cases = readFileSync(`${process.env.WASP_DOCS}/numbers.txt`, 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => line.split(' '))
let answer = 0

const imports = kinds.map((kind) => `(import "host" "${kind}" (func $${kind} (result ${kind})))`)
const functions = kinds.map(
  (kind) => `(func (export "${kind}") (param ${kind}) (result ${kind}) (local.get 0))
    (func (export "asks ${kind}") (result ${kind}) (call $${kind}))`,
)
const engine = new Engine()
const callbacks = Object.fromEntries(kinds.map((kind) => [kind, { params: [], returns: kind, call: () => answer }]))
engine.register('echo', Buffer.from([...imports, ...functions].join('\n')), { callbacks: { host: callbacks } })

function float(text) {
  return Number(text.replace('inf', 'Infinity'))
}

// What JavaScript has as this number: a BigInt, a number, or both.
function given(type, text) {
  if (type === 'float') return [float(text)]
  return Number.isSafeInteger(Number(text)) ? [BigInt(text), Number(text)] : [BigInt(text)]
}

for (const [type, text, kind, expected] of cases) {
  test(`${type} ${text} as ${kind}`, async () => {
    const plugin = engine.instance('echo')
    for (const number of given(type, text)) {
      answer = number
      const calls = [() => plugin.call(kind, [number], kind), () => plugin.call(`asks ${kind}`, [], kind)]
      for (const call of calls) {
        if (expected === 'refused') {
          assert.throws(call, (error) => ['SIGNATURE', 'CALLBACK', 'INVALID'].includes(error.code))
          plugin.reset()
        } else {
          assert.deepEqual(call(), kind === 'i64' ? BigInt(expected) : float(expected))
        }
      }
      if (expected !== 'refused')
        assert.deepEqual(await plugin.callAsync(kind, [number], kind), kind === 'i64' ? BigInt(expected) : float(expected))
    }
  })
}

test('a number that is no safe integer is not an i64', () => {
  const plugin = engine.instance('echo')
  assert.throws(() => plugin.call('i64', [2 ** 53], 'i64'), /safe integer/)
  assert.equal(plugin.call('i64', [2n ** 53n], 'i64'), 2n ** 53n)
})
