/* What a host does wrong, as far as a library can tell: an error, nothing written, nothing leaked, no crash. */

#include "test.h"

static const wasp_slice null_slice = {NULL, 1}; /* one byte at NULL */

static void nothing(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
}

/* 1. NULL for every pointer of every function, in calls that nulls.awk writes from the header. */

/* Good arguments, by type and name. Outputs hold `before` until they are written. */
static struct {
  wasp_engine *wasp_engine_p_engine, **wasp_engine_p_p_engine, *engine;
  wasp_engine_options options, *wasp_engine_options_p_options;
  wasp_config *wasp_config_p_config;
  wasp_limits limits, *wasp_limits_p_limits;
  wasp_instance *wasp_instance_p_instance, **wasp_instance_p_p_instance, *instance;
  wasp_caller *wasp_caller_p_caller;
  wasp_error *wasp_error_p_error;
  wasp_slice wasp_slice_name, wasp_slice_value, wasp_slice_guest_path, wasp_slice_host_path, wasp_slice_module;
  wasp_slice wasp_slice_message, wasp_slice_wasm, wasp_slice_path, wasp_slice_plugin, wasp_slice_workspace;
  wasp_slice wasp_slice_function, wasp_slice_data, wasp_slice_arg, wasp_slice_runtime, wasp_slice_source,
      wasp_slice_key;
  wasp_names **wasp_names_p_p_names, *names;
  wasp_plugin_info **wasp_plugin_info_p_p_info, *info;
  uint64_t uint64_t_timeout_ns;
  bool bool_read_only, bool_snapshot, bool_trap;
  char room[8];
  wasp_kind wasp_kind_result, wasp_kind_result_kind, *wasp_kind_p_params;
  wasp_callback_fn wasp_callback_fn_callback;
  wasp_free_fn wasp_free_fn_free;
  void *void_p_user_data, *void_p_data;
  uint32_t uint32_t_address;
  wasp_value arg, result, wasp_value_value, *wasp_value_p_args, *wasp_value_p_result;
  size_t count, size_t_param_count, size_t_arg_count, size_t_length, *size_t_p_count;
} good;

static wasp_kind an_i32 = WASP_I32;
static char before[sizeof good];
static int cases, freed;

static void count_freed(void *unused) {
  (void)unused;
  freed++;
}

/* What may be NULL. */
static bool allowed(const char *function, const char *argument) {
  static const char *const pairs[][2] = {
      {"wasp_engine_new", "options"},
      {"wasp_engine_register", "config"},
      {"wasp_engine_register_file", "config"},
      {"wasp_engine_register_compiled", "config"},
      {"wasp_engine_register_script", "config"},
      {"wasp_config_add_callback", "user_data"},
      {"wasp_config_add_callback", "free"},
  };
  size_t i;
  for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (strcmp(function, pairs[i][0]) == 0 && strcmp(argument, pairs[i][1]) == 0) return true;
  return false;
}

static void prepare(void) {
  good.wasp_config_p_config = wasp_config_new();
  memset(&good.engine, 0x55, sizeof good.engine);
  memset(&good.instance, 0x55, sizeof good.instance);
  memset(&good.names, 0x55, sizeof good.names);
  memset(&good.info, 0x55, sizeof good.info);
  memset(&good.result, 0x55, sizeof good.result);
  memcpy(before, &good, sizeof good);
  freed = 0;
  cases++;
}

static void wrong(const char *function, const char *argument, const char *what) {
  fprintf(stderr, "%s with NULL for %s: ", function, argument);
  fail(__FILE__, __LINE__, what);
}

static void check_error(const char *function, const char *argument, wasp_error *error) {
  bool invalid = wasp_error_kind(error) == WASP_ERROR_INVALID;
  if (invalid == allowed(function, argument))
    wrong(function, argument, invalid ? "it may be NULL, but there was an error" : "WASP_ERROR_INVALID was expected");
  if (error != NULL && memcmp(before, &good, sizeof good) != 0)
    wrong(function, argument, "it wrote to its outputs and failed");
  if (error == NULL && strcmp(function, "wasp_engine_new") == 0) wasp_engine_free(good.engine);
  wasp_error_free(error);
  wasp_config_free(good.wasp_config_p_config);
}

static void check_none(const char *function, const char *argument) {
  /* A config's faults are those of the registration. */
  if (strncmp(function, "wasp_config_", strlen("wasp_config_")) == 0 && strcmp(argument, "config") != 0) {
    wasp_error *error = wasp_engine_register(good.wasp_engine_p_engine, wasp_str("configured"), good.wasp_slice_wasm,
                                             good.wasp_config_p_config);
    if ((wasp_error_kind(error) == WASP_ERROR_INVALID) == allowed(function, argument))
      wrong(function, argument, "the registration should tell");
    wasp_error_free(error);
  }
  wasp_error_free(wasp_engine_unregister(good.wasp_engine_p_engine, wasp_str("configured")));
  wasp_config_free(good.wasp_config_p_config);
  if (strcmp(function, "wasp_config_add_callback") == 0 && freed != (strcmp(argument, "free") != 0))
    wrong(function, argument, "user data is freed once");
}

