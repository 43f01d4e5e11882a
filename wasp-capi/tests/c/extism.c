/* Plugins of Extism: config entries, host functions, and errors. */

#include "test.h"

static const char plugin[] =
    "(module"
    " (import \"extism:host/env\" \"input_offset\" (func $input (result i64)))"
    " (import \"extism:host/env\" \"length\" (func $length (param i64) (result i64)))"
    " (import \"extism:host/env\" \"output_set\" (func $output_set (param i64 i64)))"
    " (import \"extism:host/env\" \"error_set\" (func $error_set (param i64)))"
    " (import \"extism:host/env\" \"config_get\" (func $config_get (param i64) (result i64)))"
    " (import \"extism:host/user\" \"greet\" (func $greet (param i64) (result i64)))"
    " (func $output (param i64) (call $output_set (local.get 0) (call $length (local.get 0))))"
    " (func (export \"config\") (result i32) (call $output (call $config_get (call $input))) (i32.const 0))"
    " (func (export \"greet\") (result i32) (call $output (call $greet (call $input))) (i32.const 0))"
    " (func (export \"fail\") (result i32) (call $error_set (call $input)) (i32.const 1)))";

static void greet(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  char text[64];
  (void)user_data;
  CHECK(arg_count == 1 && args[0].kind == WASP_STRING);
  snprintf(text, sizeof text, "Hello %.*s", (int)args[0].of.slice.len, args[0].of.slice.ptr);
  wasp_caller_set_result(caller, wasp_value_string(text));
}

static void gives(wasp_instance *it, const char *function, const char *input, const char *output) {
  wasp_value arg = wasp_value_string(input), result;
  OK(wasp_call(it, wasp_str(function), &arg, 1, WASP_STRING, &result));
  CHECK(equal(result.of.slice, output));
  OK(wasp_call(it, wasp_str(function), &arg, 1, WASP_BYTES, &result));
  CHECK(equal(result.of.slice, output));
}

void test_extism(void) {
  const wasp_kind string = WASP_STRING;
  wasp_value arg = wasp_value_string("why"), result;
  wasp_config *config = wasp_config_new();
  wasp_instance *it;
  const wasp_function *functions;
  size_t count;
  wasp_config_set_entry(config, wasp_str("key"), wasp_str("old"));
  wasp_config_set_entry(config, wasp_str("key"), wasp_str("value"));
  wasp_config_add_callback(config, wasp_str("extism:host/user"), wasp_str("greet"), &string, 1, WASP_STRING, greet,
                           NULL, NULL);
  it = instance_of(wasp_str(plugin), config);
  wasp_config_free(config);
  gives(it, "config", "key", "value");
  gives(it, "config", "other", "");
  gives(it, "greet", "Nic", "Hello Nic");
  /* A result may be the next call's argument. */
  OK(wasp_call(it, wasp_str("greet"), &arg, 1, WASP_STRING, &result));
  OK(wasp_call(it, wasp_str("greet"), &result, 1, WASP_STRING, &result));
  CHECK(equal(result.of.slice, "Hello Hello why"));
  FAILS(WASP_ERROR_GUEST, "why", wasp_call(it, wasp_str("fail"), &arg, 1, WASP_NONE, &result));
  arg = wasp_value_i32(1);
  FAILS(WASP_ERROR_SIGNATURE, "takes string, bytes or json",
        wasp_call(it, wasp_str("config"), &arg, 1, WASP_STRING, &result));
  gives(it, "config", "key", "value");
  functions = wasp_instance_functions(it, &count);
  CHECK(count == 3 && equal(functions[0].name, "config") && functions[0].param_count == 1);
  CHECK(functions[0].params[0] == WASP_ANY && functions[0].result == WASP_BYTES);
  wasp_instance_free(it);
}
