/* An engine on many threads, an instance on one at a time. */

#include "test.h"

enum { THREADS = 8, ROUNDS = 100 };

static void start(pthread_t *thread, void *(*body)(void *), void *argument) {
  CHECK(pthread_create(thread, NULL, body, argument) == 0);
}

static void join(pthread_t thread) { CHECK(pthread_join(thread, NULL) == 0); }

/* A callback that waits until another thread has done something. */
static struct {
  pthread_barrier_t inside, done;
  wasp_instance *it;
  int freed;
} meeting;

static void meet(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
  pthread_barrier_wait(&meeting.inside);
  pthread_barrier_wait(&meeting.done);
}

static void *run_it(void *unused) {
  (void)unused;
  OK(wasp_call(meeting.it, wasp_str("run"), NO_ARGS, WASP_NONE, NULL));
  return NULL;
}

static void *run_freed(void *unused) {
  (void)unused;
  FAILS(WASP_ERROR_INVALID, "freed", wasp_call(meeting.it, wasp_str("run"), NO_ARGS, WASP_NONE, NULL));
  return NULL;
}

static void one_instance(void) {
  wasp_config *config = new_config(meet, &meeting.freed, count);
  pthread_t thread;
  size_t functions;
  pthread_barrier_init(&meeting.inside, NULL, 2);
  pthread_barrier_init(&meeting.done, NULL, 2);
  meeting.it = instance_of(CALLS_F, config);
  wasp_config_free(config);

  /* While a call runs on one thread, another one is told so. */
  start(&thread, run_it, NULL);
  pthread_barrier_wait(&meeting.inside);
  FAILS(WASP_ERROR_BUSY, "one at a time", wasp_call(meeting.it, wasp_str("one"), NO_ARGS, WASP_NONE, NULL));
  FAILS(WASP_ERROR_BUSY, "one at a time", wasp_instance_reset(meeting.it));
  CHECK(wasp_instance_functions(meeting.it, &functions) != NULL && functions == 2);
  pthread_barrier_wait(&meeting.done);
  join(thread);
  CHECK(call_i32(meeting.it, "one") == 1);

  /* And it may free the instance: the call's end is its end. */
  start(&thread, run_freed, NULL);
  pthread_barrier_wait(&meeting.inside);
  wasp_instance_free(meeting.it);
  CHECK(meeting.freed == 0);
  pthread_barrier_wait(&meeting.done);
  join(thread);
  CHECK(meeting.freed == 1);
  pthread_barrier_destroy(&meeting.inside);
  pthread_barrier_destroy(&meeting.done);
}

/* Threads that call one instance as fast as they can: each call works or is told that it is busy. */
static void *hammer(void *instance) {
  int i;
  for (i = 0; i < 10 * ROUNDS; i++) {
    wasp_value result;
    wasp_error *error = wasp_call(instance, wasp_str("one"), NO_ARGS, WASP_I32, &result);
    if (error == NULL)
      CHECK(result.of.i32 == 1);
    else
      FAILS(WASP_ERROR_BUSY, "one at a time", error);
  }
  return NULL;
}

static void one_instance_hammered(void) {
  wasp_instance *it = instance_of(WAT((module (func (export "one") (result i32) i32.const 1))), NULL);
  pthread_t threads[THREADS];
  int i;
  for (i = 0; i < THREADS; i++) start(&threads[i], hammer, it);
  for (i = 0; i < THREADS; i++) join(threads[i]);
  CHECK(call_i32(it, "one") == 1);
  wasp_instance_free(it);
}

/* An instance that is used and freed on other threads than the one that made it. */
static void *count_once(void *instance) {
  call_i32(instance, "count");
  return NULL;
}

static void *trap_and_reset(void *instance) {
  FAILS(WASP_ERROR_TRAP, "unreachable", wasp_call(instance, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL));
  OK(wasp_instance_reset(instance));
  return NULL;
}

static void *free_it(void *instance) {
  wasp_instance_free(instance);
  return NULL;
}

static void moves(void) {
  wasp_instance *it = instance_of_file("echo.wat", NULL);
  pthread_t thread;
  start(&thread, count_once, it);
  join(thread);
  CHECK(call_i32(it, "count") == 2);
  start(&thread, trap_and_reset, it);
  join(thread);
  CHECK(call_i32(it, "count") == 1);
  start(&thread, free_it, it);
  join(thread);
}

/* Threads that share an engine: each registers, replaces and unregisters, calls, traps and calls back. */
struct worker {
  wasp_engine *engine;
  wasp_config *config;
  int number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int called;

static void count_call(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)caller, (void)args, (void)arg_count;
  pthread_mutex_lock(&lock);
  ++*(int *)user_data;
  pthread_mutex_unlock(&lock);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  char name[] = "own 0";
  int i;
  name[4] = (char)('0' + worker->number);
  for (i = 0; i < ROUNDS; i++) {
    wasp_instance *shared, *own, *echo = new_instance(worker->engine, "echo");
    wasp_value arg = wasp_value_string(name), result;
    OK(wasp_call(echo, wasp_str("block"), &arg, 1, WASP_STRING, &result));
    CHECK(equal(result.of.slice, name));
    FAILS(WASP_ERROR_TRAP, "unreachable", wasp_call(echo, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL));
    wasp_instance_free(echo);

    if (i % 10 == 0) {
      OK(wasp_engine_register(worker->engine, wasp_str(name), CALLS_F, worker->config));
      OK(wasp_engine_register(worker->engine, wasp_str("shared"), CALLS_F, worker->config));
    }
    own = new_instance(worker->engine, name);
    shared = new_instance(worker->engine, "shared");
    OK(wasp_call(own, wasp_str("run"), NO_ARGS, WASP_NONE, NULL));
    OK(wasp_call(shared, wasp_str("run"), NO_ARGS, WASP_NONE, NULL));
    wasp_instance_free(shared);
    wasp_instance_free(own);
    if (i % 10 == 9) OK(wasp_engine_unregister(worker->engine, wasp_str(name)));
  }
  return NULL;
}

static void one_engine(void) {
  wasp_engine *engine = new_engine_with(WASP_COMPILER_SINGLEPASS);
  wasp_config *config = new_config(count_call, &called, NULL);
  struct worker workers[THREADS];
  pthread_t threads[THREADS];
  int i;
  OK(wasp_engine_register_file(engine, wasp_str("echo"), wasp_str("echo.wat"), NULL));
  for (i = 0; i < THREADS; i++) {
    workers[i].engine = engine;
    workers[i].config = config;
    workers[i].number = i;
    start(&threads[i], work, &workers[i]);
  }
  for (i = 0; i < THREADS; i++) join(threads[i]);
  CHECK(called == 2 * THREADS * ROUNDS);
  wasp_config_free(config);
  wasp_engine_free(engine);
}

/* An error is read and freed on another thread than the one that got it. */
static void *read_error(void *error) {
  FAILS(WASP_ERROR_TRAP, "unreachable", error);
  return NULL;
}

static void errors_move(void) {
  wasp_instance *it = instance_of_file("echo.wat", NULL);
  wasp_error *error = wasp_call(it, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL);
  pthread_t thread;
  wasp_instance_free(it);
  start(&thread, read_error, error);
  join(thread);
}

void test_threads(void) {
  one_instance();
  one_instance_hammered();
  moves();
  one_engine();
  errors_move();
}
