;; Every kind of state that an instance has: changes it, and tells whether it has changed.

;; From 32 KiB on memory is this plugin's: zero in a new instance, but for this.
(data (i32.const 0x8000) "state")
(data $passive "passive")

(global $i32 (mut i32) (i32.const 1))
(global $i64 (mut i64) (i64.const 2))
(global $f32 (mut f32) (f32.const 3))
(global $f64 (mut f64) (f64.const 4))
(global $reference (mut funcref) (ref.null func))

(table $table 4 8 funcref)
(elem (table $table) (i32.const 1) func $nothing)
(elem $elements func $nothing)
(func $nothing)

(func $change_memory (export "bytes")
  (memory.fill (i32.const 0x8000) (i32.const 0xAA) (i32.const 0x8000)))

(func $change_globals (export "globals")
  (global.set $i32 (i32.const -1))
  (global.set $i64 (i64.const -1))
  (global.set $f32 (f32.const -1))
  (global.set $f64 (f64.const -1))
  (global.set $reference (ref.func $nothing)))

(func $change_table (export "table")
  (table.set $table (i32.const 0) (ref.func $nothing))
  (table.set $table (i32.const 1) (ref.null func))
  (drop (table.grow $table (ref.func $nothing) (i32.const 2))))

(func $change_segments (export "segments") (data.drop $passive) (elem.drop $elements))

(func $grow (export "grow")
  (drop (memory.grow (i32.const 3)))
  (memory.fill (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x30000)) (i32.const 0xAA) (i32.const 0x30000)))

(func $everything (export "everything")
  (call $change_memory) (call $change_globals) (call $change_table) (call $change_segments) (call $grow))
(func (export "everything_and_trap") (call $everything) unreachable)

;; 0 in a new instance. It changes nothing itself: what it has to try out is undone, or without effect.
(func (export "state") (result i64)
  (local $sum i64) (local $at i32)
  ;; Memory below the heap, 8 bytes at a time, but for the text at its start.
  (local.set $at (i32.const 0x8008))
  (loop $next
    (local.set $sum (i64.or (local.get $sum) (i64.load (local.get $at))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 0x10000))))
  (local.set $sum
    (i64.or (local.get $sum) (i64.xor (i64.load (i32.const 0x8000)) (i64.const 0x6574617473))))
  ;; Pages.
  (local.set $sum
    (i64.or (local.get $sum) (i64.extend_i32_u (i32.sub (memory.size) (i32.const 2)))))
  ;; Globals.
  (local.set $sum (i64.or (local.get $sum) (i64.extend_i32_u (i32.ne (global.get $i32) (i32.const 1)))))
  (local.set $sum (i64.or (local.get $sum) (i64.extend_i32_u (i64.ne (global.get $i64) (i64.const 2)))))
  (local.set $sum (i64.or (local.get $sum) (i64.extend_i32_u (f32.ne (global.get $f32) (f32.const 3)))))
  (local.set $sum (i64.or (local.get $sum) (i64.extend_i32_u (f64.ne (global.get $f64) (f64.const 4)))))
  (local.set $sum
    (i64.or (local.get $sum) (i64.extend_i32_u (i32.eqz (ref.is_null (global.get $reference))))))
  ;; The table.
  (local.set $sum
    (i64.or (local.get $sum) (i64.extend_i32_u (i32.sub (table.size $table) (i32.const 4)))))
  (local.set $sum
    (i64.or (local.get $sum)
      (i64.extend_i32_u (i32.eqz (ref.is_null (table.get $table (i32.const 0)))))))
  (local.set $sum
    (i64.or (local.get $sum) (i64.extend_i32_u (ref.is_null (table.get $table (i32.const 1))))))
  (local.get $sum))

;; The segments can only be seen by using them, which traps where they are gone.
(func (export "use_segments")
  (memory.init $passive (i32.const 0x400) (i32.const 0) (i32.const 7))
  (table.init $table $elements (i32.const 1) (i32.const 0) (i32.const 1)))
