;; Functions of every kind, under names that no language has.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "numbers(a: i64, b: f32, func: f64, 3d: i32) f64 # Adds \"all\" */ of them.\nraw-json(json) json\nclass(i64) i64\nfloat(value: f32) f32\nnothing()\nsize(args: bytes, p: string) i32\n\00")
  (func (export "wasp_signatures") (result i32) (i32.const 16))
  (func (export "allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "deallocate") (param i32 i32))
  (func (export "numbers") (param i64 f32 f64 i32) (result f64)
    (f64.add
      (f64.add (f64.convert_i64_s (local.get 0)) (f64.promote_f32 (local.get 1)))
      (f64.add (local.get 2) (f64.convert_i32_s (local.get 3)))))
  (func (export "raw-json") (param i32) (result i32) (local.get 0))
  (func (export "class") (param i64) (result i64) (local.get 0))
  (func (export "float") (param f32) (result f32) (local.get 0))
  (func (export "nothing"))
  (func (export "size") (param i32 i32) (result i32) (i32.load (local.get 0))))
