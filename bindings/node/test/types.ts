// Compiled, not run: what the types allow and what they don't.

import {
  describe,
  Engine,
  Instance,
  inspect,
  Result,
  RunError,
  Runtime,
  run,
  runSync,
  runtime,
  type Session,
  type Tool,
  ToolError,
  tool,
  type WaspCallbacks,
  type WaspCaller,
  type WaspConfig,
  WaspError,
  type WaspErrorCode,
  type WaspJson,
  type WaspPluginInfo,
  type WaspRunOptions,
  type WaspStopped,
  type WaspValue,
} from 'wasp'

const config: WaspConfig = {
  args: ['-v'] as const,
  callbacks: {
    env: {
      call_me: { params: ['string'], returns: 'string', call: (name: string) => `Hello ${name}` },
      later: { params: ['bytes', 'i64'], returns: 'i32', call: async (bytes: Buffer, n: bigint) => bytes.length + Number(n) },
      event: { call() {} },
      data: {
        params: ['i32', 'i32'],
        caller: true,
        call: (caller: WaspCaller, at: number, length: number) => caller.memory.read(at, length),
      },
    },
  },
  env: { LANGUAGE: 'de' },
  config: { key: 'value' },
  volumes: { '/data': '/srv/data', '/more': { path: new URL('file:///srv'), readOnly: true } },
  limits: { memoryBytes: 1 << 20, timeout: 1.5, idleMemoryBytes: 0 },
  snapshot: false,
  trapMissingImports: true,
}

const engine = new Engine({
  compiler: 'singlepass',
  stdio: 'log',
  logger: ({ level, fields }) => console.log(level, fields.name),
})
engine.register('plugin', 'plugin.wasm', config)
engine.register('plugin', Buffer.alloc(0))
engine.register('plugin', new Uint8Array(), { callbacks: {} })
const registered: Promise<void> = engine.registerAsync('plugin', new URL('file:///plugin.wasm'), config)

const instance: Instance = engine.instance('plugin', { workspace: '/tmp' })
const text: string = instance.call('hello', ['Nic'], 'string')
const bytes: Buffer = instance.call('reverse', [new Uint8Array(3)], 'bytes')
const long: bigint = instance.call('long', [1, 2n, true], 'i64')
const nothing: undefined = instance.call('fail', [], 'none')
const some: WaspValue = instance.call('sum', [3, 2])
const soon: number = instance.call('sum', [3, 2], 'i32', { timeout: 1.5 })
const soonUnsaid: WaspValue = instance.call('sum', [3, 2], undefined, { timeout: 10 })
const inTime: Promise<string> = instance.callAsync('hello', ['Nic'], 'string', { timeout: 10 })
const told: WaspPluginInfo[] = [inspect('plugin.wasm'), inspect(new Uint8Array()), engine.plugin('plugin')]
const most: number | undefined = told[0]?.memoryMax
const params: readonly string[] | undefined = told[0]?.imports[0]?.params
console.log(soon, soonUnsaid, inTime, most, params, engine.plugins.length, engine.has('plugin'), engine.memoryUsed)
console.log(instance.plugin, instance.memory.used, told[0]?.functions[0]?.docs)
const later: Promise<number> = instance.callAsync('sum', [3, 2], 'i32', { signal: AbortSignal.timeout(10) })
const unsaid: Promise<WaspValue> = instance.callAsync('sum', [3, 2], undefined, { signal: AbortSignal.timeout(10) })
{
  using scoped = engine.instance('plugin')
  scoped.reset()
  scoped.interrupt()
}
for (const { name, params, returns, declared } of instance.functions) console.log(name, params.length, returns, declared)

try {
  instance.call('fail')
} catch (error) {
  if (error instanceof WaspError) {
    const code: WaspErrorCode = error.code
    console.log(code, error.function, error.wasmStack[0]?.moduleOffset, error.exitCode, error.imports)
  }
}
console.log(text, bytes, long, nothing, some, later, unsaid, registered)

