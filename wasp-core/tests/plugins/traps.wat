;; Every way to trap, and a global that shows whether memory is that of a new instance.

(type $nothing (func))
(type $number (func (result i32)))
(table $table 3 funcref)
(elem (table $table) (i32.const 1) func $innermost)
(elem $segment func $innermost)
(data $data "abc")
(global $count (mut i32) (i32.const 0))

;; The stack of a trap: outer calls middle calls innermost.
(func $innermost (unreachable))
(func $middle (param i32)
  (if (local.get 0) (then (call $middle (i32.sub (local.get 0) (i32.const 1)))) (else (call $innermost))))
(func $outer (export "unreachable") (call $middle (i32.const 2)))

(func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
(func (export "write") (param i32) (i64.store offset=8 (local.get 0) (i64.const -1)))
(func (export "copy") (memory.copy (i32.const 0) (i32.const 131071) (i32.const 2)))
(func (export "fill") (memory.fill (i32.const 131071) (i32.const 7) (i32.const 2)))
(func (export "init") (memory.init $data (i32.const 0) (i32.const 1) (i32.const 3)))
(func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
(func (export "remainder") (param i64) (result i64) (i64.rem_s (i64.const 1) (local.get 0)))
(func (export "overflow") (result i32) (i32.div_s (i32.const 0x80000000) (i32.const -1)))
(func (export "truncate") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
(func (export "indirect") (param i32) (call_indirect $table (type $nothing) (local.get 0)))
(func (export "indirect_number") (param i32) (result i32)
  (call_indirect $table (type $number) (local.get 0)))
(func (export "table_get") (param i32) (result i32)
  (ref.is_null (table.get $table (local.get 0))))
(func (export "table_copy") (table.copy $table $table (i32.const 0) (i32.const 2) (i32.const 2)))
(func (export "table_init") (table.init $table $segment (i32.const 0) (i32.const 0) (i32.const 2)))

;; Calls itself without end; the second has a large frame.
(func $forever (export "forever") (result i32) (i32.add (call $forever) (i32.const 1)))
(func $wide (export "wide") (param i64 i64 i64 i64) (result i64)
  (i64.add
    (call $wide (local.get 1) (local.get 2) (local.get 3) (local.get 0))
    (i64.mul (local.get 0) (i64.add (local.get 1) (i64.mul (local.get 2) (local.get 3))))))

(func (export "count") (result i32)
  (global.set $count (i32.add (global.get $count) (i32.const 1)))
  (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1)))
  (i32.mul (global.get $count) (i32.load (i32.const 1024))))
