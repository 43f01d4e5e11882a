/// <reference types="node" />

/**
 * Bytes to pass to a plugin: a Buffer, any typed array, a DataView or an ArrayBuffer. They are copied at once, also out of
 * shared memory, which a view has to be over.
 */
export type WaspBytes = ArrayBufferView | ArrayBuffer

/** A JSON value, as `JSON.parse` gives it. */
export type WaspJson = null | boolean | number | string | WaspJson[] | { [key: string]: WaspJson }

/**
 * What passes as JSON by `JSON.stringify`: arrays, and objects that are of no class. What is of an interface is spread first, as in
 * `{ ...value }`.
 */
export type WaspJsonArgument = readonly unknown[] | { readonly [key: string]: unknown }

/**
 * An argument of a plugin's function. An integer must fit, with or without a sign; an i64 is a BigInt or a safe integer; an f32 is
 * rounded. A boolean is an i32, or JSON where the parameter is of the kind `json` or `any`. `null` passes only to those two, and
 * `undefined` only to `any`.
 */
export type WaspArgument = number | bigint | boolean | string | WaspBytes | WaspJsonArgument | null | undefined

/** The kinds of values, and what each is in JavaScript. */
export interface WaspKinds {
  i32: number
  i64: bigint
  f32: number
  f64: number
  string: string
  bytes: Buffer
  json: WaspJson
  none: undefined
  /** Whatever kind the value is of: only the result of a function is asked for as this, and only scripts declare it. */
  any: WaspValue
}

export type WaspKind = keyof WaspKinds

/** The result of a plugin's function where its kind is left out. */
export type WaspValue = number | bigint | string | Buffer | WaspJson | undefined

/** A host function that a plugin may import. */
export interface WaspCallback {
  /** The kinds of its parameters; none by default. */
  params?: readonly Exclude<WaspKind, 'none' | 'any'>[]
  /** The kind of its result; `none` by default. Where it is `json`, anything that has a JSON is an answer. */
  returns?: Exclude<WaspKind, 'any'>
  /** Whether the first argument of `call` is the {@link WaspCaller}, before those that the plugin gives. */
  caller?: boolean
  /**
   * The function, called on the thread of the engine before the plugin's call returns. What it throws comes out of that
   * call as itself. It may return a promise where the plugin runs in `callAsync` or is started by `registerAsync`; in
   * `call` and `register` a promise is an error (CALLBACK). It may use other instances; its own is busy.
   */
  call(...args: any[]): unknown
}

/** Callbacks by module and name: `{ env: { call_me: { ... } } }`. */
export type WaspCallbacks = Record<string, Record<string, WaspCallback>>

/** The instance that calls a callback. It is of use only until that has returned, or its promise is settled. */
export interface WaspCaller {
  /** The name of its plugin. */
  readonly plugin: string
  /** Its memory, for plugins that give addresses. */
  readonly memory: WaspMemory
}

/** Limits of one instance. */
export interface WaspLimits {
  /** Linear memory in bytes; the default is 4 GiB. */
  memoryBytes?: number
  /** Elements over all tables; the default is 1,000,000. */
  tableElements?: number
  /** The stack of guest code in bytes, from 64 KiB to 100 MiB; the default is 1 MiB. */
  stackBytes?: number
  /** Milliseconds that a call may take, callbacks included, and start-up at registration; the default is no limit. */
  timeout?: number
  /** How many closed instances are kept ready for the next; the default is 64. */
  idleInstances?: number
  /**
   * How many bytes of its memory, of those that it wrote to, an instance may keep for the next call when it is reset; the default
   * is 4 MiB.
   */
  idleMemoryBytes?: number
}