// @ts-expect-error: no such kind
instance.call('hello', ['Nic'], 'text')
// @ts-expect-error: a string is not a number
const wrong: number = instance.call('hello', ['Nic'], 'string')
// @ts-expect-error: objects of classes don't pass
instance.call('hello', [new Map()], 'string')
const json: WaspJson = instance.call('change', [{ a: [1, null] }, ['b'], null, undefined], 'json')
const any: WaspValue = instance.call('change', [], 'any')
engine.register('script', 'export function f() {}', { language: 'javascript' })
engine.register('script', new URL('file:///tool.js'), {
  callbacks: { env: { f: { params: ['json'], returns: 'json', call() {} } } },
})
// @ts-expect-error: no such language
engine.register('script', '', { language: 'python' })
// @ts-expect-error: a callback answers with a kind
engine.register('script', '', { callbacks: { env: { f: { returns: 'any', call() {} } } } })
console.log(json, any)
// @ts-expect-error: a SharedArrayBuffer is passed by a typed array over it
instance.call('hello', [new SharedArrayBuffer(1)], 'string')
instance.call('hello', [new Uint8Array(new SharedArrayBuffer(1)), new ArrayBuffer(1)], 'string')
// @ts-expect-error: nothing to wait for
await engine.register('plugin', 'plugin.wasm').then()
// @ts-expect-error: the list is the plugin's
instance.functions[0].name = 'other'
// @ts-expect-error: a call on this thread has no signal
instance.call('sum', [3, 2], 'i32', { signal: AbortSignal.timeout(10) })
// @ts-expect-error: no such option
new Engine({ colour: 'red' })
// @ts-expect-error: instances come from engines
new Instance()
// The arguments of callbacks are inferred from their kinds.
engine.register('plugin', 'plugin.wasm', {
  callbacks: {
    env: {
      text: { params: ['string', 'i64'], returns: 'string', call: (name, n) => name.toUpperCase() + BigInt.asIntN(32, n) },
      data: { params: ['bytes'], call: async (data) => data.readInt8(0) },
      asks: { params: ['i32'], caller: true, call: (caller, at) => caller.memory.read(at.valueOf(), 1) },
      shape: { params: ['json'], returns: 'json', call: (value: { a: number }) => value.a },
      none: { call() {} },
    },
  },
})
void engine.registerAsync('plugin', 'plugin.wasm', { callbacks: { env: { f: { params: ['f64'], call: (n) => n.toFixed() } } } })
// A table may be kept in a `const`.
const table = {
  env: {
    f: { params: ['string'], returns: 'string', call: (name: string) => name },
    asks: { params: ['i32'], caller: true, call: (caller: WaspCaller, at: number) => caller.memory.read(at, 1) },
    none: { call() {} },
  },
}
engine.register('plugin', 'plugin.wasm', { callbacks: table, limits: { timeout: 1 } })
const checked: WaspCallbacks = { env: { f: { params: ['string'], call: (name: string) => name } } }
engine.register('plugin', 'plugin.wasm', { callbacks: checked })
engine.register('plugin', 'plugin.wasm', { callbacks: { ...table, more: Object.fromEntries([['f', { call() {} }]]) } })
// @ts-expect-error: no such kind
engine.register('plugin', 'plugin.wasm', { callbacks: { env: { f: { params: ['text'], call() {} } } } })
// @ts-expect-error: a string is not a number
engine.register('plugin', 'plugin.wasm', { callbacks: { env: { f: { params: ['string'], call(_: number) {} } } } })
// @ts-expect-error: the caller was not asked for
engine.register('plugin', 'plugin.wasm', { callbacks: { env: { f: { params: ['i32'], call: (caller) => caller.memory } } } })
// @ts-expect-error: no such field
engine.register('plugin', 'plugin.wasm', { callbacks: { env: { f: { kinds: [], call() {} } } } })
// @ts-expect-error: no such field
engine.register('plugin', 'plugin.wasm', { colour: 'red' })
// @ts-expect-error: a parameter is something
engine.register('plugin', 'plugin.wasm', { callbacks: { env: { f: { params: ['none'], call() {} } } } })
console.log(wrong)

// Programs.
const runOptions: WaspRunOptions = {
  inputs: { rows: [1, 'x', null], text: 'x' },
  tools: { now: () => 1, find: async (name: string) => ({ name }) },
  files: { 'a.txt': 'text', 'b.bin': new Uint8Array(1), 'c.txt': new URL('file:///c.txt') },
  collect: ['*.txt'] as const,
  limits: { timeout: 1000, memory: '64MB', outputBytes: 1 << 10, toolCalls: Infinity },
  gate: async (name: string, args) => name === 'now' && args.length === 0,
  showErrors: true,
  signal: AbortSignal.timeout(5),
  onStdout: (text: string) => console.log(text.length),
  onStderr() {},
}
const result: Result = runSync('javascript', '6 * 7')
const beside: Promise<Result> = run('lua', 'return 6 * 7', runOptions)
const stopped: WaspStopped | null = result.stopped
const line: number | null | undefined = result.error?.line
const file: Buffer | undefined = result.files['a.txt']
const prepared: Runtime = runtime('pocketpy', { setup: 'x = 1', limits: { memory: 1 << 24 } })
const session: Session = prepared.session({ files: { a: '' }, idle: 1000, lifetime: 2000 })
const kept: Promise<Result> = session.run('x', { tools: [tool((x: number) => x, { name: 'same', maxCalls: 1 })] })
const made: Tool = tool(function named() {}, { description: 'x', parameters: { type: 'object' } })
const description: string = describe([made], 'json-schema') + describe({ made }) + describe([() => 1], 'python')
const failures: Error[] = [new ToolError('no')]
session.interrupt()
session.close()
console.log(
  beside,
  stopped,
  line,
  file,
  kept,
  description,
  failures,
  result.ok,
  result.unwrap(),
  result.usage.toolTime,
  session.isOpen,
)
console.log(prepared.limits.memory, prepared.language, RunError.prototype.result.value, made.isAsync)
// @ts-expect-error: python is said as "pocketpy", where that is meant
runSync('python', '1')
// @ts-expect-error: a misspelt limit
runSync('lua', '1', { limits: { timeOut: 1 } })
// @ts-expect-error: a session's files are those that it was made with
session.runSync('1', { files: {} })
// @ts-expect-error: results are made by runs
new Result()
// @ts-expect-error: runtimes are made by runtime()
new Runtime()
