/* What everybody uses: versions, values, plugins, instances, what a plugin is given, the log. */

#include "test.h"

#include <math.h>

int header_c99(void);
int header_c11(void);
int header_cxx17(void);

void test_header(void) {
  CHECK(header_c99());
  CHECK(header_c11());
  CHECK(header_cxx17());
}

static void versions(void) {
  CHECK(strcmp(wasp_version(), WASP_VERSION) == 0);
  CHECK(wasp_abi_version() == 1);
}

static wasp_value echo(wasp_instance *instance, const char *function, wasp_value value) {
  wasp_value result;
  OK(wasp_call(instance, wasp_str(function), &value, 1, value.kind, &result));
  CHECK(result.kind == value.kind);
  return result;
}

static void echo_slice(wasp_instance *instance, wasp_value value) {
  wasp_value result = echo(instance, "block", value);
  CHECK(result.of.slice.len == value.of.slice.len);
  CHECK(value.of.slice.len == 0 || memcmp(result.of.slice.ptr, value.of.slice.ptr, value.of.slice.len) == 0);
}

static void values(wasp_compiler compiler) {
  wasp_engine *engine = new_engine_with(compiler);
  wasp_instance *it;
  wasp_value args[10], result;
  size_t big = 1 << 20;
  char *text = malloc(big);
  int i;
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  it = new_instance(engine, "echo");

  CHECK(echo(it, "i32", wasp_value_i32(INT32_MIN)).of.i32 == INT32_MIN);
  CHECK(echo(it, "i64", wasp_value_i64(INT64_MIN)).of.i64 == INT64_MIN);
  CHECK(echo(it, "f32", wasp_value_f32(-0.5f)).of.f32 == -0.5f);
  CHECK(echo(it, "f64", wasp_value_f64(1e300)).of.f64 == 1e300);
  CHECK(isnan(echo(it, "f64", wasp_value_f64(NAN)).of.f64));
  CHECK(signbit(echo(it, "f64", wasp_value_f64(-0.0)).of.f64));
  echo_slice(it, wasp_value_string(""));
  echo_slice(it, wasp_value_string(NULL));
  echo_slice(it, wasp_value_string("Gr\xc3\xbc\xc3\x9f"
                                   "e \xf0\x9f\x90\x9d"));
  echo_slice(it, wasp_value_bytes(NULL, 0));
  echo_slice(it, wasp_value_bytes("\0\xff\0", 3));
  memset(text, 'x', big);
  echo_slice(it, wasp_value_bytes(text, big));

  /* More arguments than fit the usual place. */
  for (i = 0; i < 10; i++) args[i] = wasp_value_i32(i);
  OK(wasp_call(it, wasp_str("last"), args, 10, WASP_I32, &result));
  CHECK(result.of.i32 == 9);

  /* A number becomes the function's type if it fits. */
  args[0] = wasp_value_i64(3);
  OK(wasp_call(it, wasp_str("i32"), args, 1, WASP_I64, &result));
  CHECK(result.kind == WASP_I64 && result.of.i64 == 3);
  args[0] = wasp_value_i64(INT64_C(1) << 40);
  FAILS(WASP_ERROR_SIGNATURE, "1099511627776", wasp_call(it, wasp_str("i32"), args, 1, WASP_I32, &result));

  /* A result that nobody wants. */
  args[0] = wasp_value_i32(3);
  OK(wasp_call(it, wasp_str("i32"), args, 1, WASP_NONE, NULL));
  OK(wasp_call(it, wasp_str("i32"), args, 1, WASP_NONE, &result));
  CHECK(result.kind == WASP_NONE);

  CHECK(call_i32(it, "live") == 0);
  free(text);
  wasp_instance_free(it);
  wasp_engine_free(engine);
}

