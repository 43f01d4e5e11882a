;; Never ends, in every way that guest code has.

(import "env" "wait" (func $wait (param i32)))
(import "wasi_snapshot_preview1" "poll_oneoff"
  (func $poll (param i32 i32 i32 i32) (result i32)))

(func (export "empty_loop") (loop $again (br $again)))
(func (export "counting_loop") (result i32)
  (local $at i32)
  (loop $again (result i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $again (i32.ne (local.get $at) (i32.const -1)))
    (br $again)))
(func (export "nested_loops")
  (loop $outer
    (loop $inner (br_if $inner (i32.const 0)) (br $outer))))
(func (export "loop_by_table") (param i32)
  (loop $again (block $out (br_table $again $again $again (local.get 0)))))
(func (export "loop_with_a_value")
  (i32.const 0)
  (loop $again (param i32) (i32.add (i32.const 1)) (br $again)))
(func (export "loop_with_if")
  (loop $again (if (i32.const 1) (then (br $again)))))
(func (export "loop_over_memory")
  (loop $again (memory.fill (i32.const 0x8000) (i32.const 1) (i32.const 0x1000)) (br $again)))

;; Calls back and forth, two to the power of a hundred times.
(func $calls (export "calls") (param i32)
  (if (local.get 0)
    (then
      (call $calls (i32.sub (local.get 0) (i32.const 1)))
      (call $calls (i32.sub (local.get 0) (i32.const 1))))))

;; The table's functions: through these nothing can be inlined.
(type $step (func (param i32) (result i32)))
(table 1 funcref)
(elem (i32.const 0) func $step)
(func $step (type $step) (i32.add (local.get 0) (i32.const 1)))
(func (export "indirect_calls")
  (local $at i32)
  (loop $again
    (local.set $at (call_indirect (type $step) (local.get $at) (i32.const 0)))
    (br $again)))

(func (export "callbacks") (param $milliseconds i32)
  (loop $again (call $wait (local.get $milliseconds)) (br $again)))

;; Sleeps for 1000 seconds: one subscription to the monotonic clock.
(func (export "sleep")
  (i32.store8 offset=16 (i32.const 0x8000) (i32.const 0))
  (i32.store offset=16 (i32.const 0x8000) (i32.const 1))
  (i32.store8 offset=8 (i32.const 0x8000) (i32.const 0))
  (i64.store offset=24 (i32.const 0x8000) (i64.const 1000000000000))
  (drop (call $poll (i32.const 0x8000) (i32.const 0x9000) (i32.const 1) (i32.const 0xA000)))
  (loop $again (br $again)))

(func (export "wait") (param i32) (call $wait (local.get 0)))
(global $count (mut i32) (i32.const 0))
(func (export "count") (result i32)
  (global.set $count (i32.add (global.get $count) (i32.const 1)))
  (global.get $count))
