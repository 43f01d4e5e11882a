;; Says what its functions take and give (section 6 of the guest ABI).

(data (i32.const 1024)
  "# The functions of this plugin\n"
  "hello(string) string\n"
  "\n"
  "  sum( i32,i64 , f32, f64 ) f64 # all numbers\r\n"
  "reverse(bytes) bytes\n"
  "fail()\00")
(func (export "wasp_signatures") (result i32) (i32.const 1024))

(func (export "hello") (param i32) (result i32) (call $copy_string (local.get 0)))
(func (export "reverse") (param i32) (result i32) (call $copy_bytes (local.get 0)))
(func (export "sum") (param i32 i64 f32 f64) (result f64)
  (f64.add
    (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
    (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))
(func (export "fail"))

;; Not declared.
(func (export "silent") (param i32) (result i32) (local.get 0))
