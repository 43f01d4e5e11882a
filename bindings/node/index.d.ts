/// <reference types="node" />

/**
 * Bytes that a plugin takes: a Buffer, any typed array, a DataView or an ArrayBuffer. They are copied at once, also out of
 * shared memory, which a view has to be over.
 */
export type Bytes = ArrayBufferView | ArrayBuffer

/** What a plugin's function takes. A number must fit exactly; an i64 is a BigInt or a safe integer. */
export type Argument = number | bigint | boolean | string | Bytes

/** The kinds of values, and what each is in JavaScript. */
export interface Kinds {
  i32: number
  i64: bigint
  f32: number
  f64: number
  string: string
  bytes: Buffer
  none: undefined
}

export type Kind = keyof Kinds

/** What a plugin's function gives where the kind of the result is left out. */
export type Result = Kinds[Kind]

/** A function that a plugin may call back. */
export interface Callback {
  /** The kinds of what it takes; nothing by default. */
  params?: readonly Exclude<Kind, 'none'>[]
  /** The kind of what it gives; none by default. */
  returns?: Kind
  /**
   * The function, called on the thread of the engine before the plugin's call returns. What it throws comes out of that
   * call as itself. It may return a promise where the plugin runs in `callAsync` or is started by `registerAsync`; in
   * `call` and `register` a promise is an error (CALLBACK). It may use other instances; its own is busy.
   */
  call(...args: any[]): unknown
}

/** What one instance may use at most. */
export interface Limits {
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
}

/** What a plugin is given. It sees nothing of the host but this; the default gives it nothing. */
export interface Config {
  /** The functions that it may call back, by module and name: `{ env: { call_me: { ... } } }`. */
  callbacks?: Record<string, Record<string, Callback>>
  /** Its environment variables. */
  env?: Record<string, string>
  /** The host's directories that it sees, by the absolute path that they have for it. */
  volumes?: Record<string, string | URL | { path: string | URL; readOnly?: boolean }>
  limits?: Limits
  /** Whether instances start from a snapshot of what start-up left (the default) or each runs start-up itself. */
  snapshot?: boolean
}

/** One line of the log. */
export interface LogRecord {
  level: LogLevel
  /** What happened, always the same words for the same event. */
  message: string
  fields: Record<string, string>
}

export type LogLevel = 'error' | 'info' | 'debug' | 'trace'

export interface EngineOptions {
  /** `cranelift` (the default) makes fast code; `singlepass` is ready sooner. */
  compiler?: 'cranelift' | 'singlepass'
  /** Where compiled plugins are kept between runs. It must belong to you alone: what is in it runs as code. */
  cacheDir?: string | URL
  /** The standard streams of plugins: the process's (the default), the logger's, or nobody's. */
  stdio?: 'inherit' | 'log' | 'none'
  /** Hears what happens, after each call and before each callback. */
  logger?: (record: LogRecord) => void
  /** The least important level that the logger wants; `info` by default. */
  logLevel?: LogLevel
}

/** Holds plugins by name and makes instances of them. */
export class Engine {
  constructor(options?: EngineOptions)
  /**
   * Registers a plugin: compiles it, checks it against its config and starts it once. A string or URL is a path; bytes
   * are WebAssembly in its binary or its text format. A name that is registered already is replaced for new instances.
   */
  register(name: string, pathOrBytes: string | URL | Bytes, config?: Config): void
  /**
   * The same on a worker thread, so that the event loop goes on while it compiles. The name is registered when the promise
   * resolves. Bytes are copied at once. Callbacks that start-up calls are called on this thread and may return promises.
   */
  registerAsync(name: string, pathOrBytes: string | URL | Bytes, config?: Config): Promise<void>
  /** Forgets a plugin; living instances keep what they need. */
  unregister(name: string): void
  /** Makes an instance of a plugin, which sees the host's directory `workspace` as `/workspace`. */
  instance(name: string, options?: { workspace?: string | URL }): Instance
}

/** A function that a plugin offers. Where it is not `declared`, an i32 may stand for a string or bytes. */
export interface PluginFunction {
  readonly name: string
  readonly params: readonly Kind[]
  readonly returns: Kind
  readonly declared: boolean
}

/** One sandbox: a plugin with memory of its own. It runs one call at a time. */
export class Instance {
  private constructor()
  /**
   * Calls a function of the plugin on this thread. `returns` is the kind of its result, since WebAssembly says i32 for a
   * string too; it may be left out where the plugin declares its signatures, and where the result can only be one thing.
   */
  call<K extends Kind>(name: string, args: readonly Argument[], returns: K): Kinds[K]
  call(name: string, args?: readonly Argument[], returns?: undefined): Result
  /** The same on a worker thread. An abort of the signal ends the call, which is then rejected with its reason. */
  callAsync<K extends Kind>(
    name: string,
    args: readonly Argument[],
    returns: K,
    options?: { signal?: AbortSignal },
  ): Promise<Kinds[K]>
  callAsync(
    name: string,
    args?: readonly Argument[],
    returns?: undefined,
    options?: { signal?: AbortSignal },
  ): Promise<Result>
  /** Ends the `callAsync` that runs, which is then rejected with the code CANCELLED. */
  interrupt(): void
  /** Brings the instance back to the state of a new one. */
  reset(): void
  /** The functions that the plugin offers. */
  get functions(): readonly PluginFunction[]
  /** Frees the instance; one that runs a call is freed when that is over. `using` does it too. */
  close(): void
  [Symbol.dispose](): void
}

export type Code =
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
export interface WasmFrame {
  /** Its name, where the module has one. */
  function?: string
  functionIndex: number
  /** Bytes from the start of the module. */
  moduleOffset: number
}

/** Whatever goes wrong in wasp or in a plugin. What a callback throws is not wrapped: it comes out as itself. */
export class WaspError extends Error {
  private constructor()
  code: Code
  /** The plugin's function that was called. */
  function?: string
  /** The plugin's stack when it failed, innermost frame first. It is part of `stack` too. */
  wasmStack: WasmFrame[]
  /** What the plugin gave to `proc_exit`, for EXIT. */
  exitCode?: number
  /** What nobody provides, or with another type, for IMPORT_NOT_FOUND. */
  imports?: { module: string; name: string }[]
}
