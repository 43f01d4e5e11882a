/* What ends or bounds a plugin: memory, tables, stack, time, an interrupt. And how it starts. */

#include "test.h"

static wasp_limits new_limits(void) {
  wasp_limits limits = {0};
  limits.size = sizeof limits;
  return limits;
}

static void space(void) {
  wasp_engine *engine = new_engine();
  wasp_config *config = wasp_config_new();
  wasp_limits limits = new_limits();
  const wasp_slice name = wasp_str("p");
  const wasp_slice grows = WAT((module (memory 1) (func (export "grow") (result i32) i32.const 1 memory.grow)));
  wasp_instance *it;
  limits.memory_bytes = 2 << 16;
  wasp_config_set_limits(config, &limits);
  OK(wasp_engine_register(engine, name, grows, config));
  it = new_instance(engine, "p");
  CHECK(call_i32(it, "grow") == 1);
  CHECK(call_i32(it, "grow") == -1);
  OK(wasp_instance_reset(it));
  CHECK(call_i32(it, "grow") == 1);
  wasp_instance_free(it);

  limits.table_elements = 9;
  wasp_config_set_limits(config, &limits);
  FAILS(WASP_ERROR_RESOURCE, "", wasp_engine_register(engine, name, WAT((module (table 10 funcref))), config));
  FAILS(WASP_ERROR_RESOURCE, "", wasp_engine_register(engine, name, WAT((module (memory 3))), config));
  wasp_config_free(config);
  wasp_engine_free(engine);
}

/* How deep a plugin can call itself with that much stack. */
static int32_t depth(uint64_t stack_bytes) {
  wasp_config *config = wasp_config_new();
  wasp_limits limits = new_limits();
  wasp_instance *it;
  int32_t deep = 64;
  limits.stack_bytes = stack_bytes;
  wasp_config_set_limits(config, &limits);
  it = instance_of(
      WAT((module (func (export "dig") (param i32) local.get 0 i32.eqz if return end
                                local.get 0 i32.const 1 i32.sub call 0))), config);
  for (;; deep *= 2) {
    wasp_value arg = wasp_value_i32(deep);
    wasp_error *error = wasp_call(it, wasp_str("dig"), &arg, 1, WASP_NONE, NULL);
    if (error != NULL) {
      FAILS(WASP_ERROR_TRAP, "stack", error);
      break;
    }
  }
  wasp_instance_free(it);
  wasp_config_free(config);
  return deep;
}

static void *measure(void *deep) {
  *(int32_t *)deep = depth(64 << 10);
  return NULL;
}

static void stacks(void) {
  pthread_t thread;
  int32_t little;
  CHECK(pthread_create(&thread, NULL, measure, &little) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(depth(16 << 20) >= 16 * little);
}

#define LOOPS                                                                                                          \
  WAT((module (import "env" "f" (func)) (func (export "run") call 0 (loop br 0)) (func (export "fine"))))

static void call(wasp_instance *it, const char *function, wasp_error_tag kind, const char *part) {
  wasp_error *error = wasp_call(it, wasp_str(function), NO_ARGS, WASP_NONE, NULL);
  if (kind == 0)
    OK(error);
  else
    FAILS(kind, part, error);
}

static void keep_remaining(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)args, (void)arg_count;
  *(uint64_t *)user_data = wasp_caller_remaining(caller);
}

static void timeouts(void) {
  const uint64_t limit = 20 * 1000 * 1000;
  uint64_t remaining = 0;
  wasp_engine *engine = new_engine();
  wasp_config *config = new_config(keep_remaining, &remaining, NULL);
  wasp_limits limits = new_limits();
  wasp_instance *it, *forever;
  OK(wasp_engine_register(engine, wasp_str("forever"), CALLS_F, config));
  limits.timeout_ns = limit;
  wasp_config_set_limits(config, &limits);
  OK(wasp_engine_register(engine, wasp_str("p"), LOOPS, config));
  it = new_instance(engine, "p");
  call(it, "fine", 0, NULL);
  call(it, "run", WASP_ERROR_TIMEOUT, "\"run\"");
  CHECK(remaining > 0 && remaining <= limit);
  call(it, "fine", WASP_ERROR_POISONED, "reset");
  OK(wasp_instance_reset(it));
  call(it, "fine", 0, NULL);
  wasp_instance_free(it);

  /* Start-up is bounded too. */
  FAILS(WASP_ERROR_TIMEOUT, "_initialize",
        wasp_engine_register(engine, wasp_str("p"), WAT((module (func (export "_initialize") (loop br 0)))), config));

  forever = new_instance(engine, "forever");
  call(forever, "run", 0, NULL);
  CHECK(remaining == UINT64_MAX);
  CHECK(wasp_caller_remaining(NULL) == UINT64_MAX);
  wasp_instance_free(forever);
  wasp_config_free(config);
  wasp_engine_free(engine);
}

static wasp_instance *running;
static pthread_barrier_t inside;

static void say_inside(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
  pthread_barrier_wait(&inside);
}

static void interrupt_own(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
  wasp_instance_interrupt(running);
}

