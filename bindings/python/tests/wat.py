"""Plugins as text."""

CALCULATOR = b"""(module
  (memory (export "memory") 1)
  (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "long") (param i64) (result i64) (local.get 0))
  (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
  (func (export "six") (param i32 i32 i32 i32 i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 10)) (local.get 5)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func $spin (export "spin") (loop (br 0)))
  (func $deep (unreachable))
  (func (export "crash") (call $deep))
  (func (export "count") (param i32)
    (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))))"""

CALLS_BACK = b"""(module
  (import "env" "tell" (func $tell (param i32) (result i32)))
  (func (export "ask") (param i32) (result i32) (call $tell (local.get 0)))
  (func (export "ask_and_spin") (drop (call $tell (i32.const 1))) (loop (br 0))))"""

# With a table that never changes, as LLVM makes one: the compiler looks into it on other threads.
TABLED = b"""(module
  (type $give (func (result i32)))
  (table 3 3 funcref)
  (elem (i32.const 1) $one $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "give") (param i32) (result i32) (call_indirect (type $give) (local.get 0))))"""

STARTS_WITH_A_CALLBACK = b"""(module
  (import "env" "tell" (func $tell (param i32) (result i32)))
  (func (export "_initialize") (drop (call $tell (i32.const 7))))
  (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"""

PRINTS = b"""(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\0f\\00\\00\\00from the guest\\0a")
  (func (export "print") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))"""

# The same without end.
TALKS = PRINTS.replace(b'(func (export "print") (drop', b'(func (export "talk") (loop (drop').replace(
    b"(i32.const 64)))))", b"(i32.const 64))) (br 0))))"
)

# The first volume is descriptor 3.
FILES = b"""(module
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "in.txt")
  (data (i32.const 16) "out.txt")
  (data (i32.const 32) "from the guest")
  (func (export "argument") (param i32) (result i32)
    (drop (call $args (i32.const 64) (i32.const 1024)))
    (i32.load offset=64 (i32.mul (local.get 0) (i32.const 4))))
  (func (export "variables") (result i32)
    (drop (call $sizes (i32.const 64) (i32.const 68)))
    (i32.load (i32.const 64)))
  (func (export "variable") (result i32)
    (drop (call $environ (i32.const 64) (i32.const 1024)))
    (i32.load (i32.const 64)))
  (func (export "read") (result i32)
    (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 0) (i64.const 2) (i64.const 0)
      (i32.const 0) (i32.const 64)))
    (i32.store (i32.const 68) (i32.const 1024))
    (i32.store (i32.const 72) (i32.const 1000))
    (drop (call $fd_read (i32.load (i32.const 64)) (i32.const 68) (i32.const 1) (i32.const 76)))
    (i32.const 1024))
  (func (export "write") (result i32)
    (local $failed i32)
    (local.set $failed (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 7) (i32.const 1) (i64.const 64)
      (i64.const 0) (i32.const 0) (i32.const 64)))
    (if (local.get $failed) (then (return (local.get $failed))))
    (i32.store (i32.const 68) (i32.const 32))
    (i32.store (i32.const 72) (i32.const 14))
    (call $fd_write (i32.load (i32.const 64)) (i32.const 68) (i32.const 1) (i32.const 76))))"""


def long_to_compile():
    """A module that keeps a compiler busy for a second or so."""
    step = "(local.set 0 (i32.xor (i32.mul (local.get 0) (i32.const 31)) (i32.rotl (local.get 0) (i32.const 7))))"
    function = f"(param i32) (result i32) {step * 100} (local.get 0))"
    functions = "\n".join(f"(func {function}" for _ in range(1000))
    return f'(module (func (export "first") {function} {functions})'.encode()
