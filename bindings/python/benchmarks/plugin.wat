;; What wasp and wasmtime run: wasp's guest ABI, with an allocator that starts over when all blocks are free.
(module
  (import "env" "tell" (func $tell (param i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "Hello ")
  (global $top (mut i32) (i32.const 1024))
  (global $live (mut i32) (i32.const 0))

  (func $allocate (export "allocate") (param $size i32) (result i32)
    (local $block i32)
    (if (i32.eqz (global.get $live)) (then (global.set $top (i32.const 1024))))
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (local.set $block (global.get $top))
    (global.set $top (i32.and (i32.add (i32.add (local.get $block) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (block $enough (loop $more
      (br_if $enough (i32.le_u (global.get $top) (i32.shl (memory.size) (i32.const 16))))
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
      (return (i32.const 0))))
    (local.get $block))
  (func (export "deallocate") (param i32 i32)
    (global.set $live (i32.sub (global.get $live) (i32.const 1))))

  (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))

  (func (export "hello") (param $name i32) (result i32)
    (local $length i32) (local $text i32)
    (block $end (loop $next
      (br_if $end (i32.eqz (i32.load8_u (i32.add (local.get $name) (local.get $length)))))
      (local.set $length (i32.add (local.get $length) (i32.const 1)))
      (br $next)))
    (local.set $text (call $allocate (i32.add (local.get $length) (i32.const 7))))
    (memory.copy (local.get $text) (i32.const 16) (i32.const 6))
    (memory.copy (i32.add (local.get $text) (i32.const 6)) (local.get $name) (i32.add (local.get $length) (i32.const 1)))
    (local.get $text))

  (func (export "echo") (param $bytes i32) (result i32)
    (local $size i32) (local $copy i32)
    (local.set $size (i32.add (i32.load (local.get $bytes)) (i32.const 4)))
    (local.set $copy (call $allocate (local.get $size)))
    (memory.copy (local.get $copy) (local.get $bytes) (local.get $size))
    (local.get $copy))

  (func (export "tell_often") (param $times i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (call $tell (local.get $times))))
      (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum))

  (func (export "count") (param $times i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.xor (i32.mul (local.get $sum) (i32.const 31)) (local.get $times)))
      (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum)))
