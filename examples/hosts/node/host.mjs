// Loads a plugin, calls its functions, and prints a line for each: `node host.mjs PLUGIN.wasm`.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engine } from 'wasp'

const [path] = process.argv.slice(2)
if (path === undefined) {
  console.error('usage: host PLUGIN.wasm')
  process.exit(1)
}

// What the plugin may call back. Nothing else of this process is visible to it.
const callbacks = {
  env: { call_me: { params: ['string'], returns: 'string', call: (name) => `Hello ${name}` } },
}

// A directory that the instance sees as /workspace.
const workspace = mkdtempSync(join(tmpdir(), 'wasp-example-'))
writeFileSync(join(workspace, 'in.txt'), 'from the host')

const engine = new Engine()
engine.register('example', path, { callbacks })
const instance = engine.instance('example', { workspace })

console.log('sum:', instance.call('sum', [3, 2], 'i32'))
console.log('hello:', instance.call('hello', ['Nic'], 'string'))
console.log(`reverse: [${instance.call('reverse', [Buffer.from([1, 2, 3])], 'bytes').join(', ')}]`)
console.log('callback:', instance.call('callback', [], 'string'))
try {
  instance.call('fail')
  console.log('fail: no error')
} catch (error) {
  console.log('fail:', error.message)
}
console.log('workspace:', instance.call('workspace', ['Nic'], 'string'))
console.log('out.txt:', readFileSync(join(workspace, 'out.txt'), 'utf8'))

instance.close()
rmSync(workspace, { recursive: true })
