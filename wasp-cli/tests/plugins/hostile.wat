;; A start-up that never ends, and names and texts that would drive a terminal.
(module
  (import "env" "a\1b[31mb" (func (param i32)))
  (import "env" "raise_error" (func $raise (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "red\1b[31m\nline\00")
  (func (export "_initialize") (loop $again (br $again)))
  (func (export "b\1b[31m") (call $raise (i32.const 16))))
