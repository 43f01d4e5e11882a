// The commands of the program `wasp`, which the package brings along.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'wasp-'))
test.after(() => rmSync(folder, { recursive: true }))

// As npx finds it.
const program = join(process.cwd(), 'node_modules/.bin/wasp')
const command = (...args) => spawnSync(program, args, { encoding: 'utf8', cwd: folder, timeout: 60_000 })

test('the commands are there', () => {
  const script = join(folder, 'greeter.js')
  writeFileSync(script, 'export function hello(name) { return "Hello " + name }')
  const called = command('call', script, 'hello', 'Grüße')
  assert.deepEqual([called.status, called.stdout], [0, 'Hello Grüße\n'], called.stderr)
  assert.equal(command('new', 'rust', 'greeter').status, 0)
  assert.ok(existsSync(join(folder, 'greeter/wasp-guest/src/lib.rs')))
  const missing = command('inspect', 'none.wasm')
  assert.deepEqual([missing.status, missing.stderr], [3, 'wasp: file "none.wasm": No such file or directory\n'])
})
