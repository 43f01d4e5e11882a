/* A small host under each condition that a host may set itself: plugins work, or there is an error that says why. Each
   runs in a process of its own, this program with the condition's name. docs/processes.md is what is promised. */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test.h"

/* Every fault that a guest can have, strings, growth, and a loop for time limits. */
static const char GUEST[] = "(module (memory (export \"memory\") 1)"
                            " (global $next (mut i32) (i32.const 1024))"
                            " (func (export \"allocate\") (param $n i32) (result i32) (global.get $next)"
                            "  (global.set $next (i32.add (global.get $next) (local.get $n))))"
                            " (func (export \"same\") (param i32) (result i32) (local.get 0))"
                            " (func (export \"grow\") (result i32) (memory.grow (i32.const 3)))"
                            " (func (export \"bounds\") (drop (i32.load (i32.const 1000000))))"
                            " (func (export \"division\") (drop (i32.div_s (i32.const 1) (global.get $zero))))"
                            " (global $zero (mut i32) (i32.const 0))"
                            " (func $deep (export \"deep\") (call $deep) (call $deep))"
                            " (func (export \"loop\") (loop (br 0))))";

static const char *const faults[] = {"bounds", "division", "deep"};

/* A wrong answer ends the process; an error is handed on. */
static wasp_error *try_all(wasp_compiler compiler, bool limited) {
  wasp_engine_options options = WASP_ENGINE_OPTIONS_INIT;
  wasp_limits limits = WASP_LIMITS_INIT;
  wasp_config *config = wasp_config_new();
  wasp_engine *engine;
  wasp_instance *it;
  wasp_error *error;
  wasp_value text = wasp_value_string("Gr\xC3\xBC\xC3\x9F"
                                      "e"),
             result;
  size_t i;
  int round;
  options.compiler = compiler;
  options.stdio = WASP_STDIO_NONE;
  if (limited) {
    limits.timeout_ns = 100000000;
    limits.memory_bytes = 16 << 20;
  }
  wasp_config_set_limits(config, &limits);
  if ((error = wasp_engine_new(&options, &engine)) != NULL) return error;
  if ((error = wasp_engine_register(engine, wasp_str("it"), wasp_str(GUEST), config)) != NULL) return error;
  for (round = 0; round < 3; round++) {
    if ((error = wasp_instance_new(engine, wasp_str("it"), wasp_str(""), &it)) != NULL) return error;
    if ((error = wasp_call(it, wasp_str("same"), &text, 1, WASP_STRING, &result)) != NULL) return error;
    CHECK(equal(result.of.slice, "Gr\xC3\xBC\xC3\x9F"
                                 "e"));
    if ((error = wasp_call(it, wasp_str("grow"), NO_ARGS, WASP_I32, &result)) != NULL) return error;
    CHECK(result.of.i32 == 1);
    for (i = 0; i < sizeof faults / sizeof *faults; i++) {
      FAILS(WASP_ERROR_TRAP, "", wasp_call(it, wasp_str(faults[i]), NO_ARGS, WASP_NONE, NULL));
      if ((error = wasp_instance_reset(it)) != NULL) return error;
    }
    if (limited) FAILS(WASP_ERROR_TIMEOUT, "100ms", wasp_call(it, wasp_str("loop"), NO_ARGS, WASP_NONE, NULL));
    wasp_instance_free(it);
  }
  wasp_engine_free(engine);
  wasp_config_free(config);
  return NULL;
}

static void works(void) {
  OK(try_all(WASP_COMPILER_CRANELIFT, true));
  OK(try_all(WASP_COMPILER_SINGLEPASS, true));
}

static void limit(int what, rlim_t to) {
  struct rlimit limit;
  CHECK(getrlimit(what, &limit) == 0);
  limit.rlim_cur = to;
  CHECK(setrlimit(what, &limit) == 0);
}

/* Refuses these system calls in all threads from now on. */
static void refuse(const int *calls, size_t count, int error) {
  struct sock_filter program[64];
  struct sock_fprog filter = {0, program};
  size_t i;
  struct sock_filter load = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  program[filter.len++] = load;
  for (i = 0; i < count; i++) {
    struct sock_filter jump = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
    struct sock_filter fail = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error);
    program[filter.len++] = jump;
    program[filter.len++] = fail;
  }
  program[filter.len++] = allow;
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0);
}

static void block_all(void) {
  sigset_t all;
  sigfillset(&all);
  CHECK(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
}

static void *works_on_thread(void *unused) {
  (void)unused;
  works();
  return NULL;
}

static void *blocked_thread(void *unused) {
  block_all();
  return works_on_thread(unused);
}

static void on_thread(void *(*body)(void *), size_t stack) {
  pthread_attr_t attributes;
  pthread_t thread;
  CHECK(pthread_attr_init(&attributes) == 0);
  if (stack != 0) CHECK(pthread_attr_setstacksize(&attributes, stack) == 0);
  CHECK(pthread_create(&thread, &attributes, body, NULL) == 0 && pthread_join(thread, NULL) == 0);
  pthread_attr_destroy(&attributes);
}

static volatile sig_atomic_t crashes;
static void crash(int signal) {
  (void)signal;
  crashes++;
  _exit(3);
}

static void install_crash_reporter(void) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  struct sigaction action;
  size_t i;
  memset(&action, 0, sizeof action);
  action.sa_handler = crash;
  action.sa_flags = SA_ONSTACK;
  for (i = 0; i < 4; i++) CHECK(sigaction(signals[i], &action, NULL) == 0);
}

static void nothing(void) { works(); }

