;; Results of any length, with an allocator that begins anew when nothing lives, and takes freed blocks seriously: it
;; fills them with 0xFF, which is in no UTF-8, and then what `spoil` says, and dies where `die` says so. `live` is the
;; number of blocks that nobody has freed.

(memory (export "memory") 8)
(global $next (mut i32) (i32.const 1024))
(global $live (mut i32) (i32.const 0))
(global $spoil (mut i32) (i32.const 0))
(global $die (mut i32) (i32.const 0))

(func $allocate (export "allocate") (param $size i32) (result i32)
  (global.set $live (i32.add (global.get $live) (i32.const 1)))
  (global.set $next (i32.add (global.get $next) (local.get $size)))
  (i32.sub (global.get $next) (local.get $size)))

(func (export "deallocate") (param $block i32) (param $size i32)
  (if (global.get $die) (then unreachable))
  (global.set $live (i32.sub (global.get $live) (i32.const 1)))
  (if (i32.eqz (global.get $live)) (then (global.set $next (i32.const 1024))))
  (memory.fill (local.get $block) (i32.const 0xFF) (local.get $size))
  (if (global.get $spoil) (then (i32.store8 (global.get $spoil) (i32.const 0xFF)))))

(func (export "live") (result i32) (global.get $live))
(func (export "die") (global.set $die (i32.const 1)))

;; So many letters.
(func $text (export "text") (param $length i32) (result i32)
  (local $block i32)
  (local.set $block (call $allocate (i32.add (local.get $length) (i32.const 1))))
  (memory.fill (local.get $block) (i32.const 0x61) (local.get $length))
  (i32.store8 (i32.add (local.get $block) (local.get $length)) (i32.const 0))
  (local.get $block))

;; The same as bytes.
(func (export "bytes") (param $length i32) (result i32)
  (local $block i32)
  (local.set $block (call $allocate (i32.add (local.get $length) (i32.const 4))))
  (i32.store (local.get $block) (local.get $length))
  (memory.fill (i32.add (local.get $block) (i32.const 4)) (i32.const 0x61) (local.get $length))
  (local.get $block))

;; The argument itself, and a part of it that nobody allocated.
(func (export "same") (param $text i32) (result i32) (local.get $text))
(func (export "part") (param $text i32) (result i32) (i32.add (local.get $text) (i32.const 1)))

;; As many letters, which every later free spoils, the argument's to begin with.
(func (export "spoiled") (param $argument i32) (param $length i32) (result i32)
  (global.set $spoil (call $text (local.get $length)))
  (global.get $spoil))

;; As many letters, whatever the argument.
(func (export "long") (param $argument i32) (param $length i32) (result i32)
  (call $text (local.get $length)))