/** What a plugin is given: it sees nothing else of the host, and by default nothing at all. */
export interface WaspConfig {
  /** Host functions by module and name: `{ env: { call_me: { ... } } }`. */
  callbacks?: WaspCallbacks
  /** The arguments of its command line. They follow its name, which is always the first. */
  args?: readonly string[]
  /** Its environment variables. */
  env?: Record<string, string>
  /** The config entries of a plugin of Extism, which reads them by their keys. */
  config?: Record<string, string>
  /** The host's directories that it sees, by the absolute path that they have for it. */
  volumes?: Record<string, string | URL | { path: string | URL; readOnly?: boolean }>
  limits?: WaspLimits
  /** Whether instances start from a snapshot of what start-up left (the default) or each runs start-up itself. */
  snapshot?: boolean
  /**
   * Calls, each `[function, ...arguments]`, that are made once after start-up and before the snapshot: every instance starts from
   * what they left. A file that one leaves open is an error.
   */
  warmUp?: [name: string, ...args: WaspArgument[]][]
  /**
   * Whether a function that the plugin imports and nothing provides is a TRAP when it is called, instead of an error of the
   * registration (the default). One that is provided with another type stays that error.
   */
  trapMissingImports?: boolean
  /** The language of a script. A string that is registered is then the script itself, and no path. */
  language?: WaspLanguage
  /**
   * Whether what is registered is what {@link Engine.compile} made, or a file with it. It runs as code, outside every sandbox, so
   * that its author must be trusted as much as this program.
   */
  compiled?: boolean
}

type ParameterKind = Exclude<WaspKind, 'none' | 'any'>
type ResultKind = Exclude<WaspKind, 'any'>

/** What must be one of some kinds, unless a `const` has made a string of it: then the registration checks it. */
type Checked<K, Kinds> = K extends string ? (string extends K ? K : Kinds) : Kinds

type CheckedParams<P> = P extends readonly string[] ? { [I in keyof P]: Checked<P[I], ParameterKind> } : readonly ParameterKind[]

/** The values of parameters, by their kinds. */
type ArgumentsOf<P> = P extends readonly string[]
  ? { -readonly [I in keyof P]: P[I] extends Exclude<ParameterKind, 'json'> ? WaspKinds[P[I]] : any }
  : []

/** What a callback is called with: the caller first, if it asks for it. */
type CalledWith<P, C> = C extends true ? [caller: WaspCaller, ...args: ArgumentsOf<P>] : ArgumentsOf<P>

type At<T, M, N> = M extends keyof T ? (N extends keyof T[M] ? T[M][N] : undefined) : undefined

/**
 * A config whose callbacks are `P`, their parameters, `R`, their results, and `C`, whether they ask for the caller, each by module and name.
 * TypeScript infers these, and from them the arguments of each `call`.
 */
export type WaspTypedConfig<P, R, C> = Omit<WaspConfig, 'callbacks'> & {
  callbacks?: {
    [M in keyof P]: {
      [N in keyof P[M]]: { params?: P[M][N] & CheckedParams<P[M][N]>; call(...args: CalledWith<P[M][N], At<C, M, N>>): unknown }
    }
  } & { [M in keyof R]: { [N in keyof R[M]]: { returns?: R[M][N] & Checked<R[M][N], ResultKind> } } } & {
    [M in keyof C]: { [N in keyof C[M]]: { caller?: C[M][N] & boolean } }
  }
}

/** The languages of scripts. PocketPy is a Python that is a subset of the language. */
export type WaspLanguage = 'javascript' | 'lua' | 'pocketpy'

/** One log record. */
export interface WaspLogRecord {
  level: WaspLogLevel
  /** What happened, in words that are always the same for the same event. */
  message: string
  fields: Record<string, string>
}

export type WaspLogLevel = 'error' | 'info' | 'debug' | 'trace'

export interface WaspEngineOptions {
  /**
   * `cranelift` (the default) makes the fastest code; `singlepass` compiles fastest. `tiered` is both: singlepass's code at once,
   * and cranelift's for new instances when a thread has compiled it, which is logged at level `debug`. Existing instances keep
   * what they have, and the two may differ in the bits of a NaN.
   */
  compiler?: 'cranelift' | 'singlepass' | 'tiered'
  /** The directory that keeps compiled plugins between runs. Its files run as code: only you may be able to write there. */
  cacheDir?: string | URL
  /**
   * Where the standard streams of plugins lead: what they print to the logger ('log', the default, and nowhere without a logger), to
   * this process's output ('output') or nowhere ('none'), and their input is empty; or both are this process's ('inherit').
   */
  stdio?: 'inherit' | 'output' | 'log' | 'none'
  /** Receives log records, after each call and before each callback. */
  logger?: (record: WaspLogRecord) => void
  /** The least important level that the logger receives; `info` by default. */
  logLevel?: WaspLogLevel
  /**
   * Asks the kernel at each reset of an instance whether pages of its memory were written to, and doesn't believe the processor,
   * which tells for nothing on x64. wasp finds out by itself where it can't be believed.
   */
  kernelFaultCounts?: boolean
}

