// Plugins as text, so that they can be reviewed.

import { join } from 'node:path'

/** The example plugins' place. */
export const example = (language) => join(process.env.WASP_PLUGINS, `${language}.wasm`)

/** Echoes, counts, traps and loops; `allocate` never frees but starts over, which a reset undoes. */
export const tools = Buffer.from(`(module
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 1024))
  (global $count (mut i32) (i32.const 0))
  (func (export "allocate") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.add (global.get $top) (local.get $size)))
    (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))))))
    (local.get $at))
  (func (export "deallocate") (param i32 i32) (global.set $top (i32.const 1024)))
  (func (export "echo") (param i32) (result i32) (local.get 0))
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "nothing"))
  (func (export "six") (param i32 i64 f32 f64 i32 i32) (result f64)
    (f64.add (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
      (f64.add (f64.promote_f32 (local.get 2)) (f64.add (local.get 3)
        (f64.convert_i32_s (i32.add (i32.load8_u (local.get 4)) (i32.load8_u offset=4 (local.get 5))))))))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count))
  (func $deep unreachable)
  (func (export "trap") (call $deep))
  (func (export "loop") (loop (br 0))))`)

/** Calls back, with whatever type the callback has. */
export const caller = Buffer.from(`(module
  (import "env" "text" (func $text (param i32) (result i32)))
  (import "env" "number" (func $number (param i64) (result i64)))
  (import "env" "event" (func $event))
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 1024))
  (func (export "allocate") (param i32) (result i32)
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get 0))))
  (func (export "deallocate") (param i32 i32) (global.set $top (i32.const 1024)))
  (func (export "text") (param i32) (result i32) (call $text (local.get 0)))
  (func (export "number") (param i64) (result i64) (call $number (local.get 0)))
  (func (export "event") (call $event))
  (func (export "events") (param i32)
    (loop
      (call $event)
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0 (local.get 0)))))`)

/** Callbacks for `caller` that do nothing, with some of their own. */
export function callbacks(own = {}) {
  const nothing = { text: (text) => text, number: (number) => number, event: () => {} }
  const { text, number, event } = { ...nothing, ...own }
  return {
    env: {
      text: { params: ['string'], returns: 'string', call: text },
      number: { params: ['i64'], returns: 'i64', call: number },
      event: { call: event },
    },
  }
}

/** Calls back as it starts, with its name; then answers whatever that gave. */
export const starter = Buffer.from(`(module
  (import "env" "number" (func $number (param i64) (result i64)))
  (global $answer (mut i64) (i64.const 0))
  (func (export "_initialize") (global.set $answer (call $number (i64.const 20))))
  (func (export "answer") (result i64) (global.get $answer)))`)
