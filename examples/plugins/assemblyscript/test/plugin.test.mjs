import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { plugin } from 'wasp-guest/testing'

const MODULE = '../../../build/plugins/assemblyscript.wasm'

test('values pass', async () => {
  const { sum, hello, reverse } = await plugin(MODULE)
  assert.equal(sum(2, 3), 5)
  assert.equal(hello('Grüße'), 'Hello Grüße')
  assert.deepEqual(reverse(Uint8Array.of(1, 2, 3)), Uint8Array.of(3, 2, 1))
})

test('the host is mocked', async () => {
  const { callback } = await plugin(MODULE, { env: { call_me: (name) => `Hello ${name}` } })
  assert.equal(callback(), 'Hello Nic')
})

test('a host function that is not mocked is an error that names it', async () => {
  const { callback, sum } = await plugin(MODULE)
  assert.throws(callback, { message: 'the plugin calls "env.call_me", which the test doesn\'t mock' })
  assert.throws(() => sum(1, 2), /start it anew/)
})

test('a raised error leaves the plugin usable', async () => {
  const { fail, sum } = await plugin(MODULE)
  assert.throws(fail, { message: 'this plugin always fails' })
  assert.equal(sum(1, 2), 3)
})

test('the workspace is a directory', async () => {
  const workspace = await mkdtemp(join(tmpdir(), 'wasp-'))
  try {
    const guest = await plugin(MODULE, {}, { workspace })
    assert.throws(() => guest.workspace('Hello'), { message: 'workspace: can\'t read "/workspace/in.txt"' })
    await writeFile(join(workspace, 'in.txt'), 'Nic')
    assert.equal(guest.workspace('Hello'), 'Hello Nic')
    assert.equal(await readFile(join(workspace, 'out.txt'), 'utf8'), 'Hello Nic')
  } finally {
    await rm(workspace, { recursive: true })
  }
})