/* A result stays until the next call of its instance, whatever others do. */
static void borrowed_results(void) {
  wasp_engine *engine = new_engine();
  wasp_instance *it, *other;
  wasp_value text = wasp_value_string("the first"), result;
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  it = new_instance(engine, "echo");
  other = new_instance(engine, "echo");
  OK(wasp_call(it, wasp_str("block"), &text, 1, WASP_STRING, &result));
  echo_slice(other, wasp_value_string("another"));
  wasp_instance_free(other);
  OK(wasp_engine_unregister(engine, wasp_str("echo")));
  wasp_engine_free(engine);
  CHECK(equal(result.of.slice, "the first"));

  /* It may be the next call's argument. */
  OK(wasp_call(it, wasp_str("block"), &result, 1, WASP_STRING, &result));
  CHECK(equal(result.of.slice, "the first"));
  wasp_instance_free(it);
}

/* The finding: the place for the result may be one of the arguments. */
static void result_over_an_argument(void) {
  wasp_engine *engine = new_engine_with(WASP_COMPILER_SINGLEPASS);
  wasp_instance *it;
  wasp_value args[2] = {wasp_value_string("text"), wasp_value_i32(5)};
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  it = new_instance(engine, "echo");
  OK(wasp_call(it, wasp_str("block"), args, 1, WASP_STRING, args));
  CHECK(args[0].kind == WASP_STRING && equal(args[0].of.slice, "text"));
  OK(wasp_call(it, wasp_str("block"), args, 1, WASP_STRING, args));
  CHECK(equal(args[0].of.slice, "text"));
  OK(wasp_call(it, wasp_str("i32"), args + 1, 1, WASP_I32, args + 1));
  CHECK(args[1].kind == WASP_I32 && args[1].of.i32 == 5);
  wasp_instance_free(it);
  wasp_engine_free(engine);
}

static void functions(void) {
  wasp_instance *it = instance_of(WAT((module (memory (export "memory") 1) (data (i32.const 8) "hello(string, bytes) string\n# a comment\nnot()\00")
           (func (export "wasp_signatures") (result i32) i32.const 8)
           (func (export "allocate") (param i32) (result i32) i32.const 64)
           (func (export "hello") (param i32 i32) (result i32) i32.const 64)
           (func (export "not"))
           (func (export "other") (param i64 f32) (result f64) f64.const 1))),
                            NULL);
  size_t count = 99;
  const wasp_function *all = wasp_instance_functions(it, &count);
  CHECK(count == 3);
  CHECK(wasp_instance_functions(it, NULL) == all);
  CHECK(equal(all[0].name, "hello") && all[0].declared && all[0].result == WASP_STRING);
  CHECK(all[0].param_count == 2 && all[0].params[0] == WASP_STRING && all[0].params[1] == WASP_BYTES);
  CHECK(equal(all[1].name, "not") && all[1].declared && all[1].result == WASP_NONE && all[1].param_count == 0);
  CHECK(equal(all[2].name, "other") && !all[2].declared && all[2].result == WASP_F64);
  CHECK(all[2].param_count == 2 && all[2].params[0] == WASP_I64 && all[2].params[1] == WASP_F32);
  OK(wasp_instance_reset(it));
  CHECK(wasp_instance_functions(it, &count) == all && count == 3);
  wasp_instance_free(it);

  it = instance_of(WAT((module)), NULL);
  CHECK(wasp_instance_functions(it, &count) == NULL && count == 0);
  wasp_instance_free(it);
}

#define GIVES(n) WAT((module (func (export "n") (result i32) i32.const n)))

