;; Ends calls in the ways that a plugin has.

(import "env" "raise_error" (func $raise (param i32)))
(import "env" "abort" (func $abort (param i32 i32 i32 i32)))
(import "wasi_unstable" "proc_exit" (func $exit (param i32)))

;; Strings of AssemblyScript: the length in bytes before the text, which is UTF-16.
;; "Öl 🦀" at 1028
(data (i32.const 1024) "\0a\00\00\00" "\d6\00\6c\00\20\00\3e\d8\80\dd")
;; "assembly/index.ts" at 1104
(data (i32.const 1100) "\22\00\00\00" "\61\00\73\00\73\00\65\00\6d\00\62\00\6c\00\79\00\2f\00\69\00\6e\00\64\00\65\00\78\00\2e\00\74\00\73\00")
;; A first error, and no text at all.
(data (i32.const 1200) "first\00")
(data (i32.const 1300) "\ff\fe\00")

(func (export "abort")
  (call $abort (i32.const 1028) (i32.const 1104) (i32.const 12) (i32.const -1)))
(func (export "abort_without_file")
  (call $abort (i32.const 1028) (i32.const 0) (i32.const 1) (i32.const 2)))
(func (export "abort_without_message")
  (call $abort (i32.const 0) (i32.const 1104) (i32.const 1) (i32.const 2)))
(func (export "abort_without_anything")
  (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
(func (export "abort_at") (param i32 i32)
  (call $abort (local.get 0) (local.get 1) (i32.const 1) (i32.const 2)))

(func (export "exit") (param i32) (call $exit (local.get 0)))

;; The argument is the text: in two roles, so that it must be freed once.
(func (export "raise") (param i32) (call $raise (local.get 0)))
(func (export "raise_and_return") (param i32) (result i32)
  (call $raise (local.get 0))
  (i32.const -1))
(func (export "raise_twice") (param i32) (result i32)
  (call $raise (call $copy_string (i32.const 1200)))
  (call $raise (local.get 0))
  (i32.const 7))
(func (export "raise_and_trap") (param i32) (call $raise (local.get 0)) unreachable)
(func (export "raise_at") (param i32) (call $raise (local.get 0)))
(func (export "raise_no_text") (call $raise (i32.const 1300)))

(func (export "seven") (result i32) (i32.const 7))
