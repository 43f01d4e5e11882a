// The plugin by Extism's kit for AssemblyScript.

import { Config, Host, LogLevel, Memory, Var } from '@extism/as-pdk'
import { error_set, http_request, length } from '@extism/as-pdk/lib/env'

// @ts-ignore: decorator
@external('extism:host/user', 'shout')
declare function shout(text: u64): u64

// Extism has no env.abort.
export function onAbort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable()
}

export function count_vowels(): i32 {
  const text = Host.inputString().toLowerCase()
  let count = 0
  for (let i = 0; i < text.length; i++) {
    if ('aeiou'.includes(text.charAt(i))) count++
  }
  Host.outputString('{"count":' + count.toString() + '}')
  return 0
}

export function echo(): i32 {
  Host.output(Host.input())
  return 0
}

export function config(): i32 {
  const value = Config.get(Host.inputString())
  if (value !== null) Host.outputString(value)
  return 0
}

export function remember(): i32 {
  const before = Var.get('last')
  if (before !== null) Host.output(before)
  Var.set('last', Host.input())
  return 0
}

export function call_host(): i32 {
  const answer = shout(Memory.allocateBytes(Host.input()).offset)
  Host.outputMemory(new Memory(answer, length(answer)))
  return 0
}

export function fail(): i32 {
  error_set(Memory.allocateString('no: ' + Host.inputString()).offset)
  return 1
}

export function log(): i32 {
  const text = Host.inputString()
  Host.log(LogLevel.Debug, text)
  Host.log(LogLevel.Info, text)
  Host.log(LogLevel.Warn, text)
  Host.log(LogLevel.Error, text)
  return 0
}

export function get(): i32 {
  const request = Memory.allocateString('{"url": "' + Host.inputString() + '", "method": "GET", "headers": {}}')
  const body = http_request(request.offset, 0)
  Host.outputMemory(new Memory(body, length(body)))
  return 0
}