#define GIVES_ERROR(function, argument, call) prepare(), check_error(function, argument, call);
#define GIVES_NONE(function, argument, call) prepare(), (void)(call), check_none(function, argument);

/* In a callback, so that there is a caller. */
static void call_all(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  nothing(user_data, caller, args, arg_count);
  good.wasp_caller_p_caller = caller;
#include "nulls.inc"
  wasp_caller_fail(caller, wasp_str("all done"));
}

static void nulls(void) {
  wasp_config *config = new_config(call_all, NULL, NULL);
  wasp_instance *outer = instance_of(CALLS_F, config);
  wasp_config_free(config);
  good.wasp_engine_p_engine = new_engine_with(WASP_COMPILER_SINGLEPASS);
  good.wasp_engine_p_p_engine = &good.engine;
  good.options.size = sizeof good.options;
  good.wasp_engine_options_p_options = &good.options;
  good.limits.size = sizeof good.limits;
  good.wasp_limits_p_limits = &good.limits;
  good.wasp_slice_path = wasp_str("echo.wat");
  good.wasp_slice_plugin = wasp_str("echo");
  OK(wasp_engine_register_file(good.wasp_engine_p_engine, good.wasp_slice_plugin, good.wasp_slice_path, NULL));
  good.wasp_instance_p_instance = new_instance(good.wasp_engine_p_engine, "echo");
  good.wasp_instance_p_p_instance = &good.instance;
  good.wasp_names_p_p_names = &good.names;
  good.wasp_plugin_info_p_p_info = &good.info;
  good.uint64_t_timeout_ns = 1000000000;
  good.wasp_error_p_error = wasp_engine_unregister(NULL, wasp_str(""));
  good.wasp_slice_name = good.wasp_slice_value = good.wasp_slice_key = wasp_str("name");
  good.wasp_slice_module = good.wasp_slice_message = wasp_str("text");
  good.wasp_slice_guest_path = wasp_str("/here");
  good.wasp_slice_host_path = wasp_str(".");
  good.wasp_slice_wasm = WAT((module));
  good.wasp_slice_function = wasp_str("i32");
  good.wasp_kind_result = good.wasp_kind_result_kind = WASP_I32;
  good.wasp_kind_p_params = &an_i32;
  good.size_t_param_count = good.size_t_arg_count = 1;
  good.size_t_length = 1;
  good.wasp_slice_data = good.wasp_slice_arg = wasp_str("d");
  good.wasp_slice_runtime = wasp_str("none");
  good.wasp_slice_source = wasp_str("a script");
  good.void_p_data = good.room;
  good.wasp_callback_fn_callback = nothing;
  good.wasp_free_fn_free = count_freed;
  good.void_p_user_data = &good;
  good.arg = good.wasp_value_value = wasp_value_i32(1);
  good.wasp_value_p_args = &good.arg;
  good.wasp_value_p_result = &good.result;
  good.size_t_p_count = &good.count;

  FAILS(WASP_ERROR_CALLBACK, "all done", wasp_call(outer, wasp_str("run"), NO_ARGS, WASP_NONE, NULL));
  CHECK(cases > 40);
  wasp_error_free(good.wasp_error_p_error);
  wasp_instance_free(good.wasp_instance_p_instance);
  wasp_engine_free(good.wasp_engine_p_engine);
  wasp_instance_free(outer);
}

/* 2. Structs with a size: an older and a newer header than the library's. */

struct newer_options {
  wasp_engine_options known;
  char field;
};

struct newer_limits {
  wasp_limits known;
  uint64_t field;
};

static wasp_error *make_engine(const void *options) {
  wasp_engine *engine = NULL;
  wasp_error *error = wasp_engine_new((const wasp_engine_options *)options, &engine);
  CHECK((error == NULL) == (engine != NULL));
  wasp_engine_free(engine);
  return error;
}

static void log_nothing(void *user_data, wasp_log_level level, wasp_slice message, const wasp_log_field *fields,
                        size_t field_count) {
  (void)user_data, (void)level, (void)message, (void)fields, (void)field_count;
}

