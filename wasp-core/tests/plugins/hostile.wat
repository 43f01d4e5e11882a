;; Hands the host any pointer that a test asks for. Its memory is two pages, 0x20000 bytes, and nothing is ever freed.

(import "env" "string" (func $string (param i32)))
(import "env" "bytes" (func $bytes (param i32)))
(import "env" "raise_error" (func $raise (param i32)))
(import "env" "abort" (func $abort (param i32 i32 i32 i32)))

(memory (export "memory") 2)

;; Answers what the test has set, and else ever higher.
(global $answer (mut i32) (i32.const 0))
(global $next (mut i32) (i32.const 0x8000))
(func (export "answer_with") (param i32) (global.set $answer (local.get 0)))
(func (export "allocate") (param $size i32) (result i32)
  (if (global.get $answer) (then (return (global.get $answer))))
  (global.get $next)
  (global.set $next (i32.add (global.get $next) (local.get $size))))

;; The pointer as a result, as a callback's argument, and as an error.
(func (export "give") (param i32) (result i32) (local.get 0))
(func (export "string") (param i32) (call $string (local.get 0)))
(func (export "bytes") (param i32) (call $bytes (local.get 0)))
(func (export "raise") (param i32) (call $raise (local.get 0)))
(func (export "abort") (param $message i32) (param $file i32)
  (call $abort (local.get $message) (local.get $file) (i32.const 1) (i32.const 2)))

(func (export "set") (param $address i32) (param $value i32)
  (i32.store (local.get $address) (local.get $value)))
(func (export "set_byte") (param $address i32) (param $value i32)
  (i32.store8 (local.get $address) (local.get $value)))
(func (export "fill") (param $address i32) (param $value i32) (param $size i32)
  (memory.fill (local.get $address) (local.get $value) (local.get $size)))
