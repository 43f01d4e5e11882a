/* Runs the suites that are named, or all. */

#include "test.h"

static const struct {
  const char *name;
  void (*run)(void);
} suites[] = {
    {"header", test_header},       {"api", test_api},
    {"callbacks", test_callbacks}, {"errors", test_errors},
    {"extism", test_extism},       {"limits", test_limits},
    {"threads", test_threads},     {"stacks", test_stacks},
    {"misuse", test_misuse},       {"leaks", test_leaks},
    {"numbers", test_numbers},     {"memory", test_memory},
    {"info", test_info},           {"conditions", test_conditions},
    {"scripts", test_scripts},
};
enum { SUITES = sizeof suites / sizeof *suites };

static void run(int suite) {
  printf("%s\n", suites[suite].name);
  fflush(stdout);
  suites[suite].run();
}

int main(int argc, char **argv) {
  int i, suite;
  if (argc == 1)
    for (suite = 0; suite < SUITES; suite++) run(suite);
  for (i = 1; i < argc; i++) {
    if (run_condition(argv[i])) continue;
    for (suite = 0; suite < SUITES && strcmp(suites[suite].name, argv[i]) != 0; suite++);
    CHECK(suite < SUITES);
    run(suite);
  }
  return 0;
}

void fail(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  fflush(NULL);
  _exit(1);
}

static void fail_with(const char *file, int line, const wasp_error *error) {
  wasp_slice message = wasp_error_message(error);
  fprintf(stderr, "kind %u: %.*s\n", (unsigned)wasp_error_kind(error), (int)message.len, message.ptr);
  fail(file, line, "another outcome was expected");
}

void check_ok(const char *file, int line, wasp_error *error) {
  if (error != NULL) fail_with(file, line, error);
}

void check_fails(const char *file, int line, wasp_error_tag kind, const char *part, wasp_error *error) {
  wasp_slice message = wasp_error_message(error);
  if (error == NULL) fail(file, line, "there was no error");
  if (wasp_error_kind(error) != kind || !contains(message, part)) fail_with(file, line, error);
  /* As all messages: one line, which ends without a period. */
  if (message.len == 0 || contains(message, "\n") || message.ptr[message.len - 1] == '.') fail_with(file, line, error);
  wasp_error_free(error);
}

bool equal(wasp_slice a, const char *b) { return a.len == strlen(b) && (a.len == 0 || memcmp(a.ptr, b, a.len) == 0); }

bool contains(wasp_slice text, const char *part) {
  size_t len = strlen(part), at;
  for (at = 0; at + len <= text.len; at++)
    if (memcmp(text.ptr + at, part, len) == 0) return true;
  return false;
}

wasp_engine *new_engine(void) {
  wasp_engine *engine;
  OK(wasp_engine_new(NULL, &engine));
  return engine;
}

wasp_engine *new_engine_with(wasp_compiler compiler) {
  wasp_engine_options options = {0};
  wasp_engine *engine;
  options.size = sizeof options;
  options.compiler = compiler;
  OK(wasp_engine_new(&options, &engine));
  return engine;
}

wasp_config *new_config(wasp_callback_fn f, void *user_data, wasp_free_fn free) {
  wasp_config *config = wasp_config_new();
  wasp_config_add_callback(config, wasp_str("env"), wasp_str("f"), NULL, 0, WASP_NONE, f, user_data, free);
  return config;
}

wasp_instance *new_instance(wasp_engine *engine, const char *plugin) {
  wasp_instance *instance;
  OK(wasp_instance_new(engine, wasp_str(plugin), wasp_str(NULL), &instance));
  return instance;
}

wasp_instance *instance_of(wasp_slice wasm, const wasp_config *config) {
  wasp_engine *engine = new_engine();
  wasp_instance *instance;
  OK(wasp_engine_register(engine, wasp_str("it"), wasm, config));
  instance = new_instance(engine, "it");
  wasp_engine_free(engine);
  return instance;
}

wasp_instance *instance_of_file(const char *path, const wasp_config *config) {
  wasp_engine *engine = new_engine();
  wasp_instance *instance;
  OK(wasp_engine_register_file(engine, wasp_str("it"), wasp_str(path), config));
  instance = new_instance(engine, "it");
  wasp_engine_free(engine);
  return instance;
}

int32_t call_i32(wasp_instance *instance, const char *function) {
  wasp_value result;
  OK(wasp_call(instance, wasp_str(function), NO_ARGS, WASP_I32, &result));
  return result.of.i32;
}

void count(void *user_data) { ++*(int *)user_data; }
