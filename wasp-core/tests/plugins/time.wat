;; Takes as long as it likes. The ways are numbered, so that one function runs them all: `run` with the number.

(import "env" "tick" (func $tick (param i32) (result i32)))
(import "env" "long" (func $long (param i32)))
(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))

(type $way (func))
(table funcref
  (elem $loop $recursion $callbacks $wasi_calls $sleep $bulk $deep $calls_by_table $reads $allocations
    $counting_loop $nested_loops $loop_by_table $loop_with_a_value $loop_with_if))
(func (export "run") (param $way i32) (call_indirect (type $way) (local.get $way)))

(func $loop (loop $again (br $again)))

;; Two to the power of the depth of the stack: it doesn't end by exhausting that.
(func $tree (param i32) (result i32)
  (if (result i32) (local.get 0)
    (then (i32.add
      (call $tree (i32.sub (local.get 0) (i32.const 1)))
      (call $tree (i32.sub (local.get 0) (i32.const 1)))))
    (else (i32.const 1))))
(func $recursion (drop (call $tree (i32.const 200))))

(func $callbacks (loop $again (drop (call $tick (i32.const 1))) (br $again)))

(func $wasi_calls
  (loop $again
    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 0x8000)))
    (drop (call $random (i32.const 0x8000) (i32.const 64)))
    (drop (call $yield))
    (br $again)))

;; One subscription to the monotonic clock, for an hour.
(func $sleep
  (i32.store offset=16 (i32.const 0x8000) (i32.const 1))
  (i64.store offset=24 (i32.const 0x8000) (i64.const 3600000000000))
  (loop $again
    (drop (call $poll (i32.const 0x8000) (i32.const 0x9000) (i32.const 1) (i32.const 0xA000)))
    (br $again)))

;; 16 MiB at a time.
(func $bulk
  (if (i32.eq (memory.grow (i32.const 256)) (i32.const -1)) (then unreachable))
  (loop $again
    (memory.fill (i32.const 0x20000) (i32.const 7) (i32.const 0x1000000))
    (memory.copy (i32.const 0x20001) (i32.const 0x20000) (i32.const 0xFFFFFF))
    (br $again)))

;; Down some thousand frames, then forever.
(func $down (param i32)
  (if (local.get 0)
    (then (call $down (i32.sub (local.get 0) (i32.const 1))))
    (else (call $loop))))
(func $deep (call $down (i32.const 2000)))

(func $nothing)
(table $nothings funcref (elem $nothing))
(func $calls_by_table (loop $again (call_indirect $nothings (type $way) (i32.const 0)) (br $again)))

;; Reads of a standard input that may never come.
(func $reads
  (i32.store (i32.const 0x8000) (i32.const 0x9000))
  (i32.store (i32.const 0x8004) (i32.const 16))
  (loop $again
    (drop (call $fd_read (i32.const 0) (i32.const 0x8000) (i32.const 1) (i32.const 0x8008)))
    (br $again)))

;; Memory to and from the host.
(func $allocations
  (loop $again (call $deallocate (call $allocate (i32.const 100)) (i32.const 100)) (br $again)))

;; Loops of other shapes: a check has to be at the head of each.
(func $counting_loop
  (local $index i32)
  (loop $again
    (local.set $index (i32.add (local.get $index) (i32.const 1)))
    (br_if $again (i32.ne (local.get $index) (i32.const -1)))
    (br $again)))
(func $nested_loops
  (loop $outer
    (loop $inner (br_if $inner (i32.const 0)) (br $outer))))
(func $loop_by_table
  (loop $again (block $out (br_table $again $again $again (i32.const 7)))))
(func $loop_with_a_value
  (i32.const 0)
  (loop $again (param i32) (i32.add (i32.const 1)) (br $again)))
(func $loop_with_if
  (loop $again (if (i32.const 1) (then (br $again)))))

;; Its own end, which looks to a machine as that of a stopped guest.
(func (export "own_unreachable") unreachable)
;; No loop: each call needs another, until there is no stack.
(func $endless (export "endless_recursion") (param i32) (result i32)
  (i32.add (call $endless (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))

;; The milliseconds that the host's `tick` says are left, -1 without a limit.
(func (export "left") (result i32) (call $tick (i32.const 0)))
;; A call that is over when its host function is back counts as done, so there is a step more.
(func (export "wait") (param $milliseconds i32) (call $long (local.get $milliseconds)) (drop (call $tree (i32.const 0))))
;; Something short that has a loop.
(func (export "short") (param $times i32) (result i32)
  (local $sum i32)
  (loop $next
    (local.set $sum (i32.add (local.get $sum) (local.get $times)))
    (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
  (local.get $sum))
