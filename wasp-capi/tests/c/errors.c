/* Every kind of error, and what an error holds. */

#include "test.h"

static void register_fails(wasp_error_tag kind, const char *part, wasp_slice wasm) {
  wasp_engine *engine = new_engine();
  FAILS(kind, part, wasp_engine_register(engine, wasp_str("it"), wasm, NULL));
  wasp_engine_free(engine);
}

/* Calls a function without arguments or result. */
static wasp_error *call(wasp_instance *instance, const char *function) {
  return wasp_call(instance, wasp_str(function), NO_ARGS, WASP_NONE, NULL);
}

static void registrations(void) {
  const wasp_slice name = wasp_str("it");
  wasp_engine *engine = new_engine();
  register_fails(WASP_ERROR_COMPILE, "\"it\"", wasp_str(""));
  register_fails(WASP_ERROR_COMPILE, "\"it\"", wasp_str("no module"));
  register_fails(WASP_ERROR_COMPILE, "\"it\"", wasp_value_bytes("\0asm\1\0\0\0\1", 9).of.slice);
  register_fails(WASP_ERROR_COMPILE, "component", wasp_value_bytes("\0asm\15\0\1\0", 8).of.slice);
  register_fails(WASP_ERROR_TRAP, "_initialize", WAT((module (func (export "_initialize") unreachable))));
  FAILS(WASP_ERROR_IO, "\"missing.wasm\"", wasp_engine_register_file(engine, name, wasp_str("missing.wasm"), NULL));
  FAILS(WASP_ERROR_IO, "\".\"", wasp_engine_register_file(engine, name, wasp_str("."), NULL));
  wasp_engine_free(engine);
}

static void never(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
  CHECK(!"called");
}

static void imports(void) {
  const wasp_slice needs = WAT((module (import "env" "f" (func (param i32))) (import "other" "missing" (func))
           (import "env" "raise_error" (func (param i32))) (import "env" "table" (table 1 funcref))));
  wasp_engine *engine = new_engine();
  wasp_config *config = new_config(never, NULL, NULL);
  wasp_error *error = wasp_engine_register(engine, wasp_str("it"), needs, config);
  const wasp_import *missing;
  size_t count = 99;
  CHECK(wasp_error_kind(error) == WASP_ERROR_IMPORT_NOT_FOUND);
  missing = wasp_error_imports(error, &count);
  CHECK(count == 3 && wasp_error_imports(error, NULL) == missing);
  CHECK(equal(missing[0].module, "env") && equal(missing[0].name, "f"));
  CHECK(equal(missing[1].module, "other") && equal(missing[1].name, "missing"));
  CHECK(equal(missing[2].module, "env") && equal(missing[2].name, "table"));
  CHECK(contains(wasp_error_message(error), "\"other\".\"missing\""));
  CHECK(wasp_error_function(error).len == 0);
  CHECK(wasp_error_trace(error, &count) == NULL && count == 0);

  /* It stands alone. */
  wasp_config_free(config);
  wasp_engine_free(engine);
  CHECK(equal(missing[1].name, "missing"));
  wasp_error_free(error);
}

static void calls(void) {
  wasp_instance *it = instance_of_file("echo.wat", NULL);
  const wasp_slice number = wasp_str("i32"), block = wasp_str("block");
  wasp_value args[2], result;
  args[0] = args[1] = wasp_value_i32(1);
  FAILS(WASP_ERROR_FUNCTION_NOT_FOUND, "\"missing\"", call(it, "missing"));
  FAILS(WASP_ERROR_FUNCTION_NOT_FOUND, "\"memory\"", call(it, "memory"));
  FAILS(WASP_ERROR_SIGNATURE, "1 argument", wasp_call(it, number, NO_ARGS, WASP_I32, &result));
  FAILS(WASP_ERROR_SIGNATURE, "1 argument", wasp_call(it, number, args, 2, WASP_I32, &result));
  FAILS(WASP_ERROR_SIGNATURE, "result", wasp_call(it, wasp_str("trap"), NO_ARGS, WASP_I32, &result));
  args[0] = wasp_value_string("text");
  FAILS(WASP_ERROR_SIGNATURE, "argument 1", wasp_call(it, wasp_str("f64"), args, 1, WASP_F64, &result));
  args[0] = wasp_value_f64(0.5);
  FAILS(WASP_ERROR_SIGNATURE, "0.5", wasp_call(it, number, args, 1, WASP_I32, &result));
  args[0].kind = WASP_NONE;
  FAILS(WASP_ERROR_SIGNATURE, "argument 1", wasp_call(it, number, args, 1, WASP_I32, &result));
  args[0] = wasp_value_bytes("a\0b", 3);
  args[0].kind = WASP_STRING;
  FAILS(WASP_ERROR_INVALID, "NUL", wasp_call(it, block, args, 1, WASP_STRING, &result));
  args[0] = wasp_value_i32(-8);
  FAILS(WASP_ERROR_ABI, "\"block\"", wasp_call(it, block, args, 1, WASP_STRING, &result));
  /* None of that stopped the guest half-way. */
  CHECK(call_i32(it, "live") == 0);
  CHECK(call_i32(it, "count") == 1);
  wasp_instance_free(it);
}

