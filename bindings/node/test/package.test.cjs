// The package as it is installed: both module systems, its types, and what it says when its native half is missing.
'use strict'

const assert = require('node:assert/strict')
const { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const { tmpdir } = require('node:os')
const { dirname, join } = require('node:path')
const { test } = require('node:test')
const wasp = require('wasp')

const folder = dirname(require.resolve('wasp/package.json'))

test('require and import give the same', async () => {
  const imported = await import('wasp')
  for (const name of ['Engine', 'Instance', 'WaspError', 'run', 'ToolError']) assert.equal(imported[name], wasp[name])
  assert.deepEqual(Object.keys(imported).sort(), Object.keys(wasp).sort())
})

test('index.d.ts declares what is there, and nothing else', () => {
  const types = readFileSync(join(folder, 'index.d.ts'), 'utf8')
  for (const name of ['Engine', 'Instance', 'Result', 'Runtime', 'Session', 'Tool']) {
    const body = new RegExp(`export class ${name} \\{(.*?)\\n\\}`, 's').exec(types)[1]
    const declared = new Set([...body.matchAll(/^ {2}(?:private |get )?(\w+)[<(]/gm)].map((found) => found[1]))
    assert.deepEqual([...declared].sort(), Object.getOwnPropertyNames(wasp[name].prototype).sort())
  }
  const values = [...types.matchAll(/^export (?:class|function) (\w+)/gm)].map((found) => found[1])
  assert.deepEqual(values.sort(), Object.keys(wasp).sort())
})

test('a native half that is missing, broken or nowhere to be had is named', (context) => {
  const place = mkdtempSync(join(tmpdir(), 'wasp-'))
  context.after(() => rmSync(place, { recursive: true }))
  cpSync(folder, join(place, 'node_modules/wasp'), { recursive: true })
  const message = (before = '') => {
    for (const code of [`${before}; require('wasp')`, `${before}; import('wasp')`]) {
      const { status, stderr } = spawnSync(process.execPath, ['-e', code], { cwd: place, encoding: 'utf8' })
      assert.notEqual(status, 0)
      var said = stderr
    }
    return said
  }
  const addons = join(place, 'node_modules/wasp/native')
  const [addon] = readdirSync(addons)
  const platform = addon.replace('.node', '')
  const windows = "Object.defineProperty(process, 'platform', { value: 'win32' })"
  assert.match(message(windows), new RegExp(`wasp has no native half for "win32-\\w+", only for ${platform}: build `))
  writeFileSync(join(addons, addon), 'not a library')
  assert.match(message(), new RegExp(`wasp found its native half "${platform}" but it does not load: `))
  rmSync(addons, { recursive: true })
  assert.match(message(), new RegExp(`wasp has no native half for "${platform}", only for nothing: build `))
})

test("the package needs no other, so that no name of it can be a stranger's", () => {
  const main = require('wasp/package.json')
  for (const needs of ['scripts', 'dependencies', 'optionalDependencies', 'peerDependencies']) {
    assert.equal(main[needs], undefined)
  }
  const [addon] = readdirSync(join(folder, 'native'))
  assert.ok(addon.startsWith(`${process.platform}-${process.arch}`))
})

test('a process with nothing left to do ends, and one with a call stays', () => {
  const run = (code) => spawnSync(process.execPath, ['-e', code], { cwd: __dirname, encoding: 'utf8', timeout: 20_000 })
  const setUp = `const { Engine } = require('wasp'); const engine = new Engine()
    engine.register('p', Buffer.from('(module (func (export "f") (result f64) (f64.const 4)))'))
    const instance = engine.instance('p');`
  assert.deepEqual(run(`${setUp} console.log(instance.call('f'))`).stdout, '4\n')
  assert.deepEqual(run(`${setUp} instance.callAsync('f').then(console.log)`).stdout, '4\n')
  assert.equal(run(`${setUp} instance.callAsync('f'); process.exit(5)`).status, 5)
  const wat = `Buffer.from('(module (func (export "f") (loop (br 0))))')`
  assert.equal(
    run(`${setUp} engine.register('l', ${wat}); engine.instance('l').callAsync('f'); setTimeout(() => process.exit(6), 50)`)
      .status,
    6,
  )
  assert.deepEqual(run(`${setUp} engine.registerAsync('l', ${wat}).then(() => console.log('there'))`).stdout, 'there\n')
  assert.equal(run(`${setUp} engine.registerAsync('l', ${wat}); process.exit(7)`).status, 7)
})
