;; Gives back what it gets, in each kind, and counts.
(module
  (memory (export "memory") 1)

  ;; A block is what comes after the last one; when all are freed, it starts over.
  (global $top (mut i32) (i32.const 1024))
  (global $live (mut i32) (i32.const 0))
  (func (export "allocate") (param $size i32) (result i32)
    (local $block i32)
    (local.set $block (global.get $top))
    (global.set $top (i32.add (global.get $top) (local.get $size)))
    (if (i32.gt_u (global.get $top) (i32.shl (memory.size) (i32.const 16)))
      (then (drop (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))))))
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (local.get $block))
  (func (export "deallocate") (param $block i32) (param $size i32)
    (global.set $live (i32.sub (global.get $live) (i32.const 1)))
    (if (i32.eqz (global.get $live)) (then (global.set $top (i32.const 1024)))))

  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "block") (param i32) (result i32) (local.get 0))
  (func (export "last") (param i32 i64 f32 f64 i32 i32 i32 i32 i32 i32) (result i32) (local.get 9))

  (func (export "live") (result i32) (global.get $live))
  (global $count (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count))
  (func (export "trap") unreachable)
)
