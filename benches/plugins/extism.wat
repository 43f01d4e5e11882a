;; The functions of the other plugins, over Extism's own ABI: input and output are blocks of Extism's kernel, read and
;; written by calls of it. Nothing is copied twice, which saves Extism what its own helpers for plugins would add.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/user" "add" (func $add (param i32 i32) (result i32)))
  (import "extism:host/user" "call_me" (func $call_me (param i64) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "Hello ")
  (data (i32.const 8) "{\"count\":0}")

  ;; The four bytes of one of the input's numbers.
  (func $number (param $at i64) (result i32)
    (i32.wrap_i64 (i64.shr_u
      (call $input_load_u64 (i64.const 0))
      (i64.mul (local.get $at) (i64.const 8)))))

  (func $answer (param $number i32) (result i32)
    (local $out i64)
    (local.set $out (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $out) (i64.extend_i32_u (local.get $number)))
    (call $output_set (local.get $out) (i64.const 4))
    (i32.const 0))

  (func (export "sum") (result i32)
    (call $answer (i32.add (call $number (i64.const 0)) (call $number (i64.const 4)))))

  (func (export "hello") (result i32)
    (local $out i64)
    (local $at i64)
    (local $length i64)
    (local.set $length (call $input_length))
    (local.set $out (call $alloc (i64.add (local.get $length) (i64.const 6))))
    (loop $greeting
      (call $store_u8
        (i64.add (local.get $out) (local.get $at))
        (i32.load8_u (i32.wrap_i64 (local.get $at))))
      (local.set $at (i64.add (local.get $at) (i64.const 1)))
      (br_if $greeting (i64.lt_u (local.get $at) (i64.const 6))))
    (local.set $at (i64.const 0))
    (block $done
      (loop $name
        (br_if $done (i64.ge_u (local.get $at) (local.get $length)))
        (call $store_u8
          (i64.add (i64.add (local.get $out) (i64.const 6)) (local.get $at))
          (call $input_load_u8 (local.get $at)))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br $name)))
    (call $output_set (local.get $out) (i64.add (local.get $length) (i64.const 6)))
    (i32.const 0))

  ;; By eight bytes at a time, as Extism's helpers do; the input's length divides by eight.
  (func (export "echo") (result i32)
    (local $out i64)
    (local $at i64)
    (local $length i64)
    (local.set $length (call $input_length))
    (local.set $out (call $alloc (local.get $length)))
    (block $done
      (loop $copy
        (br_if $done (i64.ge_u (local.get $at) (local.get $length)))
        (call $store_u64
          (i64.add (local.get $out) (local.get $at))
          (call $input_load_u64 (local.get $at)))
        (local.set $at (i64.add (local.get $at) (i64.const 8)))
        (br $copy)))
    (call $output_set (local.get $out) (local.get $length))
    (i32.const 0))

  ;; `{"count":4}`, for nine vowels at most: the first plugin that Extism's users see.
  (func (export "count_vowels") (result i32)
    (local $out i64)
    (local $at i64)
    (local $count i32)
    (local $letter i32)
    (block $done
      (loop $letters
        (br_if $done (i64.ge_u (local.get $at) (call $input_length)))
        (local.set $letter (i32.or (call $input_load_u8 (local.get $at)) (i32.const 32)))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br_if $letters (i32.eqz (i32.or
          (i32.or
            (i32.or (i32.eq (local.get $letter) (i32.const 97)) (i32.eq (local.get $letter) (i32.const 101)))
            (i32.or (i32.eq (local.get $letter) (i32.const 105)) (i32.eq (local.get $letter) (i32.const 111))))
          (i32.eq (local.get $letter) (i32.const 117)))))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $letters)))
    (local.set $out (call $alloc (i64.const 11)))
    (call $store_u64 (local.get $out) (i64.load (i32.const 8)))
    (call $store_u8 (i64.add (local.get $out) (i64.const 8)) (i32.const 58))
    (call $store_u8 (i64.add (local.get $out) (i64.const 9)) (i32.add (local.get $count) (i32.const 48)))
    (call $store_u8 (i64.add (local.get $out) (i64.const 10)) (i32.const 125))
    (call $output_set (local.get $out) (i64.const 11))
    (i32.const 0))

  (func (export "callbacks") (result i32)
    (local $n i32)
    (local $i i32)
    (local $sum i32)
    (local.set $n (call $number (i64.const 0)))
    (loop $again
      (local.set $sum (call $add (local.get $sum) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_s (local.get $i) (local.get $n))))
    (call $answer (local.get $sum)))

  (func (export "callback") (result i32)
    (local $name i64)
    (local.set $name (call $alloc (i64.const 3)))
    (call $store_u8 (local.get $name) (i32.const 78))
    (call $store_u8 (i64.add (local.get $name) (i64.const 1)) (i32.const 105))
    (call $store_u8 (i64.add (local.get $name) (i64.const 2)) (i32.const 99))
    (local.set $name (call $call_me (local.get $name)))
    (call $output_set (local.get $name) (call $length (local.get $name)))
    (i32.const 0)))