static void blocked_signals(void) {
  block_all();
  works();
  on_thread(blocked_thread, 0);
}

static void handler_before(void) {
  install_crash_reporter();
  works();
  CHECK(crashes == 0);
}

/* A reporter that comes later would take a trap for a crash, if wasp weren't put in front again. */
static void handler_after(void) {
  wasp_instance *it = instance_of(wasp_str(GUEST), NULL);
  int i;
  for (i = 0; i < 3; i++) {
    install_crash_reporter();
    wasp_claim_signals();
    FAILS(WASP_ERROR_TRAP, "", wasp_call(it, wasp_str("bounds"), NO_ARGS, WASP_NONE, NULL));
    OK(wasp_instance_reset(it));
  }
  wasp_instance_free(it);
}

static void closed_streams(void) {
  close(0), close(1), close(2);
  works();
}

static void small_threads(void) { on_thread(works_on_thread, 128 << 10); }

static void locked_memory(void) {
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) CHECK(errno == EPERM || errno == ENOMEM);
  works();
}

static void optional_calls(void) {
  static const int calls[] = {SYS_membarrier,        SYS_getrusage,   SYS_ioctl,         SYS_prlimit64,
                              SYS_sched_getaffinity, SYS_sched_yield, SYS_sched_setattr, SYS_prctl};
  refuse(calls, sizeof calls / sizeof *calls, EPERM);
  works();
}

static void calls_after_start(void) {
  static const int calls[] = {SYS_membarrier, SYS_getrusage, SYS_ioctl, SYS_memfd_create};
  wasp_instance *it = instance_of(wasp_str(GUEST), NULL);
  int i;
  refuse(calls, sizeof calls / sizeof *calls, ENOSYS);
  for (i = 0; i < 50; i++) {
    CHECK(call_i32(it, "grow") == 1);
    wasp_instance_interrupt(it);
    OK(wasp_instance_reset(it));
  }
  wasp_instance_free(it);
}

/* What can't work says so. */
static void fails(wasp_error_tag kind, const char *part, bool limited) {
  FAILS(kind, part, try_all(WASP_COMPILER_CRANELIFT, limited));
  FAILS(kind, part, try_all(WASP_COMPILER_SINGLEPASS, limited));
}

static void no_threads(void) {
  static const int calls[] = {SYS_clone, SYS_clone3};
  refuse(calls, 2, EAGAIN);
  fails(WASP_ERROR_RESOURCE, "no thread for time limits", true);
  fails(WASP_ERROR_RESOURCE, "no thread to compile on", false);
}

static void no_address_space(void) {
  limit(RLIMIT_AS, (rlim_t)4 << 30);
  fails(WASP_ERROR_RESOURCE, "address space", false);
  works();
}

static void small_files(void) {
  limit(RLIMIT_FSIZE, 1000);
  fails(WASP_ERROR_RESOURCE, "File too large", false);
}

static void no_descriptors(void) {
  limit(RLIMIT_NOFILE, 3);
  fails(WASP_ERROR_RESOURCE, "Too many open files", false);
}

/* What keeps tenants apart isn't optional. */
static void no_advice(void) {
  static const int calls[] = {SYS_madvise};
  refuse(calls, 1, EPERM);
  fails(WASP_ERROR_RESOURCE, "no memory for its snapshot", false);
}

static void no_executable_memory(void) {
  /* PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: since Linux 6.3. */
  if (prctl(65, 1, 0, 0, 0) != 0) return;
  fails(WASP_ERROR_RESOURCE, "may not make memory executable", false);
}

static void *busy(void *unused) {
  for (;;) {
    wasp_error_free(try_all(WASP_COMPILER_SINGLEPASS, true));
    if (unused != NULL) return NULL;
  }
}

static void forks(void) {
  pthread_t threads[2];
  int round, status;
  works();
  CHECK(pthread_create(&threads[0], NULL, busy, NULL) == 0 && pthread_create(&threads[1], NULL, busy, NULL) == 0);
  for (round = 0; round < 20; round++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      alarm(20);
      OK(try_all(round % 2 ? WASP_COMPILER_CRANELIFT : WASP_COMPILER_SINGLEPASS, true));
      _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  _exit(0);
}

static const struct {
  const char *name;
  void (*run)(void);
} conditions[] = {
    {"nothing", nothing},
    {"blocked signals", blocked_signals},
    {"a handler before", handler_before},
    {"a handler after", handler_after},
    {"closed streams", closed_streams},
    {"128 KiB threads", small_threads},
    {"locked memory", locked_memory},
    {"optional calls refused", optional_calls},
    {"calls refused later", calls_after_start},
    {"no threads", no_threads},
    {"no address space", no_address_space},
    {"small files", small_files},
    {"no descriptors", no_descriptors},
    {"no advice", no_advice},
    {"no executable memory", no_executable_memory},
    {"forks", forks},
};
enum { CONDITIONS = sizeof conditions / sizeof *conditions };

bool run_condition(const char *name) {
  int i;
  for (i = 0; i < CONDITIONS; i++) {
    if (strcmp(conditions[i].name, name) != 0) continue;
    alarm(100);
    conditions[i].run();
    return true;
  }
  return false;
}

void test_conditions(void) {
  int i, status;
  for (i = 0; i < CONDITIONS; i++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      execl("/proc/self/exe", "condition", conditions[i].name, (char *)NULL);
      _exit(127);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0) fprintf(stderr, "condition \"%s\": status %x\n", conditions[i].name, (unsigned)status);
    CHECK(status == 0);
  }
}
