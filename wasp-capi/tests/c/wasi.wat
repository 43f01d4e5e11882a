;; Its command line and environment, and whether it can make a file in its volumes and its workspace.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "new.txt")
  (data (i32.const 16) "\20\00\00\00\06\00\00\00") ;; an iovec: 6 bytes at 32
  (data (i32.const 32) "guest\n")
  (func (export "allocate") (param i32) (result i32) (i32.const 4096))

  ;; What follows its name, which has one letter, up to the next NUL.
  (func (export "argument") (param $start i32) (result i32)
    (drop (call $args_get (i32.const 1024) (i32.const 2048)))
    (i32.add (i32.const 2048) (local.get $start)))
  ;; Its first variable, as "name=value".
  (func (export "variable") (result i32)
    (drop (call $environ_get (i32.const 1024) (i32.const 2048)))
    (i32.const 2048))
  ;; Opens "new.txt" in the directory `fd`, making it with the rights to write: 0 or WASI's error.
  (func (export "make_file") (param $fd i32) (result i32)
    (call $path_open (local.get $fd) (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 1)
      (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 64)))
  (func (export "say_hello") (result i32)
    (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 64)))
)
