// Modules that are compiled ahead of time.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Engine } from 'wasp'

const folder = mkdtempSync(join(tmpdir(), 'wasp-'))
test.after(() => rmSync(folder, { recursive: true }))

const module = Buffer.from('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))')

test('what is compiled is registered', async () => {
  const path = join(folder, 'adder.wat')
  writeFileSync(path, module)
  const compiled = new Engine().compile(path)
  assert.deepEqual(compiled, new Engine().compile(module))
  const file = join(folder, 'adder.js')
  writeFileSync(file, compiled)
  for (const source of [compiled, file, pathToFileURL(file)]) {
    const engine = new Engine()
    engine.register('adder', source, { compiled: true })
    await engine.registerAsync('again', source, { compiled: true })
    for (const name of ['adder', 'again']) assert.equal(engine.instance(name).call('add', [3, 2], 'i32'), 5)
  }
})

test('what is not, is refused', () => {
  const engine = new Engine()
  assert.throws(() => engine.compile(Buffer.from('no module')), { code: 'COMPILE' })
  assert.throws(() => engine.compile(join(folder, 'none.wasm')), { code: 'IO' })
  assert.throws(() => engine.compile(5), { code: 'INVALID', message: /what is compiled is neither a path nor/ })
  const damaged = engine.compile(module)
  damaged[damaged.length >> 1] ^= 1
  for (const wrong of [module, damaged, new Engine({ compiler: 'singlepass' }).compile(module)]) {
    assert.throws(() => engine.register('adder', wrong, { compiled: true }), { code: 'COMPILE', message: /"adder"/ })
  }
  const script = { compiled: true, language: 'javascript' }
  assert.throws(() => engine.register('adder', module, script), { name: 'TypeError', message: /is no script/ })
})