static void options(void) {
  struct newer_options newer;
  int i;
  for (i = 0; i < 8; i++) {
    wasp_engine_options *options = &newer.known;
    const char *faults[] = {NULL,       NULL,           "doesn't know",    "compiler 77",
                            "stdio 77", "log level 77", "cache_directory", NULL};
    memset(&newer, 0, sizeof newer);
    options->size = sizeof *options;
    options->log = i == 7 ? NULL : log_nothing;
    options->log_free = count_freed;
    freed = 0;
    switch (i) {
    case 1: options->size = sizeof newer; break;
    case 2: options->size = sizeof newer, newer.field = 1; break;
    case 3: options->compiler = 77; break;
    case 4: options->stdio = 77; break;
    case 5: options->log_level = 77; break;
    case 6: options->cache_directory = null_slice; break;
    }
    if (faults[i] != NULL)
      FAILS(WASP_ERROR_INVALID, faults[i], make_engine(&newer));
    else
      OK(make_engine(&newer));
    CHECK(freed == 1);
  }
  memset(&newer, 0, sizeof newer);
  newer.known.log = log_nothing;
  newer.known.log_free = count_freed;
  newer.known.size = sizeof newer.known;
  freed = 0;
  FAILS(WASP_ERROR_INVALID, "NULL", wasp_engine_new(&newer.known, NULL));
  CHECK(freed == 1);

  /* A size that can't be: no field is read. */
  newer.known.compiler = 77;
  newer.known.size = 0;
  FAILS(WASP_ERROR_INVALID, "size 0", make_engine(&newer));
  newer.known.size = 7;
  FAILS(WASP_ERROR_INVALID, "size 7", make_engine(&newer));
  newer.known.size = (size_t)-1;
  FAILS(WASP_ERROR_INVALID, "size", make_engine(&newer));
  CHECK(freed == 1);

  /* An older header knew fewer fields. */
  newer.known.size = sizeof(size_t);
  OK(make_engine(&newer));
  newer.known.size = sizeof(size_t) + sizeof(wasp_compiler);
  FAILS(WASP_ERROR_INVALID, "compiler 77", make_engine(&newer));
}

static wasp_error *limit(const void *limits) {
  wasp_engine *engine = new_engine();
  wasp_config *config = wasp_config_new();
  wasp_error *error;
  wasp_config_set_limits(config, (const wasp_limits *)limits);
  error = wasp_engine_register(engine, wasp_str("it"), WAT((module (memory 4))), config);
  wasp_config_free(config);
  wasp_engine_free(engine);
  return error;
}

static void limits(void) {
  struct newer_limits newer;
  memset(&newer, 0, sizeof newer);
  newer.known.memory_bytes = 2 << 16;
  newer.known.size = sizeof newer;
  FAILS(WASP_ERROR_RESOURCE, "", limit(&newer));
  newer.field = 1;
  FAILS(WASP_ERROR_INVALID, "doesn't know", limit(&newer));
  newer.known.size = 0;
  FAILS(WASP_ERROR_INVALID, "size 0", limit(&newer));
  newer.known.size = sizeof(size_t);
  OK(limit(&newer));
  newer.known.size = sizeof newer.known;
  newer.known.memory_bytes = 0;
  newer.known.stack_bytes = 1;
  FAILS(WASP_ERROR_INVALID, "stack limit of 1", limit(&newer));
}

/* 3. Values and text. */

static void call_fails(wasp_instance *it, const char *part, wasp_slice function, const wasp_value *args, size_t count,
                       wasp_kind kind) {
  wasp_value result, untouched;
  memset(&result, 0x55, sizeof result);
  untouched = result;
  FAILS(WASP_ERROR_INVALID, part, wasp_call(it, function, args, count, kind, &result));
  CHECK(memcmp(&result, &untouched, sizeof result) == 0);
}

static void arguments(void) {
  wasp_instance *it = instance_of_file("echo.wat", NULL);
  const wasp_slice block = wasp_str("block");
  const size_t too_many = (size_t)-1;
  wasp_value value, ten[10];
  size_t i;
  value = wasp_value_i32(1);
  value.kind = 77;
  call_fails(it, "argument 1: an argument has the unknown kind 77", block, &value, 1, WASP_I32);
  value = wasp_value_i32(1);
  call_fails(it, "unknown kind 77", block, &value, 1, 77);
  call_fails(it, "at NULL", block, NULL, 1, WASP_I32);
  call_fails(it, "memory", block, &value, too_many, WASP_I32);
  call_fails(it, "function", wasp_str("\xff"), &value, 1, WASP_I32);
  value = wasp_value_string("\xc3");
  call_fails(it, "argument 1: an argument is not UTF-8", block, &value, 1, WASP_I32);
  value.of.slice = null_slice;
  call_fails(it, "at NULL", block, &value, 1, WASP_I32);
  value.kind = WASP_BYTES;
  call_fails(it, "at NULL", block, &value, 1, WASP_I32);
  value = wasp_value_string("x");
  value.of.slice.len = too_many;
  call_fails(it, "memory", block, &value, 1, WASP_I32);
  for (i = 0; i < 10; i++) ten[i] = wasp_value_i32(1);
  ten[9] = wasp_value_string("\xff");
  call_fails(it, "argument 10", wasp_str("last"), ten, 10, WASP_I32);
  CHECK(call_i32(it, "live") == 0);
  wasp_instance_free(it);
}