static void traces(void) {
  wasp_instance *it = instance_of(
      wasp_str("(module (func $inner unreachable) (func $middle call $inner) (func (export \"outer\") call $middle))"),
      NULL);
  wasp_error *error = call(it, "outer"), *poisoned;
  const wasp_frame *trace;
  size_t count = 99;
  CHECK(wasp_error_kind(error) == WASP_ERROR_TRAP);
  CHECK(equal(wasp_error_function(error), "outer"));
  CHECK(contains(wasp_error_message(error), "unreachable"));
  trace = wasp_error_trace(error, &count);
  CHECK(count == 3 && wasp_error_trace(error, NULL) == trace);
  CHECK(equal(trace[0].function, "inner") && trace[0].function_index == 0 && trace[0].module_offset > 0);
  CHECK(equal(trace[1].function, "middle") && trace[1].function_index == 1);
  CHECK(trace[1].module_offset > trace[0].module_offset);
  CHECK(trace[2].function_index == 2 && trace[2].module_offset > trace[1].module_offset);
  CHECK(wasp_error_imports(error, &count) == NULL && count == 0);

  /* It outlives the instance. */
  poisoned = call(it, "outer");
  CHECK(wasp_error_kind(poisoned) == WASP_ERROR_POISONED && equal(wasp_error_function(poisoned), "outer"));
  wasp_error_free(poisoned);
  wasp_instance_free(it);
  CHECK(equal(trace[1].function, "middle"));
  wasp_error_free(error);
}

/* A module with DWARF, which says something before it traps. */
static void lines(void) {
  wasp_instance *it = instance_of_file("../../../wasp-core/tests/plugins/lines.wat", NULL);
  wasp_error *error = call(it, "hello");
  size_t count = 0;
  const wasp_frame *trace = wasp_error_trace(error, &count);
  CHECK(count == 1 && equal(trace[0].function, "greet::hello"));
  CHECK(equal(trace[0].file, "src/greet.c") && trace[0].line == 12 && trace[0].column == 5);
  CHECK(equal(wasp_error_stderr(error), "no\\u{1b}greet\n"));
  CHECK(contains(wasp_error_message(error), "unreachable; its stderr: \"no\\u{1b}greet\""));
  CHECK(wasp_error_stderr(NULL).len == 0);
  wasp_error_free(error);
  wasp_instance_free(it);

  /* And one without either. */
  it = instance_of(wasp_str("(module (func (export \"f\") unreachable))"), NULL);
  error = call(it, "f");
  trace = wasp_error_trace(error, &count);
  CHECK(count == 1 && trace[0].file.len == 0 && trace[0].line == 0 && trace[0].column == 0);
  CHECK(wasp_error_stderr(error).len == 0);
  wasp_error_free(error);
  wasp_instance_free(it);
}

/* What ends the guest half-way ends all calls until a reset. */
static void poison(wasp_error_tag kind, const char *part, wasp_slice wasm) {
  wasp_config *config = wasp_config_new();
  wasp_instance *it = instance_of(wasm, config);
  int i;
  for (i = 0; i < 2; i++) {
    OK(call(it, "fine"));
    FAILS(kind, part, call(it, "run"));
    FAILS(WASP_ERROR_POISONED, part, call(it, "fine"));
    OK(wasp_instance_reset(it));
  }
  OK(call(it, "fine"));
  wasp_instance_free(it);
  wasp_config_free(config);
}

static void ends(void) {
  wasp_instance *it;
  poison(WASP_ERROR_TRAP, "unreachable", WAT((module (func (export "run") unreachable) (func (export "fine")))));
  poison(WASP_ERROR_TRAP, "stack", WAT((module (func (export "run") call 0) (func (export "fine")))));
  poison(WASP_ERROR_TRAP, "out of bounds",
         WAT((module (memory 1) (func (export "run") i32.const -1 i32.load drop) (func (export "fine")))));
  poison(WASP_ERROR_TRAP, "divi",
         WAT((module (func (export "run") i32.const 1 i32.const 0 i32.div_u drop) (func (export "fine")))));
  poison(WASP_ERROR_EXIT, "3",
         WAT((module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (memory (export "memory") 1)
              (func (export "run") i32.const 3 call 0) (func (export "fine")))));
  poison(WASP_ERROR_ABORT, "a.ts",
         WAT((module (import "env" "abort" (func (param i32 i32 i32 i32))) (memory (export "memory") 1)
              (data (i32.const 4) "\08\00\00\00a\00.\00t\00s\00")
              (func (export "run") i32.const 8 i32.const 8 i32.const 1 i32.const 2 call 0) (func (export "fine")))));

  /* An error that the guest raises is its own words, and it lives on. */
  it = instance_of(WAT((module (import "env" "raise_error" (func (param i32))) (memory (export "memory") 1)
                        (data (i32.const 8) "no such name\00") (func (export "run") i32.const 8 call 0)
                        (func (export "fine")))), NULL);
  FAILS(WASP_ERROR_GUEST, "no such name", call(it, "run"));
  OK(call(it, "fine"));
  wasp_instance_free(it);
}

static void nothing(void) {
  size_t count = 99;
  CHECK(wasp_error_kind(NULL) == 0);
  CHECK(wasp_error_message(NULL).len == 0);
  CHECK(wasp_error_function(NULL).len == 0);
  CHECK(wasp_error_trace(NULL, &count) == NULL && count == 0);
  count = 99;
  CHECK(wasp_error_imports(NULL, &count) == NULL && count == 0);
}

void test_errors(void) {
  registrations();
  imports();
  calls();
  traces();
  lines();
  ends();
  nothing();
}
