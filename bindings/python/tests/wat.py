"""Plugins as text."""

CALCULATOR = b"""(module
  (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "long") (param i64) (result i64) (local.get 0))
  (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
  (func $spin (export "spin") (loop (br 0)))
  (func $deep (unreachable))
  (func (export "crash") (call $deep))
  (func (export "count") (param i32)
    (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))))"""

CALLS_BACK = b"""(module
  (import "env" "tell" (func $tell (param i32) (result i32)))
  (func (export "ask") (param i32) (result i32) (call $tell (local.get 0))))"""
