/* Makes and frees 10,000 of everything: memory stays what it was. */

#include "test.h"

/* Pages of this process that are in memory, in KiB. */
static long resident(void) {
  FILE *statm = fopen("/proc/self/statm", "r");
  long pages;
  CHECK(statm != NULL && fscanf(statm, "%*d %ld", &pages) == 1);
  fclose(statm);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int freed;
static wasp_engine *engine;
static wasp_instance *it;

static void refuse(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)args, (void)arg_count;
  wasp_caller_fail(caller, wasp_str("this one fails"));
}

static wasp_config *config(void) {
  wasp_config *config = new_config(refuse, &freed, count);
  wasp_limits limits = {0};
  limits.size = sizeof limits;
  limits.memory_bytes = 1 << 20;
  limits.timeout_ns = 1000 * 1000 * 1000;
  wasp_config_set_env(config, wasp_str("name"), wasp_str("value"));
  wasp_config_add_volume(config, wasp_str("/here"), wasp_str("."), true);
  wasp_config_set_limits(config, &limits);
  return config;
}

static void engines(void) { wasp_engine_free(new_engine()); }

static void configs(void) { wasp_config_free(config()); }

static void plugins(void) {
  wasp_config *given = config();
  OK(wasp_engine_register(engine, wasp_str("again"), CALLS_F, given));
  wasp_config_free(given);
}

static void plugins_that_fail(void) {
  wasp_config *given = config();
  FAILS(WASP_ERROR_IMPORT_NOT_FOUND, "",
        wasp_engine_register(engine, wasp_str("x"),
                             WAT((module (import "a" "b" (func)))),
                                 given));
  wasp_config_free(given);
}

static void instances(void) {
  wasp_value arg = wasp_value_string("some text"), result;
  wasp_instance *one = new_instance(engine, "echo");
  OK(wasp_call(one, wasp_str("block"), &arg, 1, WASP_STRING, &result));
  wasp_instance_free(one);
}

static void instances_that_trap(void) {
  wasp_instance *one = new_instance(engine, "echo");
  FAILS(WASP_ERROR_TRAP, "unreachable", wasp_call(one, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL));
  wasp_instance_free(one);
}

static void callbacks_that_fail(void) {
  wasp_instance *one = new_instance(engine, "again");
  FAILS(WASP_ERROR_CALLBACK, "this one fails", wasp_call(one, wasp_str("run"), NO_ARGS, WASP_NONE, NULL));
  wasp_instance_free(one);
}

static void *use_instances(void *unused) {
  instances();
  instances_that_trap();
  return unused;
}

static void threads(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, use_instances, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

static void resets(void) { OK(wasp_instance_reset(it)); }

static void calls(void) {
  wasp_value arg = wasp_value_string("some text"), result;
  OK(wasp_call(it, wasp_str("block"), &arg, 1, WASP_STRING, &result));
}

static void errors(void) {
  wasp_value result;
  FAILS(WASP_ERROR_SIGNATURE, "1 argument", wasp_call(it, wasp_str("i32"), NO_ARGS, WASP_I32, &result));
}

static void many(const char *what, void (*one)(void)) {
  long before, grown;
  int i;
  for (i = 0; i < 1000; i++) one();
  before = resident();
  for (i = 0; i < 10000; i++) one();
  grown = resident() - before;
  printf("  10,000 %s: %+ld KiB\n", what, grown);
  /* A leak of 100 bytes each would be about 1,000. */
  CHECK(grown < 1000);
}

void test_leaks(void) {
  engine = new_engine_with(WASP_COMPILER_SINGLEPASS);
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  it = new_instance(engine, "echo");
  many("engines", engines);
  many("configs", configs);
  many("plugins", plugins);
  many("plugins that fail", plugins_that_fail);
  many("instances", instances);
  many("instances that trap", instances_that_trap);
  many("callbacks that fail", callbacks_that_fail);
  many("threads", threads);
  many("resets", resets);
  many("calls", calls);
  many("errors", errors);
  wasp_instance_free(it);
  wasp_engine_free(engine);
  CHECK(freed == 3 * 11000);
}