static void outputs(void) {
  wasp_engine *engine = new_engine();
  wasp_instance *it = (wasp_instance *)engine;
  size_t count = 99;
  FAILS(WASP_ERROR_PLUGIN_NOT_FOUND, "", wasp_instance_new(engine, wasp_str("x"), wasp_str(NULL), &it));
  CHECK(it == (wasp_instance *)engine);
  OK(wasp_engine_register(engine, wasp_str("x"), WAT((module)), NULL));
  FAILS(WASP_ERROR_IO, "missing", wasp_instance_new(engine, wasp_str("x"), wasp_str("missing"), &it));
  FAILS(WASP_ERROR_IO, "echo.wat", wasp_instance_new(engine, wasp_str("x"), wasp_str("echo.wat"), &it));
  FAILS(WASP_ERROR_INVALID, "UTF-8", wasp_instance_new(engine, wasp_str("\xff"), wasp_str(NULL), &it));
  FAILS(WASP_ERROR_INVALID, "UTF-8", wasp_instance_new(engine, wasp_str("x"), wasp_str("\xff"), &it));
  CHECK(it == (wasp_instance *)engine);
  CHECK(wasp_instance_functions(NULL, &count) == NULL && count == 0);
  wasp_engine_free(engine);
}

/* The first fault of a config is what the registration says, with the plugin's name. */
static void config_text(void) {
  wasp_engine *engine = new_engine();
  wasp_config *config = wasp_config_new();
  wasp_config_set_env(config, wasp_str("good"), wasp_str("\xff"));
  wasp_config_set_env(config, wasp_str("\xff"), wasp_str("good"));
  FAILS(WASP_ERROR_INVALID, "plugin \"it\": a variable's value is not UTF-8",
        wasp_engine_register(engine, wasp_str("it"), WAT((module)), config));
  wasp_config_free(config);
  config = wasp_config_new();
  wasp_config_set_entry(config, wasp_str("good"), wasp_str("\xff"));
  FAILS(WASP_ERROR_INVALID, "plugin \"it\": a config entry's value is not UTF-8",
        wasp_engine_register(engine, wasp_str("it"), WAT((module)), config));
  wasp_config_free(config);
  config = wasp_config_new();
  wasp_config_set_entry(config, wasp_str("\xff"), wasp_str("good"));
  FAILS(WASP_ERROR_INVALID, "plugin \"it\": a config entry's key is not UTF-8",
        wasp_engine_register(engine, wasp_str("it"), WAT((module)), config));
  wasp_config_free(config);
  config = wasp_config_new();
  wasp_config_add_arg(config, wasp_str("\xff"));
  FAILS(WASP_ERROR_INVALID, "plugin \"it\": an argument is not UTF-8",
        wasp_engine_register(engine, wasp_str("it"), WAT((module)), config));
  wasp_config_free(config);
  config = wasp_config_new();
  wasp_config_set_env(config, wasp_str("a=b"), wasp_str("c"));
  FAILS(WASP_ERROR_INVALID, "a=b", wasp_engine_register(engine, wasp_str("it"), WAT((module)), config));
  wasp_config_free(config);
  config = wasp_config_new();
  wasp_config_add_volume(config, wasp_str("relative"), wasp_str("."), false);
  FAILS(WASP_ERROR_INVALID, "relative", wasp_engine_register(engine, wasp_str("it"), WAT((module)), config));
  wasp_config_free(config);
  config = wasp_config_new();
  wasp_config_add_volume(config, wasp_str("/here"), wasp_str("missing"), false);
  FAILS(WASP_ERROR_IO, "missing", wasp_engine_register(engine, wasp_str("it"), WAT((module)), config));
  wasp_config_free(config);
  FAILS(WASP_ERROR_INVALID, "UTF-8", wasp_engine_register(engine, wasp_str("\xff"), WAT((module)), NULL));
  FAILS(WASP_ERROR_INVALID, "UTF-8", wasp_engine_register_file(engine, wasp_str("it"), wasp_str("\xff"), NULL));
  FAILS(WASP_ERROR_INVALID, "UTF-8", wasp_engine_unregister(engine, wasp_str("\xff")));
  wasp_engine_free(engine);
}

void test_misuse(void) {
  nulls();
  options();
  limits();
  arguments();
  outputs();
  config_text();
}
