/* Scripts, and values of any kind. */

#include "test.h"

static void answer(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data;
  CHECK(arg_count == 1 && args[0].kind == WASP_JSON && equal(args[0].of.slice, "\"a\""));
  wasp_caller_set_result(caller, wasp_value_json("[1]"));
}

static wasp_value echo(wasp_instance *it, wasp_value value, wasp_kind kind) {
  wasp_value result;
  OK(wasp_call(it, wasp_str("echo"), &value, 1, kind, &result));
  return result;
}

void test_scripts(void) {
  const wasp_kind json[] = {WASP_JSON}, any[] = {WASP_ANY};
  const wasp_slice toy = wasp_str("toy"), script = wasp_str("script"), source = wasp_str("a script");
  wasp_engine *engine = new_engine();
  wasp_config *config = wasp_config_new();
  wasp_value result, arg;
  wasp_plugin_info *info;
  wasp_instance *it;

  OK(wasp_engine_register_file(engine, toy, wasp_str("../../../wasp-core/tests/plugins/script_runtime.wat"), NULL));
  wasp_config_add_callback(config, wasp_str("env"), wasp_str("call_me"), json, 1, WASP_JSON, answer, NULL, NULL);
  OK(wasp_engine_register_script(engine, script, toy, source, config));
  wasp_config_free(config);
  OK(wasp_engine_plugin(engine, script, &info));
  CHECK(equal(info->language, "toy"));
  wasp_plugin_info_free(info);
  OK(wasp_engine_plugin(engine, toy, &info));
  CHECK(info->language.len == 0);
  wasp_plugin_info_free(info);
  it = new_instance(engine, "script");

  result = echo(it, wasp_value_json("{}"), WASP_ANY);
  CHECK(result.kind == WASP_JSON && equal(result.of.slice, "{}"));
  result = echo(it, wasp_value_f64(3), WASP_I32);
  CHECK(result.kind == WASP_I32 && result.of.i32 == 3);
  result = echo(it, wasp_value_string("a"), WASP_JSON);
  CHECK(result.kind == WASP_JSON && equal(result.of.slice, "\"a\""));
  /* What it borrowed is an argument of the next call. */
  result = echo(it, result, WASP_ANY);
  CHECK(result.kind == WASP_JSON && equal(result.of.slice, "\"a\""));
  arg = wasp_value_string("a");
  OK(wasp_call(it, wasp_str("call"), &arg, 1, WASP_ANY, &result));
  CHECK(result.kind == WASP_JSON && equal(result.of.slice, "[1]"));
  OK(wasp_call(it, wasp_str("source"), NO_ARGS, WASP_ANY, &result));
  CHECK(result.kind == WASP_STRING && equal(result.of.slice, "a script"));
  FAILS(WASP_ERROR_GUEST, "TypeError: no", wasp_call(it, wasp_str("fail"), NO_ARGS, WASP_ANY, &result));
  arg.kind = WASP_ANY;
  FAILS(WASP_ERROR_INVALID, "kind 8", wasp_call(it, wasp_str("echo"), &arg, 1, WASP_ANY, &result));
  wasp_instance_free(it);

  FAILS(WASP_ERROR_PLUGIN_NOT_FOUND, "there is no script runtime \"none\"",
        wasp_engine_register_script(engine, script, wasp_str("none"), source, NULL));
  FAILS(WASP_ERROR_INVALID, "is a script itself", wasp_engine_register_script(engine, toy, script, source, NULL));
  FAILS(WASP_ERROR_GUEST, "SyntaxError: bad (a.js:1:3)",
        wasp_engine_register_script(engine, script, toy, wasp_str("!"), NULL));
  config = wasp_config_new();
  wasp_config_add_callback(config, wasp_str("env"), wasp_str("f"), any, 1, WASP_NONE, answer, NULL, NULL);
  FAILS(WASP_ERROR_INVALID, "parameter 1 is any", wasp_engine_register_script(engine, script, toy, source, config));
  wasp_config_free(config);
  wasp_engine_free(engine);
}
