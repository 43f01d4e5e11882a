/* The stack that a thread keeps for its guests: threads that end, fibers, small stacks, signals, forks, nested calls.
 */

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "test.h"

/* `run` calls back, and then ends in one of four ways: 0 well, 1 by an instruction, 2 by a trap that the runtime
   raises, 3 by the end of its stack. `stay` only ends so. */
static const char ENDS[] =
    "(module (import \"env\" \"f\" (func $f)) (memory 1)"
    " (func $deep (call $deep) (call $deep))"
    " (func $end (param i32)"
    "  (if (i32.eq (local.get 0) (i32.const 1)) (then unreachable))"
    "  (if (i32.eq (local.get 0) (i32.const 2)) (then"
    "   (memory.fill (i32.const 65535) (i32.const 0) (i32.const 100))))"
    "  (if (i32.eq (local.get 0) (i32.const 3)) (then (call $deep))))"
    " (func (export \"stay\") (param i32) (result i32) (call $end (local.get 0)) (i32.const 7))"
    " (func (export \"run\") (param i32) (result i32) (call $f) (call $end (local.get 0)) (i32.const 7)))";

static wasp_engine *engine;

/* Ends as it is told, and checks that it does. */
static void end(wasp_instance *instance, const char *function, int32_t how) {
  wasp_value arg = wasp_value_i32(how), result;
  wasp_error *error = wasp_call(instance, wasp_str(function), &arg, 1, WASP_I32, &result);
  if (how == 0) {
    OK(error);
    CHECK(result.of.i32 == 7);
    return;
  }
  FAILS(WASP_ERROR_TRAP, how == 1 ? "unreachable" : how == 2 ? "out of bounds" : "exhausted", error);
  OK(wasp_instance_reset(instance));
}

static void in_all_ways(wasp_instance *instance, const char *function) {
  int32_t how;
  for (how = 0; how < 4; how++) {
    end(instance, function, how);
    end(instance, function, 0);
  }
}

/* Calls within callbacks, down to a depth, each of which ends in another way; and the outer ones go on, or end
 * afterwards. */
static struct {
  int depth, deepest;
  int32_t how;
} nesting;

static void nest(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  wasp_instance *inner;
  (void)user_data, (void)caller, (void)args, (void)arg_count;
  if (nesting.depth == nesting.deepest) return;
  nesting.depth++;
  inner = new_instance(engine, "nest");
  end(inner, "stay", nesting.how);
  nesting.how = (nesting.how + 1) % 4;
  end(inner, "run", nesting.how);
  wasp_instance_free(inner);
  nesting.depth--;
}

static void nested(wasp_compiler compiler) {
  wasp_config *config = new_config(nest, NULL, NULL);
  wasp_instance *outer;
  int round;
  engine = new_engine_with(compiler);
  OK(wasp_engine_register(engine, wasp_str("nest"), wasp_str(ENDS), config));
  wasp_config_free(config);
  outer = new_instance(engine, "nest");
  for (round = 0; round < 200; round++) {
    nesting.deepest = round % 7;
    nesting.how = round % 4;
    in_all_ways(outer, "run");
  }
  wasp_instance_free(outer);
  wasp_engine_free(engine);
}

static void nothing(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
}

static void *call_and_leave(void *leave) {
  wasp_instance *instance = new_instance(engine, "it");
  in_all_ways(instance, "run");
  wasp_instance_free(instance);
  if (leave != NULL) pthread_exit(NULL);
  return NULL;
}

/* How many mappings this process has. */
static long mappings(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  long lines = 0;
  int c;
  CHECK(maps != NULL);
  while ((c = getc(maps)) != EOF) lines += c == '\n';
  fclose(maps);
  return lines;
}

/* Threads that come and go, two at a time, by returning and by pthread_exit. */
static void threads_that_end(int count) {
  long before = 0;
  int round;
  for (round = 0; round < count; round++) {
    pthread_t one, two;
    CHECK(pthread_create(&one, NULL, call_and_leave, NULL) == 0);
    CHECK(pthread_create(&two, NULL, call_and_leave, &round) == 0);
    CHECK(pthread_join(one, NULL) == 0 && pthread_join(two, NULL) == 0);
    if (round == count / 10) before = mappings();
  }
  CHECK(mappings() < before + 20);
}

