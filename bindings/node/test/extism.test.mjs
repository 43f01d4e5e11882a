// Plugins of Extism.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Engine } from 'wasp'

const plugin = Buffer.from(`(module
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
  (import "extism:host/env" "http_status_code" (func $http_status (result i32)))
  (import "extism:host/user" "greet" (func $greet (param i64) (result i64)))
  (func $output (param i64) (call $output_set (local.get 0) (call $length (local.get 0))))
  (func (export "echo") (result i32) (call $output (call $input)) (i32.const 0))
  (func (export "config") (result i32) (call $output (call $config_get (call $input))) (i32.const 0))
  (func (export "greet") (result i32) (call $output (call $greet (call $input))) (i32.const 0))
  (func (export "get") (result i32)
    (call $output (call $http_request (call $input) (i64.const 0)))
    (i32.sub (call $http_status) (i32.const 201)))
  (func (export "fail") (result i32) (call $error_set (call $input)) (i32.const 1)))`)

const greet = { params: ['string'], returns: 'string', call: (name) => `Hello ${name}` }

function instance(config) {
  const engine = new Engine()
  engine.register('plugin', plugin, config)
  return engine.instance('plugin')
}

test('a plugin of Extism is called with text, bytes or JSON', async () => {
  const it = instance({ config: { key: 'value' }, callbacks: { 'extism:host/user': { greet } } })
  for (const call of [(...args) => it.call(...args), (...args) => it.callAsync(...args)]) {
    assert.equal(await call('config', ['key'], 'string'), 'value')
    assert.equal(await call('config', ['missing'], 'string'), '')
    assert.equal(await call('greet', ['Nic'], 'string'), 'Hello Nic')
    assert.deepEqual(await call('echo', [{ a: [1] }], 'json'), { a: [1] })
    assert.deepEqual([...(await call('echo', [new Uint8Array([0, 255])]))], [0, 255])
    assert.equal((await call('echo')).length, 0)
    // A result is of the memory that the next call forgets, and may be its input.
    const data = await call('echo', [Buffer.alloc(100_000, 7)])
    assert.deepEqual(await call('echo', [data]), Buffer.alloc(100_000, 7))
    await assert.rejects(async () => call('fail', ['why']), { code: 'GUEST', message: 'why' })
    await assert.rejects(async () => call('echo', [1]), { code: 'SIGNATURE' })
    await assert.rejects(async () => call('get', ['{"url": "http://a"}']), {
      code: 'CALLBACK',
      message: /HTTP request to "http:\/\/a" is not allowed/,
    })
    it.reset()
  }
})

test('a callback makes HTTP requests', () => {
  const seen = []
  const http_request = {
    params: ['json', 'bytes'],
    returns: 'json',
    call(request, body) {
      seen.push([request.url, body.length])
      return { status: 201, body: 'made' }
    },
  }
  const it = instance({ callbacks: { 'extism:host/user': { greet }, 'extism:host/env': { http_request } } })
  assert.equal(it.call('get', ['{"url": "http://a"}'], 'string'), 'made')
  assert.deepEqual(seen, [['http://a', 0]])
})

test('config entries are text', () => {
  assert.throws(() => instance({ config: { key: 1 } }), /config "key"/)
})
