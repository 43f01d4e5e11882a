;; The memory and the allocator of the test plugins: appended to the text of a plugin that asks for them.
;;
;; It trusts nobody. A free of what is not a living block, or with another size than it was allocated with, ends the call
;; with a trap in a function that says so by its name. `live` is the number of blocks that nobody has freed, which is 0
;; between calls if host and plugin keep to the ABI.
;;
;; The addresses below 64 KiB are the plugin's own. A block is a header of 16 bytes and then the data; freed blocks wait
;; in a list for each power of two.

(memory (export "memory") 2)
(global $heap (mut i32) (i32.const 65536))
(global $live (mut i32) (i32.const 0))

;; The states of a block, in its header at +0; the size asked for is at +4, the next free block at +8.
(global $LIVING i32 (i32.const 0x11FEB10C))
(global $FREED i32 (i32.const 0x0DEADB10))

(func $free_of_unknown_pointer unreachable)
(func $free_of_wrong_size unreachable)

;; The address of the free list for blocks of `size` bytes, which are a power of two and at least 16.
(func $list (param $size i32) (result i32)
  (i32.shl
    (i32.sub (i32.const 32) (i32.clz (i32.sub (local.get $size) (i32.const 1))))
    (i32.const 2)))

(func $capacity (param $size i32) (result i32)
  (if (i32.le_u (local.get $size) (i32.const 16)) (then (return (i32.const 16))))
  (i32.shl
    (i32.const 1)
    (i32.sub (i32.const 32) (i32.clz (i32.sub (local.get $size) (i32.const 1))))))

(func $allocate (export "allocate") (param $size i32) (result i32)
  (local $capacity i32) (local $list i32) (local $block i32) (local $end i64)
  ;; Nothing larger than 1 GiB.
  (if (i32.gt_u (local.get $size) (i32.const 0x40000000)) (then (return (i32.const 0))))
  (local.set $capacity (call $capacity (local.get $size)))
  (local.set $list (call $list (local.get $capacity)))
  (local.set $block (i32.load (local.get $list)))
  (if (local.get $block)
    (then (i32.store (local.get $list) (i32.load offset=8 (local.get $block))))
    (else
      (local.set $block (global.get $heap))
      (local.set $end
        (i64.add
          (i64.extend_i32_u (global.get $heap))
          (i64.add (i64.extend_i32_u (local.get $capacity)) (i64.const 16))))
      (if (i64.gt_u (local.get $end) (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
        (then
          (if (i32.eq
                (memory.grow
                  (i32.sub
                    (i32.wrap_i64 (i64.shr_u (i64.add (local.get $end) (i64.const 65535)) (i64.const 16)))
                    (memory.size)))
                (i32.const -1))
            (then (return (i32.const 0))))))
      (global.set $heap (i32.wrap_i64 (local.get $end)))))
  (i32.store (local.get $block) (global.get $LIVING))
  (i32.store offset=4 (local.get $block) (local.get $size))
  (global.set $live (i32.add (global.get $live) (i32.const 1)))
  (i32.add (local.get $block) (i32.const 16)))

(func $deallocate (export "deallocate") (param $pointer i32) (param $size i32)
  (local $block i32) (local $list i32)
  (local.set $block (i32.sub (local.get $pointer) (i32.const 16)))
  (if (i32.or
        (i32.lt_u (local.get $pointer) (i32.const 65552))
        (i32.gt_u (local.get $pointer) (global.get $heap)))
    (then (call $free_of_unknown_pointer)))
  (if (i32.ne (i32.load (local.get $block)) (global.get $LIVING))
    (then (call $free_of_unknown_pointer)))
  (if (i32.ne (i32.load offset=4 (local.get $block)) (local.get $size))
    (then (call $free_of_wrong_size)))
  (local.set $list (call $list (call $capacity (local.get $size))))
  (i32.store (local.get $block) (global.get $FREED))
  (i32.store offset=8 (local.get $block) (i32.load (local.get $list)))
  (i32.store (local.get $list) (local.get $block))
  (global.set $live (i32.sub (global.get $live) (i32.const 1))))

(func (export "live") (result i32) (global.get $live))
(func (export "pages") (result i32) (memory.size))

;; The bytes of the string before its NUL.
(func $string_size (export "get_string_size") (param $string i32) (result i32)
  (local $end i32)
  (local.set $end (local.get $string))
  (loop $next
    (if (i32.load8_u (local.get $end))
      (then
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br $next))))
  (i32.sub (local.get $end) (local.get $string)))

;; A new block with `size` bytes from `source`.
(func $copy (param $source i32) (param $size i32) (result i32)
  (local $block i32)
  (local.set $block (call $allocate (local.get $size)))
  (memory.copy (local.get $block) (local.get $source) (local.get $size))
  (local.get $block))

(func $copy_string (param $string i32) (result i32)
  (call $copy
    (local.get $string)
    (i32.add (call $string_size (local.get $string)) (i32.const 1))))

(func $copy_bytes (param $bytes i32) (result i32)
  (call $copy (local.get $bytes) (i32.add (i32.load (local.get $bytes)) (i32.const 4))))