static void within(wasp_instance *it, const char *function, uint64_t timeout_ns, wasp_error_tag kind,
                   const char *part) {
  wasp_error *error = wasp_call_within(it, wasp_str(function), NO_ARGS, WASP_NONE, NULL, timeout_ns);
  if (kind == 0)
    OK(error);
  else
    FAILS(kind, part, error);
}

/* A time limit of one call: the shorter of it and the plugin's own counts, and the next call has the plugin's again. */
static void calls_within(void) {
  const uint64_t ms = 1000 * 1000;
  uint64_t remaining = 0;
  wasp_config *config = new_config(keep_remaining, &remaining, NULL);
  wasp_limits limits = new_limits();
  wasp_instance *it = instance_of(LOOPS, config), *limited;
  within(it, "fine", 0, WASP_ERROR_INVALID, "a timeout of 0 is no time at all");
  within(it, "fine", UINT64_MAX, 0, NULL);
  within(it, "run", 20 * ms, WASP_ERROR_TIMEOUT, "its time limit of 20ms");
  CHECK(remaining > 0 && remaining <= 20 * ms);
  within(it, "fine", 20 * ms, WASP_ERROR_POISONED, "reset");
  wasp_instance_free(it);

  it = instance_of(CALLS_F, config);
  within(it, "run", 60 * 1000 * ms, 0, NULL);
  CHECK(remaining > 20 * ms && remaining <= 60 * 1000 * ms);
  call(it, "run", 0, NULL);
  CHECK(remaining == UINT64_MAX);
  wasp_instance_free(it);

  limits.timeout_ns = 30 * ms;
  wasp_config_set_limits(config, &limits);
  limited = instance_of(LOOPS, config);
  within(limited, "run", 10 * ms, WASP_ERROR_TIMEOUT, "its time limit of 10ms");
  OK(wasp_instance_reset(limited));
  within(limited, "run", 60 * 1000 * ms, WASP_ERROR_TIMEOUT, "its time limit of 30ms");
  OK(wasp_instance_reset(limited));
  call(limited, "run", WASP_ERROR_TIMEOUT, "its time limit of 30ms");
  wasp_instance_free(limited);
  wasp_config_free(config);
}

static void *run_until_interrupted(void *unused) {
  call(running, "run", WASP_ERROR_CANCELLED, "\"run\"");
  return unused;
}

static void interrupts(void) {
  wasp_config *config = new_config(say_inside, NULL, NULL);
  pthread_t thread;
  running = instance_of(LOOPS, config);
  wasp_config_free(config);
  pthread_barrier_init(&inside, NULL, 2);

  /* Nothing runs, so nothing happens. */
  wasp_instance_interrupt(running);
  call(running, "fine", 0, NULL);
  CHECK(pthread_create(&thread, NULL, run_until_interrupted, NULL) == 0);
  pthread_barrier_wait(&inside);
  wasp_instance_interrupt(running);
  CHECK(pthread_join(thread, NULL) == 0);
  pthread_barrier_destroy(&inside);
  call(running, "fine", WASP_ERROR_POISONED, "reset");
  OK(wasp_instance_reset(running));
  call(running, "fine", 0, NULL);
  wasp_instance_free(running);

  config = new_config(interrupt_own, NULL, NULL);
  running = instance_of(LOOPS, config);
  wasp_config_free(config);
  call(running, "run", WASP_ERROR_CANCELLED, "\"run\"");
  wasp_instance_free(running);
}

static void count_call(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)caller, (void)args, (void)arg_count;
  ++*(int *)user_data;
}

/* With a snapshot start-up runs once, without it for each instance. Either way an instance is new to its owner. */
static void start_up(bool snapshot) {
  int started = 0;
  wasp_engine *engine = new_engine();
  wasp_config *config = new_config(count_call, &started, NULL);
  wasp_limits limits = new_limits();
  wasp_instance *its[3];
  int round, i;
  limits.idle_instances = 1;
  wasp_config_set_limits(config, &limits);
  wasp_config_set_snapshot(config, snapshot);
  OK(wasp_engine_register(
      engine, wasp_str("p"),
      WAT((module (import "env" "f" (func)) (global (mut i32) (i32.const 0))
                               (func (export "_initialize") call 0 i32.const 40 global.set 0)
                               (func (export "next") (result i32)
                                 global.get 0 i32.const 1 i32.add global.set 0 global.get 0))),
                                   config));
  wasp_config_free(config);
  CHECK(started == 1);
  for (round = 0; round < 3; round++) {
    for (i = 0; i < 3; i++) {
      its[i] = new_instance(engine, "p");
      CHECK(call_i32(its[i], "next") == 41);
      CHECK(call_i32(its[i], "next") == 42);
    }
    OK(wasp_instance_reset(its[0]));
    CHECK(call_i32(its[0], "next") == 41);
    for (i = 0; i < 3; i++) wasp_instance_free(its[i]);
  }
  CHECK(started == (snapshot ? 1 : 1 + 3 * 4));
  wasp_engine_free(engine);
}

void test_limits(void) {
  space();
  stacks();
  timeouts();
  calls_within();
  interrupts();
  start_up(true);
  start_up(false);
}