/* A signal that comes when wasp has seen the thread's end, to a handler with a stack of its own. */
static pthread_key_t late_key;
static volatile sig_atomic_t handled;

static void handle(int signal) {
  (void)signal;
  handled++;
}

static void late(void *round) {
  /* Once more: the thread's own destructors come before these at first. */
  if ((intptr_t)round < 3)
    pthread_setspecific(late_key, (void *)((intptr_t)round + 1));
  else
    raise(SIGUSR1);
}

static void *call_and_signal(void *unused) {
  (void)unused;
  pthread_setspecific(late_key, (void *)(intptr_t)1);
  return call_and_leave(NULL);
}

static void signals_at_the_end(void) {
  struct sigaction action, before;
  int round;
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  action.sa_flags = SA_ONSTACK;
  CHECK(sigaction(SIGUSR1, &action, &before) == 0);
  CHECK(pthread_key_create(&late_key, late) == 0);
  handled = 0;
  for (round = 0; round < 20; round++) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, call_and_signal, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
  }
  CHECK(handled == 20);
  pthread_key_delete(late_key);
  sigaction(SIGUSR1, &before, NULL);
}

/* A callback that switches to another fiber, from which a plugin is called meanwhile. */
static struct {
  ucontext_t home, fiber;
  int calls;
} fibers;

static void on_fiber(void) {
  wasp_instance *instance = new_instance(engine, "it");
  wasp_value arg = wasp_value_i32(0), result;
  FAILS(WASP_ERROR_BUSY, "another stack", wasp_call(instance, wasp_str("stay"), &arg, 1, WASP_I32, &result));
  swapcontext(&fibers.fiber, &fibers.home);
  /* Nothing waits any more. */
  in_all_ways(instance, "run");
  wasp_instance_free(instance);
  fibers.calls++;
}

static void switch_to_fiber(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
  CHECK(swapcontext(&fibers.home, &fibers.fiber) == 0);
}

static void fibers_in_callbacks(void) {
  enum { SIZE = 256 << 10 };
  wasp_config *config = new_config(switch_to_fiber, NULL, NULL);
  wasp_instance *instance;
  void *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(stack != MAP_FAILED);
  OK(wasp_engine_register(engine, wasp_str("switch"), wasp_str(ENDS), config));
  wasp_config_free(config);
  instance = new_instance(engine, "switch");
  CHECK(getcontext(&fibers.fiber) == 0);
  fibers.fiber.uc_stack.ss_sp = stack;
  fibers.fiber.uc_stack.ss_size = SIZE;
  fibers.fiber.uc_link = &fibers.home;
  makecontext(&fibers.fiber, on_fiber, 0);
  end(instance, "run", 2);
  CHECK(swapcontext(&fibers.home, &fibers.fiber) == 0);
  CHECK(fibers.calls == 1);
  wasp_instance_free(instance);
  munmap(stack, SIZE);
}

/* Calls within callbacks on a thread with little stack: an error, in time. */
static int deepest;

static void dive(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  wasp_instance *inner = new_instance(engine, "dive");
  wasp_value arg = wasp_value_i32(0), result;
  wasp_error *error;
  (void)user_data, (void)args, (void)arg_count;
  deepest++;
  error = wasp_call(inner, wasp_str("run"), &arg, 1, WASP_I32, &result);
  if (error != NULL) {
    CHECK(wasp_error_kind(error) == WASP_ERROR_RESOURCE || wasp_error_kind(error) == WASP_ERROR_CALLBACK);
    if (wasp_error_kind(error) == WASP_ERROR_RESOURCE) {
      CHECK(contains(wasp_error_message(error), "bytes are left") || contains(wasp_error_message(error), "64 deep"));
    }
    wasp_error_free(error);
    wasp_caller_fail(caller, wasp_str("too deep"));
  }
  wasp_instance_free(inner);
}