static void names(void) {
  const char binary[] = "\0asm\1\0\0";
  const wasp_slice name = wasp_str("p");
  wasp_engine *engine = new_engine();
  wasp_instance *first, *second;
  OK(wasp_engine_register(engine, name, GIVES(1), NULL));
  first = new_instance(engine, "p");

  /* The same name again is for new instances. */
  OK(wasp_engine_register(engine, name, GIVES(2), NULL));
  second = new_instance(engine, "p");
  CHECK(call_i32(first, "n") == 1);
  CHECK(call_i32(second, "n") == 2);
  OK(wasp_instance_reset(first));
  CHECK(call_i32(first, "n") == 1);
  wasp_instance_free(second);

  /* On failure nothing changes. */
  FAILS(WASP_ERROR_COMPILE, "\"p\"", wasp_engine_register(engine, name, wasp_str("(module"), NULL));
  second = new_instance(engine, "p");
  CHECK(call_i32(second, "n") == 2);
  wasp_instance_free(second);

  OK(wasp_engine_unregister(engine, name));
  FAILS(WASP_ERROR_PLUGIN_NOT_FOUND, "\"p\"", wasp_engine_unregister(engine, name));
  FAILS(WASP_ERROR_PLUGIN_NOT_FOUND, "\"p\"", wasp_instance_new(engine, name, wasp_str(""), &second));
  CHECK(call_i32(first, "n") == 1);
  wasp_instance_free(first);

  /* A module in the binary format; any text is a name. */
  {
    wasp_slice empty_module = {binary, sizeof binary}, strange = {"\xc3\xbc\0 \n", 5};
    OK(wasp_engine_register(engine, strange, empty_module, NULL));
    OK(wasp_engine_unregister(engine, strange));
  }
  wasp_engine_free(engine);
}

static void resets(void) {
  wasp_instance *it = instance_of_file("echo.wat", NULL);
  CHECK(call_i32(it, "count") == 1);
  CHECK(call_i32(it, "count") == 2);
  OK(wasp_instance_reset(it));
  CHECK(call_i32(it, "count") == 1);
  wasp_instance_free(it);
}

static void destroy(wasp_engine *engine, wasp_config *config, wasp_instance *instance, int what) {
  if (what == 0) wasp_engine_free(engine);
  if (what == 1) wasp_config_free(config);
  if (what == 2) wasp_instance_free(instance);
}

static void frees_in_any_order(void) {
  int first, second;
  for (first = 0; first < 3; first++)
    for (second = 0; second < 3; second++) {
      wasp_engine *engine = new_engine();
      wasp_config *config = wasp_config_new();
      wasp_instance *instance;
      if (first == second) {
        /* Never used. */
        wasp_config_free(config);
        wasp_engine_free(engine);
        continue;
      }
      OK(wasp_engine_register(engine, wasp_str("p"), GIVES(1), config));
      instance = new_instance(engine, "p");
      destroy(engine, config, instance, first);
      destroy(engine, config, instance, second);
      destroy(engine, config, instance, 3 - first - second);
    }
  wasp_engine_free(NULL);
  wasp_config_free(NULL);
  wasp_instance_free(NULL);
  wasp_error_free(NULL);
}

static int32_t make_file(wasp_instance *it, int fd) {
  wasp_value arg = wasp_value_i32(fd), result;
  OK(wasp_call(it, wasp_str("make_file"), &arg, 1, WASP_I32, &result));
  return result.of.i32;
}

static bool exists(const char *directory) {
  char path[100];
  snprintf(path, sizeof path, "%s/new.txt", directory);
  return unlink(path) == 0;
}

static void command_line(void) {
  wasp_engine *engine = new_engine();
  wasp_config *config = wasp_config_new();
  wasp_instance *instance;
  wasp_value result, start = wasp_value_i32(2);
  wasp_config_add_arg(config, wasp_str("-v"));
  wasp_config_add_arg(config, wasp_str("two words"));
  OK(wasp_engine_register_file(engine, wasp_str("p"), wasp_str("wasi.wat"), config));
  instance = new_instance(engine, "p");
  OK(wasp_call(instance, wasp_str("argument"), &start, 1, WASP_STRING, &result));
  CHECK(equal(result.of.slice, "-v"));
  start = wasp_value_i32(5);
  OK(wasp_call(instance, wasp_str("argument"), &start, 1, WASP_STRING, &result));
  CHECK(equal(result.of.slice, "two words"));
  wasp_instance_free(instance);

  wasp_config_add_arg(config, (wasp_slice){"a\0b", 3});
  FAILS(WASP_ERROR_INVALID, "argument 3, \"a\\0b\", has a NUL inside",
        wasp_engine_register_file(engine, wasp_str("p"), wasp_str("wasi.wat"), config));
  wasp_config_free(config);
  wasp_engine_free(engine);
}

