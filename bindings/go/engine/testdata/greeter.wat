;; What a plugin looks like from below: greet(name) gives what the host's "env"."greeting" makes of the name.
(module
  (import "env" "greeting" (func $greeting (param i32) (result i32)))
  (memory (export "memory") 1)

  ;; Blocks for what the host passes in; each call starts from the same place.
  (global $top (mut i32) (i32.const 1024))
  (func (export "allocate") (param $size i32) (result i32)
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get $size))))
  (func (export "deallocate") (param i32 i32)
    (global.set $top (i32.const 1024)))

  (func (export "greet") (param $name i32) (result i32)
    (call $greeting (local.get $name)))
  (func (export "sum") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  (func (export "spin")
    (loop $again (br $again))))
