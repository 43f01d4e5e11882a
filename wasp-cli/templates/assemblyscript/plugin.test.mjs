import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plugin } from 'wasp-guest/testing'

const { hello, divide } = await plugin('build/NAME.wasm')

test('somebody is greeted', () => {
  assert.equal(hello('Nic'), 'Hello Nic')
})

test('nothing is divided by 0', () => {
  assert.equal(divide(6, 3), 2)
  assert.throws(() => divide(6, 0), /nothing can be divided by 0/)
})