static void environment_and_directories(void) {
  char shown[] = "/tmp/wasp-test-XXXXXX", locked[] = "/tmp/wasp-test-XXXXXX", work[] = "/tmp/wasp-test-XXXXXX";
  wasp_engine *engine = new_engine();
  wasp_config *config = wasp_config_new();
  wasp_instance *with, *without;
  wasp_value result;
  CHECK(mkdtemp(shown) && mkdtemp(locked) && mkdtemp(work));
  wasp_config_set_env(config, wasp_str("name"), wasp_str("first"));
  wasp_config_set_env(config, wasp_str("name"), wasp_str("last"));
  wasp_config_add_volume(config, wasp_str("/shown"), wasp_str(shown), false);
  wasp_config_add_volume(config, wasp_str("/locked"), wasp_str(locked), true);
  OK(wasp_engine_register_file(engine, wasp_str("p"), wasp_str("wasi.wat"), config));

  /* What is added later is for the next registration. */
  wasp_config_set_env(config, wasp_str("name"), wasp_str("too late"));
  wasp_config_free(config);

  OK(wasp_instance_new(engine, wasp_str("p"), wasp_str(work), &with));
  without = new_instance(engine, "p");
  OK(wasp_call(with, wasp_str("variable"), NO_ARGS, WASP_STRING, &result));
  CHECK(equal(result.of.slice, "name=last"));

  /* Volumes come in order, then the workspace. */
  CHECK(make_file(with, 3) == 0 && exists(shown));
  CHECK(make_file(with, 4) != 0 && !exists(locked));
  CHECK(make_file(with, 5) == 0 && exists(work));
  CHECK(make_file(without, 3) == 0 && exists(shown));
  CHECK(make_file(without, 5) != 0 && !exists(work));
  OK(wasp_instance_reset(with));
  CHECK(make_file(with, 5) == 0 && exists(work));

  wasp_instance_free(with);
  wasp_instance_free(without);
  wasp_engine_free(engine);
  CHECK(rmdir(shown) == 0 && rmdir(locked) == 0 && rmdir(work) == 0);
}

struct log {
  int lines, errors, freed;
  wasp_log_level worst;
  char text[1000];
};

static void keep(void *user_data, wasp_log_level level, wasp_slice message, const wasp_log_field *fields,
                 size_t field_count) {
  struct log *log = user_data;
  size_t i;
  log->lines++;
  log->errors += level == WASP_LEVEL_ERROR;
  if (level > log->worst) log->worst = level;
  strncat(log->text, message.ptr, message.len < 100 ? message.len : 100);
  for (i = 0; i < field_count; i++) {
    CHECK(fields[i].name.len > 0);
    strcat(log->text, " ");
    strncat(log->text, fields[i].value.ptr, fields[i].value.len < 100 ? fields[i].value.len : 100);
  }
  strcat(log->text, "\n");
}

static void free_log(void *user_data) { ((struct log *)user_data)->freed++; }

static struct log hear(wasp_log_level level, wasp_stdio stdio) {
  struct log log = {0}, before;
  wasp_engine_options options = {0};
  wasp_engine *engine;
  wasp_instance *it;
  options.size = sizeof options;
  options.stdio = stdio;
  options.log = keep;
  options.log_level = level;
  options.log_user_data = &log;
  options.log_free = free_log;
  OK(wasp_engine_new(&options, &engine));
  OK(wasp_engine_register_file(engine, wasp_str("p"), wasp_str("wasi.wat"), NULL));
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  it = new_instance(engine, "p");
  CHECK(call_i32(it, "say_hello") == 0);
  wasp_instance_free(it);
  it = new_instance(engine, "echo");
  FAILS(WASP_ERROR_TRAP, "unreachable", wasp_call(it, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL));
  wasp_engine_free(engine);
  CHECK(log.freed == 0);
  before = log;
  wasp_instance_free(it);
  CHECK(log.freed == 1);
  before.freed = 1;
  return before;
}

