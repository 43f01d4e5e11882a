;; How Lua's errors unwind: by WebAssembly's exceptions, which clang 14 can't say. build.sh merges this with the rest.
(module
  (import "runtime" "__indirect_function_table" (table 0 funcref))
  (type $body (func (param i32 i32)))
  (tag $thrown)

  ;; Calls the function `body` with two arguments, and returns whether it threw.
  (func (export "unwind_try") (param $body i32) (param $state i32) (param $data i32) (result i32)
    (block $caught
      (try_table (catch $thrown $caught)
        (call_indirect (type $body) (local.get $state) (local.get $data) (local.get $body)))
      (return (i32.const 0)))
    (i32.const 1))

  (func (export "unwind_throw") (throw $thrown)))