static void *run_dive(void *unused) {
  wasp_instance *instance = new_instance(engine, "dive");
  wasp_value arg = wasp_value_i32(0), result;
  (void)unused;
  deepest = 0;
  FAILS(WASP_ERROR_CALLBACK, "too deep", wasp_call(instance, wasp_str("run"), &arg, 1, WASP_I32, &result));
  CHECK(deepest >= 3);
  wasp_instance_free(instance);
  return NULL;
}

static void small_threads(void) {
  static const size_t sizes[] = {128 << 10, 256 << 10, 8 << 20};
  wasp_config *config = new_config(dive, NULL, NULL);
  size_t i;
  OK(wasp_engine_register(engine, wasp_str("dive"), wasp_str(ENDS), config));
  wasp_config_free(config);
  for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, sizes[i]) == 0);
    CHECK(pthread_create(&thread, &attributes, run_dive, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
  }
  CHECK(deepest == 64);
}

/* A signal handler that stops the call that it interrupts, at any moment of it. */
static struct {
  wasp_instance *instance;
  pthread_t caller;
  volatile bool done;
} interrupted;

static void interrupt(int signal) {
  (void)signal;
  wasp_instance_interrupt(interrupted.instance);
}

static void *send_signals(void *unused) {
  unsigned wait, round = 0;
  (void)unused;
  while (!interrupted.done) {
    pthread_kill(interrupted.caller, SIGALRM);
    for (wait = 0; wait < round % 9973 * 8; wait++) __asm__ volatile("");
    round++;
  }
  return NULL;
}

static void interrupts_in_handlers(void) {
  struct sigaction action, before;
  pthread_t sender;
  int calls, stopped = 0;
  memset(&action, 0, sizeof action);
  action.sa_handler = interrupt;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  interrupted.instance = new_instance(engine, "it");
  interrupted.caller = pthread_self();
  CHECK(sigaction(SIGALRM, &action, &before) == 0);
  CHECK(pthread_create(&sender, NULL, send_signals, NULL) == 0);
  for (calls = 0; calls < 100000 || stopped < 1000; calls++) {
    wasp_value arg = wasp_value_i32(0), result;
    wasp_error *error = wasp_call(interrupted.instance, wasp_str("run"), &arg, 1, WASP_I32, &result);
    if (error == NULL) continue;
    if (wasp_error_kind(error) != WASP_ERROR_CANCELLED) check_ok(__FILE__, __LINE__, error);
    wasp_error_free(error);
    OK(wasp_instance_reset(interrupted.instance));
    stopped++;
  }
  interrupted.done = true;
  CHECK(pthread_join(sender, NULL) == 0);
  sigaction(SIGALRM, &before, NULL);
  end(interrupted.instance, "run", 0);
  wasp_instance_free(interrupted.instance);
}

/* Forks outside of calls and in callbacks: parent and child go on, each with its own stack that stays. */
static void fork_in_callback(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)caller, (void)args, (void)arg_count;
  fflush(NULL);
  *(pid_t *)user_data = fork();
}

static void forks(void) {
  pid_t child = 0;
  int status;
  wasp_config *config = new_config(fork_in_callback, &child, NULL);
  wasp_instance *it = new_instance(engine, "it"), *forking;
  OK(wasp_engine_register(engine, wasp_str("fork"), wasp_str(ENDS), config));
  wasp_config_free(config);
  forking = new_instance(engine, "fork");
  in_all_ways(it, "run");
  end(forking, "run", 2);
  in_all_ways(it, "run");
  if (child == 0) {
    fflush(NULL);
    child = fork();
    if (child == 0) {
      in_all_ways(it, "run");
      _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    _exit(0);
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  wasp_instance_free(forking);
  wasp_instance_free(it);
}

void test_stacks(void) {
  wasp_config *config = new_config(nothing, NULL, NULL);
  nested(WASP_COMPILER_CRANELIFT);
  nested(WASP_COMPILER_SINGLEPASS);
  engine = new_engine();
  OK(wasp_engine_register(engine, wasp_str("it"), wasp_str(ENDS), config));
  wasp_config_free(config);
  threads_that_end(500);
  signals_at_the_end();
  fibers_in_callbacks();
  small_threads();
  interrupts_in_handlers();
  forks();
  wasp_engine_free(engine);
}