static void logs(void) {
  struct log log = hear(0, WASP_STDIO_LOG);
  CHECK(log.worst == WASP_LEVEL_INFO && log.errors == 1 && strstr(log.text, "guest") != NULL);
  log = hear(0, 0);
  CHECK(strstr(log.text, "guest") != NULL);
  log = hear(0, WASP_STDIO_OUTPUT);
  CHECK(strstr(log.text, "guest") == NULL);
  log = hear(WASP_LEVEL_ERROR, WASP_STDIO_LOG);
  CHECK(log.lines == 1 && log.errors == 1 && strstr(log.text, "unreachable") != NULL);
  log = hear(WASP_LEVEL_DEBUG, WASP_STDIO_NONE);
  CHECK(log.worst == WASP_LEVEL_DEBUG && strstr(log.text, "guest") == NULL);
  CHECK(strstr(log.text, "Plugin registered p\n") && strstr(log.text, "Calling function say_hello "));
  log = hear(WASP_LEVEL_TRACE, WASP_STDIO_NONE);
  CHECK(log.lines > 0);
}

/* What a log on any thread has heard of. */
struct tiers {
  int optimised, freed;
};

static void hear_of_tiers(void *user_data, wasp_log_level level, wasp_slice message, const wasp_log_field *fields,
                          size_t field_count) {
  struct tiers *tiers = user_data;
  if (!equal(message, "Plugin optimised")) return;
  CHECK(level == WASP_LEVEL_DEBUG && field_count == 1 && equal(fields[0].name, "name"));
  __atomic_fetch_add(&tiers->optimised, 1, __ATOMIC_SEQ_CST);
}

static void free_tiers(void *user_data) {
  __atomic_fetch_add(&((struct tiers *)user_data)->freed, 1, __ATOMIC_SEQ_CST);
}

static void wait_until(int *happened) {
  while (__atomic_load_n(happened, __ATOMIC_SEQ_CST) == 0) usleep(1000);
}

static void tiered(void) {
  struct tiers tiers = {0, 0};
  wasp_engine_options options = WASP_ENGINE_OPTIONS_INIT;
  wasp_engine *engine;
  wasp_instance *before, *after;
  options.compiler = WASP_COMPILER_TIERED;
  options.log = hear_of_tiers;
  options.log_level = WASP_LEVEL_DEBUG;
  options.log_user_data = &tiers;
  options.log_free = free_tiers;
  OK(wasp_engine_new(&options, &engine));
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  before = new_instance(engine, "echo");
  wait_until(&tiers.optimised);
  after = new_instance(engine, "echo");
  FAILS(WASP_ERROR_TRAP, "unreachable", wasp_call(before, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL));
  FAILS(WASP_ERROR_TRAP, "unreachable", wasp_call(after, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL));
  wasp_instance_free(before);
  wasp_instance_free(after);
  CHECK(tiers.freed == 0);
  /* And right after another plugin was registered. */
  OK(wasp_engine_register_file(engine, wasp_str("p"), wasp_str("wasi.wat"), NULL));
  wasp_engine_free(engine);
  wait_until(&tiers.freed);
}