/** Holds plugins by name and makes instances of them. */
export class Engine {
  constructor(options?: WaspEngineOptions)
  /**
   * Registers a plugin: compiles it, checks it against its config and runs its start-up. A string or URL is a path; bytes
   * are WebAssembly in its binary or its text format. A plugin of that name is replaced for new instances.
   *
   * A path that ends in `.js`, `.mjs` or `.lua` is a script's, which is loaded once instead. With a `language` a string is the script
   * itself, a URL is the file that it is in, and bytes are its UTF-8.
   */
  register<const P, const R, const C>(name: string, source: string | URL | WaspBytes, config?: WaspTypedConfig<P, R, C>): void
  /**
   * Registers a plugin on a worker thread, so that the event loop goes on while it compiles. The name is registered when the promise
   * resolves. Bytes are copied at once. Callbacks that start-up calls are called on this thread and may return promises.
   */
  registerAsync<const P, const R, const C>(
    name: string,
    source: string | URL | WaspBytes,
    config?: WaspTypedConfig<P, R, C>,
  ): Promise<void>
  /**
   * Compiles a module ahead of time. `register` takes the result with the option `compiled`, in this process or another one, with the
   * same version of wasp, the same compiler and a processor of the same kind.
   */
  compile(pathOrBytes: string | URL | WaspBytes): Buffer
  /** Forgets a plugin. Existing instances keep what they need. */
  unregister(name: string): void
  /** The names of the plugins that are registered, sorted. */
  get plugins(): string[]
  /** Returns whether a plugin is registered under that name. */
  has(name: string): boolean
  /** Tells what a plugin offers and needs, and what it takes. */
  plugin(name: string): WaspPluginInfo
  /** How many bytes of the host's memory the plugins take: their machine code and snapshots. Instances come on top. */
  get memoryUsed(): number
  /** Makes an instance of a plugin, which sees the host's directory `workspace` as `/workspace`. */
  instance(name: string, options?: { workspace?: string | URL }): Instance
}

/** A function that a plugin offers. Where it is not `declared`, an i32 may stand for a string or bytes. */
export interface WaspFunction {
  readonly name: string
  readonly params: readonly WaspKind[]
  readonly returns: WaspKind
  readonly declared: boolean
  /** The names of the parameters, one for each; empty where the plugin declares none. */
  readonly paramNames: readonly string[]
  /** What the plugin says about it, on one line; empty where it says nothing. */
  readonly docs: string
}

/** Something that a module imports. */
export interface WaspImport {
  /** The module, or namespace, that it is imported from. */
  module: string
  /** Its name there. */
  name: string
  /**
   * Its WebAssembly type, as in errors: `(i32, i32) -> i32`. What is no function begins with what it is: `memory`, `table`, `global` or
   * `tag`.
   */
  type: string
  /**
   * The kinds of a function's parameters and result: those of the callback that provides it, and else as its type has them, where an
   * i32 may stand for a string or bytes. They are missing where no callback can have that type.
   */
  params?: WaspKind[]
  returns?: WaspKind
  /** What provides it: a callback, WASI, the guest ABI, or nothing. */
  provider: 'callback' | 'wasi' | 'abi' | 'missing'
}

/** What a plugin, or a module that may become one, offers and needs. */
export interface WaspPluginInfo {
  functions: WaspFunction[]
  imports: WaspImport[]
  /** Whether it imports functions of WASI. */
  wasi: boolean
  /** The linear memory that an instance begins with, in bytes, over all memories. */
  memoryMin: number
  /** The linear memory that it may have by its own declaration, in bytes; missing where it declares no maximum. */
  memoryMax?: number
  /** The size of the module in bytes, in the format that it was given in. */
  size: number
  /** How many bytes of the host's memory a registered plugin takes: its machine code and its snapshot. Its instances come on top. */
  memoryUsed: number
  /** The language of the script that it is, or the name of its runtime; missing where it is no script. */
  language?: string
}

