;; The same work by extism's ABI: input and output lie in a memory of extism's own, which a plugin reads and writes
;; eight bytes at a time, as extism's own helpers for plugin authors do.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/user" "tell" (func $tell (param i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "Hello ")

  ;; The input, copied into this plugin's memory at $at; gives its length.
  (func $input (param $at i32) (result i32)
    (local $length i32) (local $done i32)
    (local.set $length (i32.wrap_i64 (call $input_length)))
    (block $enough (loop $more
      (br_if $enough (i32.le_u (i32.add (local.get $at) (local.get $length)) (i32.shl (memory.size) (i32.const 16))))
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
      (unreachable)))
    (block $tail (loop $words
      (br_if $tail (i32.gt_u (i32.add (local.get $done) (i32.const 8)) (local.get $length)))
      (i64.store (i32.add (local.get $at) (local.get $done)) (call $input_load_u64 (i64.extend_i32_u (local.get $done))))
      (local.set $done (i32.add (local.get $done) (i32.const 8)))
      (br $words)))
    (block $end (loop $bytes
      (br_if $end (i32.ge_u (local.get $done) (local.get $length)))
      (i32.store8 (i32.add (local.get $at) (local.get $done)) (call $input_load_u8 (i64.extend_i32_u (local.get $done))))
      (local.set $done (i32.add (local.get $done) (i32.const 1)))
      (br $bytes)))
    (local.get $length))

  ;; So many bytes at $at as the output.
  (func $output (param $at i32) (param $length i32)
    (local $done i32) (local $block i64)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
    (block $tail (loop $words
      (br_if $tail (i32.gt_u (i32.add (local.get $done) (i32.const 8)) (local.get $length)))
      (call $store_u64 (i64.add (local.get $block) (i64.extend_i32_u (local.get $done)))
        (i64.load (i32.add (local.get $at) (local.get $done))))
      (local.set $done (i32.add (local.get $done) (i32.const 8)))
      (br $words)))
    (block $end (loop $bytes
      (br_if $end (i32.ge_u (local.get $done) (local.get $length)))
      (call $store_u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $done)))
        (i32.load8_u (i32.add (local.get $at) (local.get $done))))
      (local.set $done (i32.add (local.get $done) (i32.const 1)))
      (br $bytes)))
    (call $output_set (local.get $block) (i64.extend_i32_u (local.get $length))))

  (func $answer (param i32)
    (i32.store (i32.const 1024) (local.get 0))
    (call $output (i32.const 1024) (i32.const 4)))

  (func (export "sum") (result i32)
    (drop (call $input (i32.const 1024)))
    (call $answer (i32.add (i32.load (i32.const 1024)) (i32.load (i32.const 1028))))
    (i32.const 0))

  (func (export "hello") (result i32)
    (local $length i32)
    (memory.copy (i32.const 1024) (i32.const 16) (i32.const 6))
    (local.set $length (call $input (i32.const 1030)))
    (call $output (i32.const 1024) (i32.add (local.get $length) (i32.const 6)))
    (i32.const 0))

  (func (export "echo") (result i32)
    (call $output (i32.const 1024) (call $input (i32.const 1024)))
    (i32.const 0))

  (func (export "tell_often") (result i32)
    (local $times i32) (local $sum i32)
    (drop (call $input (i32.const 1024)))
    (local.set $times (i32.load (i32.const 1024)))
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (call $tell (local.get $times))))
      (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (call $answer (local.get $sum))
    (i32.const 0))

  (func (export "count") (result i32)
    (local $times i32) (local $sum i32)
    (drop (call $input (i32.const 1024)))
    (local.set $times (i32.load (i32.const 1024)))
    (loop $next
      (local.set $sum (i32.xor (i32.mul (local.get $sum) (i32.const 31)) (local.get $times)))
      (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (call $answer (local.get $sum))
    (i32.const 0)))