static void compiled_ahead(void) {
  char directory[] = "/tmp/wasp-compiled-XXXXXX", path[64], cache[64];
  wasp_engine_options options = {0};
  wasp_engine *engine, *cached;
  wasp_instance *it;
  FILE *file;
  CHECK(mkdtemp(directory) != NULL);
  snprintf(path, sizeof path, "%s/seven", directory);
  snprintf(cache, sizeof cache, "%s/cache", directory);
  options.size = sizeof options;
  OK(wasp_engine_new(&options, &engine));
  OK(wasp_engine_compile(engine, WAT((module (func (export "seven") (result i32) i32.const 7))), wasp_str(path)));
  OK(wasp_engine_register_compiled(engine, wasp_str("p"), wasp_str(path), NULL));
  it = new_instance(engine, "p");
  CHECK(call_i32(it, "seven") == 7);
  wasp_instance_free(it);
  FAILS(WASP_ERROR_COMPILE, "empty", wasp_engine_compile(engine, wasp_str(""), wasp_str(path)));
  FAILS(WASP_ERROR_IO, "nowhere", wasp_engine_compile(engine, WAT((module)), wasp_str("/nowhere/at/all")));
  FAILS(WASP_ERROR_IO, "nowhere", wasp_engine_register_compiled(engine, wasp_str("p"), wasp_str("/nowhere"), NULL));
  file = fopen(path, "r+b");
  CHECK(file != NULL && fseek(file, 100, SEEK_SET) == 0 && fputc('x', file) == 'x' && fclose(file) == 0);
  FAILS(WASP_ERROR_COMPILE, "damaged", wasp_engine_register_compiled(engine, wasp_str("p"), wasp_str(path), NULL));
  wasp_engine_free(engine);

  /* The same through the cache: made, then found. */
  options.cache_directory = wasp_str(cache);
  for (int round = 0; round < 2; round++) {
    OK(wasp_engine_new(&options, &cached));
    OK(wasp_engine_register_file(cached, wasp_str("echo"), wasp_str("echo.wat"), NULL));
    wasp_engine_free(cached);
  }
  snprintf(path, sizeof path, "rm -r %s", directory);
  CHECK(system(path) == 0);
}

/* Calls before the snapshot: every instance starts from what they left. */
static void warm_up(void) {
  static const char sums[] = "(module (global $sum (mut i32) (i32.const 0))"
                             " (func (export \"add\") (param i32 i32)"
                             "  (global.set $sum (i32.add (global.get $sum) (i32.mul (local.get 0) (local.get 1)))))"
                             " (func (export \"sum\") (result i32) (global.get $sum)))";
  wasp_config *config = wasp_config_new();
  wasp_value args[2] = {wasp_value_i32(3), wasp_value_i64(4)};
  wasp_engine *engine = new_engine();
  wasp_instance *it;
  wasp_config_add_warm_up(config, wasp_str("add"), args, 2);
  args[0] = wasp_value_i32(5);
  wasp_config_add_warm_up(config, wasp_str("add"), args, 2);
  args[0].kind = 77;
  OK(wasp_engine_register(engine, wasp_str("it"), wasp_str(sums), config));
  it = new_instance(engine, "it");
  CHECK(call_i32(it, "sum") == 32);
  OK(wasp_instance_reset(it));
  CHECK(call_i32(it, "sum") == 32);
  wasp_instance_free(it);
  wasp_config_add_warm_up(config, wasp_str("none"), NO_ARGS);
  FAILS(WASP_ERROR_FUNCTION_NOT_FOUND, "its warm-up \"none\"",
        wasp_engine_register(engine, wasp_str("it"), wasp_str(sums), config));
  wasp_config_add_warm_up(config, wasp_str("add"), args, 2);
  FAILS(WASP_ERROR_INVALID, "an argument of a warm-up has the unknown kind 77",
        wasp_engine_register(engine, wasp_str("it"), wasp_str(sums), config));
  wasp_config_free(config);
  wasp_engine_free(engine);
}

void test_api(void) {
  warm_up();
  versions();
  values(0);
  values(WASP_COMPILER_SINGLEPASS);
  values(WASP_COMPILER_CRANELIFT);
  values(WASP_COMPILER_TIERED);
  borrowed_results();
  result_over_an_argument();
  functions();
  names();
  resets();
  frees_in_any_order();
  command_line();
  environment_and_directories();
  logs();
  tiered();
  compiled_ahead();
}
