;; Gives back a copy of its bytes. Its allocator starts anew when nothing is allocated.
(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 16))
  (global $live (mut i32) (i32.const 0))

  (func $allocate (export "allocate") (param $size i32) (result i32)
    (local $block i32)
    (if (i32.eqz (global.get $live)) (then (global.set $top (i32.const 16))))
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (local.set $block (global.get $top))
    (global.set $top (i32.and
      (i32.add (i32.add (global.get $top) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (block $room
      (loop $grow
        (br_if $room (i32.le_u (global.get $top) (i32.shl (memory.size) (i32.const 16))))
        (br_if $grow (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
        (return (i32.const 0))))
    (local.get $block))

  (func (export "deallocate") (param i32 i32)
    (global.set $live (i32.sub (global.get $live) (i32.const 1))))

  (func (export "echo") (param $bytes i32) (result i32)
    (local $size i32)
    (local $copy i32)
    (local.set $size (i32.add (i32.load (local.get $bytes)) (i32.const 4)))
    (local.set $copy (call $allocate (local.get $size)))
    (memory.copy (local.get $copy) (local.get $bytes) (local.get $size))
    (local.get $copy)))
