;; Calls the host: each function passes its argument on and gives the host's answer as it is.

(import "env" "string" (func $string (param i32) (result i32)))
(import "env" "bytes" (func $bytes (param i32) (result i32)))
(import "numbers" "i32" (func $i32 (param i32) (result i32)))
(import "numbers" "i64" (func $i64 (param i64) (result i64)))
(import "numbers" "f32" (func $f32 (param f32) (result f32)))
(import "numbers" "f64" (func $f64 (param f64) (result f64)))
(import "a name/with: anything" "tell" (func $tell (param i32)))
(import "env" "ask" (func $ask (result i32)))

;; The argument is in two roles, argument and callback argument, and the answer too.
(func (export "string") (param i32) (result i32) (call $string (local.get 0)))
(func (export "bytes") (param i32) (result i32) (call $bytes (local.get 0)))
(func (export "i32") (param i32) (result i32) (call $i32 (local.get 0)))
(func (export "i64") (param i64) (result i64) (call $i64 (local.get 0)))
(func (export "f32") (param f32) (result f32) (call $f32 (local.get 0)))
(func (export "f64") (param f64) (result f64) (call $f64 (local.get 0)))
(func (export "tell") (param i32) (call $tell (local.get 0)))
(func (export "ask") (result i32) (call $ask))

;; A copy to the host, and a copy of its answer as the result.
(func (export "copy") (param i32) (result i32)
  (call $copy_string (call $string (call $copy_string (local.get 0)))))

;; Passes the answer of each callback to the next one, `rounds` times.
(func (export "rounds") (param $string i32) (param $rounds i32) (result i32)
  (loop $again
    (local.set $string (call $string (local.get $string)))
    (br_if $again
      (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
  (local.get $string))

;; What was in memory before and after an answer: a failing callback must end the call at once.
(global $reached (mut i32) (i32.const 0))
(func (export "ask_and_note") (drop (call $ask)) (global.set $reached (i32.const 1)))
(func (export "reached") (result i32) (global.get $reached))
