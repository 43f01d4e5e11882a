;; Gives back what it gets.

;; A copy, as most plugins do.
(func (export "string") (param $string i32) (result i32) (call $copy_string (local.get $string)))
(func (export "bytes") (param $bytes i32) (result i32) (call $copy_bytes (local.get $bytes)))

;; The argument itself, which is then the result too and must be freed once.
(func (export "same") (param i32) (result i32) (local.get 0))

;; The argument itself, cut to one byte: as a result it is smaller than the block that was allocated for it.
(func (export "cut") (param $string i32) (result i32)
  (i32.store8 offset=1 (local.get $string) (i32.const 0))
  (local.get $string))

;; The same with so many other blocks that the host has to sort them.
(func (export "cut_last") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (param $string i32) (result i32)
  (i32.store8 offset=1 (local.get $string) (i32.const 0))
  (local.get $string))

(func (export "i32") (param i32) (result i32) (local.get 0))
(func (export "i64") (param i64) (result i64) (local.get 0))
(func (export "f32") (param f32) (result f32) (local.get 0))
(func (export "f64") (param f64) (result f64) (local.get 0))
(func (export "nothing"))

;; Text that is the plugin's own, as a new block.
(data (i32.const 1024) "Gr\c3\bc\c3\9fe, \e4\b8\96\e7\95\8c \f0\9f\a6\80\00")
(func (export "greeting") (result i32) (call $copy_string (i32.const 1024)))