/**
 * Tells what a module offers and needs: a string or URL is a path; bytes are WebAssembly in its binary or its text format. Nothing of it
 * is compiled, and nothing of it runs: it may be anybody's, and its imports may be missing. The kinds of its functions are those that it
 * declares, where its `wasp_signatures` returns a constant.
 */
export function inspect(pathOrBytes: string | URL | WaspBytes): WaspPluginInfo

export interface WaspCallOptions {
  /**
   * Milliseconds that the call may take, callbacks included. It is never longer than the plugin's own limit: the shorter one counts.
   */
  timeout?: number
}

export interface WaspAsyncCallOptions extends WaspCallOptions {
  /** Its abort ends the call, which is then rejected with its reason. */
  signal?: AbortSignal
}

/** One sandbox: a plugin with memory of its own. It runs one call at a time. */
export class Instance {
  private constructor()
  /**
   * Calls a function of the plugin on this thread. `returns` is the kind of its result, since WebAssembly says i32 for a
   * string too; it may be left out where the plugin declares its signatures, and where the result can only be one thing.
   */
  call<K extends WaspKind>(name: string, args: readonly WaspArgument[], returns: K, options?: WaspCallOptions): WaspKinds[K]
  call(name: string, args?: readonly WaspArgument[], returns?: undefined, options?: WaspCallOptions): WaspValue
  /** Calls a function on a worker thread. A timeout counts from when the call begins there. */
  callAsync<K extends WaspKind>(
    name: string,
    args: readonly WaspArgument[],
    returns: K,
    options?: WaspAsyncCallOptions,
  ): Promise<WaspKinds[K]>
  callAsync(name: string, args?: readonly WaspArgument[], returns?: undefined, options?: WaspAsyncCallOptions): Promise<WaspValue>
  /** Ends the `callAsync` that runs, which is then rejected with the code CANCELLED. */
  interrupt(): void
  /** Brings the instance back to the state of a new one. */
  reset(): void
  /** The name of its plugin. */
  get plugin(): string
  /** Its memory, for plugins whose functions take and give addresses. */
  get memory(): WaspMemory
  /**
   * Returns the functions that the plugin offers, and each by its name, to be called: `greeter.functions.hello('Nic')` is
   * `greeter.call('hello', ['Nic'])`. `wasp bindgen` writes types for them.
   */
  get functions(): readonly WaspFunction[] & { readonly [name: string]: any }
  /** Releases the instance; one that runs a call is released when that is over. `using` does it too. */
  close(): void
  [Symbol.dispose](): void
}

/**
 * The memory of an instance. Copies what is read and written. In a callback of the instance's own it works, too; in the callback of
 * another call it is BUSY.
 */
export interface WaspMemory {
  /** The size in bytes; 0 where the plugin exports no memory. */
  readonly size: number
  /**
   * How many of its bytes are its own: those of the pages that it has written to, whereas all others are shared with the plugin's
   * snapshot. All of them where the kernel can't say, as before Linux 6.7. While a call runs it is BUSY.
   */
  readonly used: number
  /** Returns a copy of `length` bytes from `address` on: an integer from 0 on, or what a plugin gives as an i32. */
  read(address: number, length: number): Buffer
  /** Copies `data` to `address`. In a callback, what it was given as a string or bytes can't be written over. */
  write(address: number, data: WaspBytes): void
}

export type WaspErrorCode =
  | 'INVALID'
  | 'IO'
  | 'COMPILE'
  | 'IMPORT_NOT_FOUND'
  | 'PLUGIN_NOT_FOUND'
  | 'FUNCTION_NOT_FOUND'
  | 'SIGNATURE'
  | 'ABI'
  | 'TRAP'
  | 'GUEST'
  | 'ABORT'
  | 'EXIT'
  | 'CALLBACK'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'RESOURCE'
  | 'POISONED'
  | 'BUSY'
  | 'INTERNAL'

/** One frame of a plugin's stack. */
export interface WaspFrame {
  /** Its name, where the module has one: demangled if it is of Rust or C++. */
  function?: string
  functionIndex: number
  /** Bytes from the start of the module. */
  moduleOffset: number
  /** The source file of the instruction, where the module has DWARF. */
  file?: string
  /** Its line in `file`, from 1. */
  line?: number
  /** Its column in `line`, from 1. */
  column?: number
}

