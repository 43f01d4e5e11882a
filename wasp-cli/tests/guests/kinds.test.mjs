import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plugin } from 'wasp-guest/testing'

test('values of all kinds pass', async () => {
  const kinds = await plugin('a.wasm')
  assert.equal(kinds.mixed(1n, 4294967295, 3, 'four', new Uint8Array(4), 1, 6), -4294967313)
  assert.deepEqual(kinds.same({ a: [1, 'Grüße'] }), { a: [1, 'Grüße'] })
  assert.deepEqual(kinds.reversed(Uint8Array.of(1, 2)), Uint8Array.of(2, 1))
  assert.throws(() => kinds.hello(5), { message: '5 is no string' })
  assert.throws(() => kinds.hello(), { message: 'hello takes 1 argument(s), not 0' })
})

test('functions of the host have the types that the plugin declares', async () => {
  const asked = []
  const look_up = (what, data, all) => {
    asked.push(what, new TextDecoder().decode(data), all)
    return { is: 'here' }
  }
  const kinds = await plugin('a.wasm', { env: { look_up, count: (number) => 2 * number } })
  assert.deepEqual(kinds.lookUp([1]), { is: 'here' })
  assert.deepEqual(asked, [[1], 'Grüße', 1])
})

test('what a mock throws is what the call throws', async () => {
  const call_me = () => {
    throw new RangeError('nobody is there')
  }
  const { callback } = await plugin('a.wasm', { env: { call_me } })
  assert.throws(callback, new RangeError('nobody is there'))
})

test('an exception tells its place', async () => {
  const { throws, variable } = await plugin('a.wasm', {}, { env: { NAME: 'Nic' } })
  assert.equal(variable('NAME'), 'Nic')
  assert.throws(throws, /the plugin aborted: thrown, at plugin\.ts:\d+:\d+$/)
})
