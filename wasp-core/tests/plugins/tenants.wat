;; Tells whether anybody was here before its owner, and leaves as much behind as it can. Whole, without the allocator.

(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "env" "raise_error" (func $raise_error (param i32)))
  (import "env" "fail" (func $fail))

  ;; 256 pages of the machine's. The first is for WASI.
  (memory (export "memory") 16 64)
  (data (i32.const 0x100) "secret.txt")
  (data (i32.const 0x120) "written by the guest\n")

  (global $i32 (mut i32) (i32.const 1))
  (global $i64 (mut i64) (i64.const 2))
  (global $f32 (mut f32) (f32.const 3))
  (global $f64 (mut f64) (f64.const 4))

  ;; Each page from the second on begins with its number, and is zeros otherwise.
  (func (export "_initialize")
    (local $page i32)
    (local.set $page (i32.const 1))
    (loop $next
      (i32.store (i32.shl (local.get $page) (i32.const 12)) (local.get $page))
      (local.set $page (i32.add (local.get $page) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $page) (i32.const 256)))))

  ;; 0 if nobody was here; else what the trace is in, and for memory where: 1 size, 2 globals, or an address.
  (func (export "traces") (result i32)
    (local $at i32)
    (if (i32.ne (memory.size) (i32.const 16)) (then (return (i32.const 1))))
    (if (i32.or
          (i32.or (i32.ne (global.get $i32) (i32.const 1)) (i64.ne (global.get $i64) (i64.const 2)))
          (i32.or (f32.ne (global.get $f32) (f32.const 3)) (f64.ne (global.get $f64) (f64.const 4))))
      (then (return (i32.const 2))))
    (local.set $at (i32.const 0x1000))
    (loop $next
      (if (i64.ne
            (i64.load (local.get $at))
            (select
              (i64.const 0)
              (i64.extend_i32_u (i32.shr_u (local.get $at) (i32.const 12)))
              (i32.and (local.get $at) (i32.const 0xFFF))))
        (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 0x100000))))
    (i32.const 0))

  ;; Fills `count` pages from `first` on.
  (func $fill (export "fill") (param $pattern i32) (param $first i32) (param $count i32)
    (memory.fill
      (i32.shl (local.get $first) (i32.const 12))
      (local.get $pattern)
      (i32.shl (local.get $count) (i32.const 12))))

  ;; Grows and fills what it got; before that it was all zeros, or this traps.
  (func $grow (export "grow") (param $pattern i32) (param $wasm_pages i32)
    (local $at i32) (local $end i32)
    (if (i32.eqz (local.get $wasm_pages)) (then (return)))
    (local.set $at (i32.shl (memory.grow (local.get $wasm_pages)) (i32.const 16)))
    (local.set $end (i32.shl (memory.size) (i32.const 16)))
    (loop $next
      (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
      (i64.store (local.get $at)
        (i64.mul (i64.extend_i32_u (local.get $pattern)) (i64.const 0x0101010101010101)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))

  ;; Leaves the pattern everywhere, and ends in one of many ways.
  (func (export "use") (param $pattern i32) (param $pages i32) (param $wasm_pages i32) (param $end i32)
    (call $fill (local.get $pattern) (i32.const 1) (local.get $pages))
    (call $grow (local.get $pattern) (local.get $wasm_pages))
    (global.set $i32 (local.get $pattern))
    (global.set $i64 (i64.extend_i32_u (local.get $pattern)))
    (global.set $f32 (f32.convert_i32_u (local.get $pattern)))
    (global.set $f64 (f64.convert_i32_u (local.get $pattern)))
    (block $raise (block $loop (block $exit (block $fail (block $trap (block $return
      (br_table $return $trap $fail $exit $loop $raise (local.get $end)))
      return)
      unreachable)
      (call $fail) return)
      (call $proc_exit (i32.const 3)) return)
      (loop $again (br $again)))
    (call $raise_error (i32.const 0x100))
    unreachable)

  ;; Opens a file of the workspace: its descriptor, or minus the error.
  (func (export "open") (result i32)
    (local $error i32)
    (local.set $error
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 0x100) (i32.const 10) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0x200)))
    (if (local.get $error) (then (return (i32.sub (i32.const 0) (local.get $error)))))
    (i32.load (i32.const 0x200)))

  ;; The first 4 bytes of an open file as a number, or minus the error.
  (func (export "read") (param $fd i32) (result i32)
    (local $error i32)
    (i32.store (i32.const 0x200) (i32.const 0x300))
    (i32.store (i32.const 0x204) (i32.const 4))
    (local.set $error
      (call $fd_read (local.get $fd) (i32.const 0x200) (i32.const 1) (i32.const 0x208)))
    (if (local.get $error) (then (return (i32.sub (i32.const 0) (local.get $error)))))
    (i32.load (i32.const 0x300)))

  ;; Reads a file straight into page `page`: the kernel writes there, not the guest.
  (func (export "read_into") (param $fd i32) (param $page i32) (result i32)
    (i32.store (i32.const 0x200) (i32.shl (local.get $page) (i32.const 12)))
    (i32.store (i32.const 0x204) (i32.const 4096))
    (call $fd_read (local.get $fd) (i32.const 0x200) (i32.const 1) (i32.const 0x208)))

  ;; Writes the first bytes of the text, of which 21 are a line, to stdout.
  (func (export "print") (param $bytes i32) (result i32)
    (i32.store (i32.const 0x200) (i32.const 0x120))
    (i32.store (i32.const 0x204) (local.get $bytes))
    (call $fd_write (i32.const 1) (i32.const 0x200) (i32.const 1) (i32.const 0x208))))