/** A failure of wasp or of a plugin. What a callback throws is not wrapped: it comes out as itself. */
export class WaspError extends Error {
  private constructor()
  code: WaspErrorCode
  /** The plugin's function that was called. */
  function?: string
  /** The plugin's stack when it failed, innermost frame first. It is part of `stack` too. */
  wasmStack: WaspFrame[]
  /** The end of what the plugin wrote to its standard error during the call, at most 1,024 bytes. */
  stderr?: string
  /** The code that the plugin passed to `proc_exit`, for EXIT. */
  exitCode?: number
  /** Imports that no callback provides, or with another type, for IMPORT_NOT_FOUND. */
  imports?: { module: string; name: string }[]
}

/** What a run may take. A number may be `Infinity`, for no limit. */
export interface WaspRunLimits {
  /** Milliseconds that the program may run; time in tools doesn't count. The default is 30,000. */
  timeout?: number
  /** Bytes of memory, or a size such as `'64MB'` or `'1GiB'`; the default is 256 MiB. */
  memory?: number | string
  /** Bytes that it may print, or a size such as `'1MB'`; the default is 1 MiB. */
  outputBytes?: number | string
  /** How often it may call tools; the default is 1,000. */
  toolCalls?: number
}

/** A function that programs may call. What it returns goes to them as JSON; they never see the host's own objects. */
export type WaspToolFunction = (...args: any[]) => unknown

/** Functions by the names that programs know them by, or with names of their own. */
export type WaspTools = Readonly<Record<string, WaspToolFunction | Tool>> | readonly (WaspToolFunction | Tool)[]

/** What a run is given, other than its program. */
export interface WaspSessionRunOptions {
  /** Values by the names that the program has them by: whatever has a JSON. */
  inputs?: { readonly [name: string]: unknown }
  /**
   * Functions that the program may call, with the authority of this process. In `run` they may return promises, for which the program
   * waits, as long as that takes; in `runSync` a promise is a TypeError.
   */
  tools?: WaspTools
  /** Patterns of paths in the workspace: the files that match are in the result. `*` is any text, `?` any character. */
  collect?: readonly string[]
  /** Limits for this run, which are at most those of its runtime. */
  limits?: WaspRunLimits
  /**
   * Asked before a tool runs, with its name and arguments: `true` lets it run, and anything else doesn't; a string tells the program why.
   * In `run` it may return a promise.
   */
  gate?: (name: string, args: WaspJson[]) => unknown
  /** Whether the program is told what its tools throw. Of a {@link ToolError} it always is, and of others else only that they failed. */
  showErrors?: boolean
  /** Its abort ends the program, and the promise is rejected with its reason, as that of `fetch` is. */
  signal?: AbortSignal
  /** Told what the program prints, as it does; in `runSync` at each call of a tool, and at the end. What it throws ends the run. */
  onStdout?: (text: string) => void
  /** The same, of its standard error. */
  onStderr?: (text: string) => void
}

export interface WaspRunOptions extends WaspSessionRunOptions {
  /** Files that are put into the program's workspace, by their paths there: text, bytes, or the URL of a file. */
  files?: { readonly [path: string]: string | URL | WaspBytes }
}

/** What ended a program before its end. */
export type WaspStopped = 'time' | 'memory' | 'output' | 'tool_calls' | 'stack' | 'cancelled'

/** What a program failed with. All of it is the program's own words: it may be anything. */
export interface WaspFailure {
  /** The name of the exception's class, `Error` where there is none; `Trap` or `Exit` for what isn't one. */
  type: string
  /** What it says, on one line. */
  message: string
  /** The program's own frames, the innermost first, one a line; empty where there are none. */
  traceback: string
  /** The line of the program, counted from 1, where that is known. */
  line: number | null
}

/** What a run took. */
export interface WaspUsage {
  /** Milliseconds, those in tools included. */
  time: number
  /** Milliseconds that were spent in tools. */
  toolTime: number
  /** How many tools were called. */
  toolCalls: number
  /** How many bytes were printed. */
  outputBytes: number
  /** The size of its memory when it ended: it never shrinks while a program runs. */
  memoryBytes: number
}

