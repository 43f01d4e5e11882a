(module
  ;; Says something to its standard error and traps, at a place that its DWARF names: line 12, column 5 of src/greet.c.
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\09\00\00\00")
  (data (i32.const 16) "no\1bgreet\n")
  (func $_ZN5greet5hello17h05af221e174051e9E (export "hello")
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
    unreachable)
  ;; A line number program of DWARF 4, for all of the code.
  (@custom ".debug_line" "<\00\00\00\04\00#\00\00\00\01\01\01\fb\0e\0d\00\01\01\01\01\00\00\00\01\00\00\01src\00\00greet.c\00\01\00\00\00\00\05\02\01\00\00\00\04\01\03\0b\05\05\01\02\7f\00\01\01"))
