/* What an engine holds, and what plugins and modules offer and need. */

#include "test.h"

#define MODULE                                                                                                         \
  WAT((module (import "env" "f" (func)) (import "env" "text" (func (param i32 f64) (result i32)))                      \
      (import "env" "pair" (func (result i32 i32)))                                                                    \
      (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))                                              \
      (memory (export "memory") 1 2) (data (i32.const 8) "add(a: i32, i32) i64 # Adds\0Anames(string)\00")             \
      (func (export "wasp_signatures") (result i32) (i32.const 8))                                                     \
      (func (export "_initialize") (loop br 0))                                                                        \
      (func (export "add") (param i32 i32) (result i64) unreachable) (func (export "names") (param i32) (call 0))))

static void check_functions(const wasp_plugin_info *info) {
  const wasp_function *add, *names;
  CHECK(info->function_count == 2);
  add = &info->functions[0], names = &info->functions[1];
  CHECK(equal(add->name, "add") && add->declared && add->result == WASP_I64 && add->param_count == 2);
  CHECK(add->params[0] == WASP_I32 && add->params[1] == WASP_I32 && equal(add->docs, "Adds"));
  CHECK(equal(add->param_names[0], "a") && equal(add->param_names[1], ""));
  CHECK(equal(names->name, "names") && names->param_count == 1 && names->params[0] == WASP_STRING);
  CHECK(names->result == WASP_NONE && equal(names->docs, ""));
}

static void inspects(void) {
  const wasp_slice module = MODULE;
  wasp_plugin_info *info = NULL;
  /* Its start-up would never end. */
  OK(wasp_inspect(module, &info));
  check_functions(info);
  CHECK(info->import_count == 4);
  CHECK(equal(info->imports[0].module, "env") && equal(info->imports[0].name, "f"));
  CHECK(info->imports[0].can_be_callback && info->imports[0].param_count == 0);
  CHECK(equal(info->imports[1].type_text, "(i32, f64) -> i32") && info->imports[1].param_count == 2);
  CHECK(info->imports[1].params[1] == WASP_F64 && info->imports[1].result == WASP_I32);
  CHECK(info->imports[1].provider == WASP_PROVIDER_MISSING);
  CHECK(!info->imports[2].can_be_callback && equal(info->imports[2].type_text, "() -> (i32, i32)"));
  CHECK(info->imports[3].provider == WASP_PROVIDER_WASI && info->wasi);
  CHECK(info->memory_min == 65536 && info->memory_max == 131072);
  CHECK(info->size == module.len && info->memory_used == 0);
  wasp_plugin_info_free(info);

  OK(wasp_inspect(WAT((memory 1)), &info));
  CHECK(info->functions == NULL && info->imports == NULL && !info->wasi && info->memory_max == UINT64_MAX);
  wasp_plugin_info_free(info);
  OK(wasp_inspect_file(wasp_str("callback.wat"), &info));
  CHECK(info->function_count > 0 && info->import_count > 0);
  wasp_plugin_info_free(info);
  info = NULL;
  FAILS(WASP_ERROR_COMPILE, "neither binary nor text", wasp_inspect(wasp_str("hello"), &info));
  FAILS(WASP_ERROR_IO, "file \"nowhere.wasm\": No such file", wasp_inspect_file(wasp_str("nowhere.wasm"), &info));
  CHECK(info == NULL);
}

static void registered(void) {
  wasp_engine *engine = new_engine();
  wasp_names *names = NULL;
  wasp_plugin_info *info = NULL;
  wasp_instance *it;
  OK(wasp_engine_plugins(engine, &names));
  CHECK(names->count == 0 && names->names == NULL);
  wasp_names_free(names);
  CHECK(!wasp_engine_has(engine, wasp_str("echo")) && wasp_engine_memory_used(engine) == 0);
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  OK(wasp_engine_register(engine, wasp_str("adder"), WAT((module)), NULL));
  OK(wasp_engine_plugins(engine, &names));
  CHECK(names->count == 2 && equal(names->names[0], "adder") && equal(names->names[1], "echo"));
  CHECK(wasp_engine_has(engine, wasp_str("echo")) && !wasp_engine_has(engine, wasp_str("ech")));
  OK(wasp_engine_plugin(engine, wasp_str("echo"), &info));
  CHECK(info->function_count > 0 && info->memory_used > 0);
  CHECK(wasp_engine_memory_used(engine) >= info->memory_used);
  FAILS(WASP_ERROR_PLUGIN_NOT_FOUND, "as \"ehco\" (\"echo\" is there)",
        wasp_engine_plugin(engine, wasp_str("ehco"), &info));
  it = new_instance(engine, "echo");
  CHECK(wasp_instance_memory_used(it) <= wasp_instance_memory_size(it) && wasp_instance_memory_size(it) > 0);
  CHECK(wasp_instance_memory_used(NULL) == 0);
  FAILS(WASP_ERROR_FUNCTION_NOT_FOUND, "exports no function \"i33\" (\"i32\" is there)",
        wasp_call(it, wasp_str("i33"), NO_ARGS, WASP_NONE, NULL));
  wasp_instance_free(it);
  /* They live on by themselves. */
  wasp_engine_free(engine);
  CHECK(equal(names->names[1], "echo") && info->functions[0].name.len > 0);
  wasp_names_free(names);
  wasp_plugin_info_free(info);
}

static void nothing(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
}

static void missing_imports(void) {
  const wasp_slice module = WAT((module (import "env" "f" (func)) (import "env" "text" (func (param i32) (result f32)))
                                 (func (export "fine") (call 0)) (func (export "run") (drop (call 1 (i32.const 0))))));
  wasp_engine *engine = new_engine();
  wasp_config *config = new_config(nothing, NULL, NULL);
  wasp_plugin_info *info;
  wasp_instance *it;
  FAILS(WASP_ERROR_IMPORT_NOT_FOUND, "\"env\".\"text\"", wasp_engine_register(engine, wasp_str("p"), module, config));
  wasp_config_set_trap_missing_imports(config, true);
  OK(wasp_engine_register(engine, wasp_str("p"), module, config));
  OK(wasp_engine_plugin(engine, wasp_str("p"), &info));
  CHECK(info->imports[0].provider == WASP_PROVIDER_CALLBACK && info->imports[1].provider == WASP_PROVIDER_MISSING);
  wasp_plugin_info_free(info);
  it = new_instance(engine, "p");
  OK(wasp_call(it, wasp_str("fine"), NO_ARGS, WASP_NONE, NULL));
  FAILS(WASP_ERROR_TRAP, "it called the missing import \"env\".\"text\" as (i32) -> f32",
        wasp_call(it, wasp_str("run"), NO_ARGS, WASP_NONE, NULL));
  wasp_instance_free(it);
  wasp_config_set_trap_missing_imports(config, false);
  FAILS(WASP_ERROR_IMPORT_NOT_FOUND, "\"env\".\"text\"", wasp_engine_register(engine, wasp_str("p"), module, config));
  wasp_config_free(config);
  wasp_engine_free(engine);
}

void test_info(void) {
  inspects();
  registered();
  missing_imports();
}