/** What came of a run. */
export class Result {
  private constructor()
  /** The value of the program's last expression; `undefined` where it has none, and where it failed. */
  value: any
  /** What it printed. */
  stdout: string
  /** What it printed to its standard error. */
  stderr: string
  /** What it failed with, if it did. */
  error: WaspFailure | null
  /** The limit that ended it, if one did. */
  stopped: WaspStopped | null
  /** Whether it left more than it may: what is here is the beginning of what it printed, or files are missing that are too big. */
  truncated: boolean
  /** The files that were asked for by `collect`, by their path in the workspace. */
  files: Record<string, Buffer>
  usage: WaspUsage
  /** Whether it came to its end. */
  get ok(): boolean
  /** Returns the value. Throws a {@link RunError} where the program failed or was stopped. */
  unwrap(): any
}

/** A program failed, or was stopped: what {@link Result.unwrap} throws. */
export class RunError extends Error {
  private constructor()
  /** All that came of the run. */
  result: Result
}

/** What a tool throws to tell the program why it failed. Of all other exceptions the program learns nothing. */
export class ToolError extends Error {}

export interface WaspToolOptions {
  /** The name that programs know it by; that of the function by default. */
  name?: string
  /** What it does, for {@link describe}. */
  description?: string
  /**
   * A JSON Schema of an object, for {@link describe}: the function takes one object with these properties. It is not checked what
   * programs pass.
   */
  parameters?: { readonly [key: string]: unknown }
  /** How often one run may call it; more is a {@link ToolError}. */
  maxCalls?: number
}

/** A function that programs may call, made by {@link tool}. */
export class Tool {
  private constructor()
  readonly call: WaspToolFunction
  readonly name: string
  readonly description: string
  readonly parameters: { readonly [key: string]: unknown } | undefined
  readonly maxCalls: number
  /** Whether it is an async function. */
  get isAsync(): boolean
}

/** Makes a tool of a function. */
export function tool(call: WaspToolFunction, options?: WaspToolOptions): Tool

/**
 * Tells what tools there are, for those who write programs, language models as a rule: as declarations in TypeScript (the default), as
 * stubs in Python, or as JSON Schema, a list of objects with name, description and parameters. What has no `parameters` is told by the
 * names in the function's source.
 */
export function describe(tools: WaspTools, style?: 'typescript' | 'python' | 'json-schema'): string

/**
 * Runs a program in a fresh sandbox, beside the event loop. What it fails with is in the result, and so is the limit that ended it; the
 * promise is rejected with a TypeError, RangeError or WaspError for what the host got wrong, and with the reason of a signal that was
 * aborted.
 */
export function run(language: WaspLanguage, code: string, options?: WaspRunOptions): Promise<Result>
/** The same on this thread, which waits: its tools answer at once. */
export function runSync(language: WaspLanguage, code: string, options?: WaspRunOptions): Result

/**
 * Prepares a language, for programs that each run in a fresh sandbox. `setup` is a program that runs once, now: they begin from what it
 * left. `limits` are those of its runs, which may lower them.
 */
export function runtime(language: WaspLanguage, options?: { setup?: string; limits?: WaspRunLimits }): Runtime

/** A language, prepared. */
export class Runtime {
  private constructor()
  get language(): WaspLanguage
  /** The limits of its runs. */
  get limits(): { timeout: number; memory: number; outputBytes: number; toolCalls: number }
  run(code: string, options?: WaspRunOptions): Promise<Result>
  runSync(code: string, options?: WaspRunOptions): Result
  /**
   * Makes a sandbox that keeps what its programs leave, for one who trusts all of them alike. It ends when it was idle for so many
   * milliseconds (10 minutes by default), or as old as that (an hour).
   */
  session(options?: { files?: WaspRunOptions['files']; idle?: number; lifetime?: number }): Session
}

/** A sandbox that keeps what its programs leave. It runs one at a time; one that was stopped half-way ends it. */
export class Session {
  private constructor()
  run(code: string, options?: WaspSessionRunOptions): Promise<Result>
  runSync(code: string, options?: WaspSessionRunOptions): Result
  /** Whether it runs another program. */
  get isOpen(): boolean
  /** Stops the program that runs; on this thread, when the tool that says so has returned. */
  interrupt(): void
  /** Frees the sandbox and deletes its workspace, when the program that runs is over. `using` does it too. */
  close(): void
  [Symbol.dispose](): void
}
