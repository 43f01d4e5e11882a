/* Callbacks: what they get and give, what they may do, and that their user data is freed once on every path. */

#include "test.h"

static void nothing(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data, (void)caller, (void)args, (void)arg_count;
}

static wasp_error *run(wasp_instance *instance) {
  return wasp_call(instance, wasp_str("run"), NO_ARGS, WASP_NONE, NULL);
}

/* Answers with its last argument. The user data counts calls. */
static void answer_last(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  ++*(int *)user_data;
  wasp_caller_set_result(caller, args[arg_count - 1]);
}

static void offer(wasp_config *config, const char *name, wasp_kind kind, wasp_callback_fn callback, void *user_data) {
  wasp_config_add_callback(config, wasp_str("host"), wasp_str(name), &kind, 1, kind, callback, user_data, NULL);
}

static void kinds(void) {
  const wasp_kind ten[] = {WASP_I32, WASP_I64, WASP_F32, WASP_F64, WASP_I32,
                           WASP_I32, WASP_I32, WASP_I32, WASP_I32, WASP_I32};
  wasp_config *config = wasp_config_new();
  wasp_instance *it;
  wasp_value arg, result;
  int calls = 0, size;
  offer(config, "i32", WASP_I32, answer_last, &calls);
  offer(config, "i64", WASP_I64, answer_last, &calls);
  offer(config, "f32", WASP_F32, answer_last, &calls);
  offer(config, "f64", WASP_F64, answer_last, &calls);
  offer(config, "string", WASP_STRING, answer_last, &calls);
  offer(config, "bytes", WASP_BYTES, answer_last, &calls);
  wasp_config_add_callback(config, wasp_str("host"), wasp_str("last"), ten, 10, WASP_I32, answer_last, &calls, NULL);
  it = instance_of_file("callback.wat", config);
  wasp_config_free(config);

  arg = wasp_value_i32(INT32_MIN);
  OK(wasp_call(it, wasp_str("i32"), &arg, 1, WASP_I32, &result));
  CHECK(result.of.i32 == INT32_MIN);
  arg = wasp_value_i64(INT64_MIN);
  OK(wasp_call(it, wasp_str("i64"), &arg, 1, WASP_I64, &result));
  CHECK(result.of.i64 == INT64_MIN);
  arg = wasp_value_f32(-0.5f);
  OK(wasp_call(it, wasp_str("f32"), &arg, 1, WASP_F32, &result));
  CHECK(result.of.f32 == -0.5f);
  arg = wasp_value_f64(1e300);
  OK(wasp_call(it, wasp_str("f64"), &arg, 1, WASP_F64, &result));
  CHECK(result.of.f64 == 1e300);
  for (size = 0; size <= 30000; size += 10000) {
    static char many[30001];
    memset(many, 'x', (size_t)size);
    many[size] = '\0';
    arg = wasp_value_string(many);
    OK(wasp_call(it, wasp_str("string"), &arg, 1, WASP_STRING, &result));
    CHECK(equal(result.of.slice, many));
    many[size / 2] = '\0';
    arg = wasp_value_bytes(many, (size_t)size);
    OK(wasp_call(it, wasp_str("bytes"), &arg, 1, WASP_BYTES, &result));
    CHECK(result.of.slice.len == (size_t)size && (size == 0 || memcmp(result.of.slice.ptr, many, (size_t)size) == 0));
  }
  CHECK(call_i32(it, "last") == 10);
  CHECK(call_i32(it, "live") == 0);
  CHECK(calls == 4 + 8 + 1);
  wasp_instance_free(it);
}

/* Answers as the user data says. */
static void answer(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  char text[] = "gone at once";
  (void)args, (void)arg_count;
  switch (*(int *)user_data) {
  case 0: /* nothing */ break;
  case 1: /* another kind */ wasp_caller_set_result(caller, wasp_value_string("text")); break;
  case 2: /* a number of another kind that fits */ wasp_caller_set_result(caller, wasp_value_i64(5)); break;
  case 3: /* one that does not */ wasp_caller_set_result(caller, wasp_value_i64(INT64_C(1) << 40)); break;
  case 4: /* the last one counts */
    wasp_caller_set_result(caller, wasp_value_i32(1));
    wasp_caller_set_result(caller, wasp_value_i32(2));
    break;
  case 5: /* a failure is the outcome, before and after an answer */
    wasp_caller_fail(caller, wasp_str(text));
    memset(text, 'x', sizeof text);
    wasp_caller_set_result(caller, wasp_value_i32(1));
    break;
  case 6:
    wasp_caller_set_result(caller, wasp_value_i32(1));
    wasp_caller_fail(caller, wasp_str(text));
    memset(text, 'x', sizeof text);
    break;
  case 7: { /* no kind */
    wasp_value value = wasp_value_i32(1);
    value.kind = 77;
    wasp_caller_set_result(caller, value);
    break;
  }
  case 8: /* bad text */ wasp_caller_set_result(caller, wasp_value_string("\xff")); break;
  case 9: /* a failure without words, and one that is not UTF-8 */ wasp_caller_fail(caller, wasp_str(NULL)); break;
  case 10: wasp_caller_fail(caller, wasp_str("bad \xff")); break;
  case 11: /* a good one makes a bad one undone */
    wasp_caller_set_result(caller, wasp_value_string("\xff"));
    wasp_caller_set_result(caller, wasp_value_i64(INT64_C(1) << 40));
    wasp_caller_set_result(caller, wasp_value_i32(3));
    break;
  case 12: /* and a bad one a good one */
    wasp_caller_set_result(caller, wasp_value_i32(3));
    wasp_caller_set_result(caller, wasp_value_string("\xff"));
    break;
  }
}

static void answers(void) {
  const char *failures[] = {"no answer",
                            "\"host\".\"i32\"",
                            NULL,
                            "1099511627776",
                            NULL,
                            "gone at once",
                            "gone at once",
                            "unknown kind 77",
                            "not UTF-8",
                            "\"host\".\"i32\"",
                            "bad \xef\xbf\xbd",
                            NULL,
                            "not UTF-8"};
  const int32_t results[] = {0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 3};
  wasp_config *config = wasp_config_new();
  wasp_instance *it;
  wasp_value arg = wasp_value_i32(0), result;
  int how;
  offer(config, "i32", WASP_I32, answer, &how);
  it = instance_of(
      WAT((module (import "host" "i32" (func (param i32) (result i32)))
                        (func (export "run") (param i32) (result i32) local.get 0 call 0))),
          config);
  wasp_config_free(config);
  for (how = 0; how <= 12; how++) {
    wasp_error *error;
    memset(&result, 0x55, sizeof result);
    error = wasp_call(it, wasp_str("run"), &arg, 1, WASP_I32, &result);
    if (failures[how] == NULL) {
      OK(error);
      CHECK(result.of.i32 == results[how]);
    } else {
      CHECK(equal(wasp_error_function(error), "run"));
      FAILS(WASP_ERROR_CALLBACK, failures[how], error);
      CHECK(result.kind == 0x55555555);
      OK(wasp_instance_reset(it));
    }
  }
  wasp_instance_free(it);
}

/* What a callback that runs may use. */
static struct {
  wasp_engine *engine;
  wasp_instance *own, *other;
  int freed;
} world;

static void use_another(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  wasp_instance *third;
  nothing(user_data, caller, args, arg_count);
  CHECK(call_i32(world.other, "one") == 1);
  OK(run(world.other));
  OK(wasp_instance_reset(world.other));
  OK(wasp_engine_register(world.engine, wasp_str("third"),
                          WAT((module (func (export "one") (result i32) i32.const 1))), NULL));
  third = new_instance(world.engine, "third");
  CHECK(call_i32(third, "one") == 1);
  wasp_instance_free(third);
}

static void use_own(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  size_t count;
  nothing(user_data, caller, args, arg_count);
  FAILS(WASP_ERROR_BUSY, "one at a time", run(world.own));
  FAILS(WASP_ERROR_BUSY, "one at a time", wasp_instance_reset(world.own));
  CHECK(wasp_instance_functions(world.own, &count) != NULL && count == 2);
}

static void free_engine(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  nothing(user_data, caller, args, arg_count);
  OK(wasp_engine_unregister(world.engine, wasp_str("it")));
  wasp_engine_free(world.engine);
  CHECK(world.freed == 0);
}

static void free_own(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  nothing(user_data, caller, args, arg_count);
  wasp_instance_free(world.own);
  CHECK(world.freed == 0);
  wasp_caller_fail(caller, wasp_str("not heard"));
}

static void free_all(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  free_own(user_data, caller, args, arg_count);
  wasp_engine_free(world.engine);
  CHECK(world.freed == 0);
}

static void register_f(wasp_callback_fn f) {
  wasp_config *config = new_config(f, &world.freed, count);
  world.freed = 0;
  OK(wasp_engine_register(world.engine, wasp_str("it"), CALLS_F, config));
  wasp_config_free(config);
}

static void set_up(wasp_callback_fn f) {
  world.engine = new_engine();
  register_f(f);
  world.own = new_instance(world.engine, "it");
}

static void nested_use(void) {
  set_up(nothing);
  world.other = world.own;
  register_f(use_another);
  world.own = new_instance(world.engine, "it");
  OK(run(world.own));
  OK(run(world.own));
  wasp_instance_free(world.own);
  wasp_instance_free(world.other);
  wasp_engine_free(world.engine);

  set_up(use_own);
  OK(run(world.own));
  CHECK(call_i32(world.own, "one") == 1);
  wasp_instance_free(world.own);
  wasp_engine_free(world.engine);

  set_up(free_engine);
  OK(run(world.own));
  CHECK(call_i32(world.own, "one") == 1);
  CHECK(world.freed == 0);
  wasp_instance_free(world.own);
  CHECK(world.freed == 1);

  set_up(free_own);
  FAILS(WASP_ERROR_INVALID, "freed", run(world.own));
  CHECK(world.freed == 0);
  wasp_engine_free(world.engine);
  CHECK(world.freed == 1);

  set_up(free_all);
  FAILS(WASP_ERROR_INVALID, "freed", run(world.own));
  CHECK(world.freed == 1);
}

/* Fails. */
static void refuse(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  nothing(user_data, caller, args, arg_count);
  wasp_caller_fail(caller, wasp_str("it refuses"));
}

static void fail_inside(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  nothing(user_data, caller, args, arg_count);
  FAILS(WASP_ERROR_TRAP, "unreachable", wasp_call(world.other, wasp_str("trap"), NO_ARGS, WASP_NONE, NULL));
}

static void nested_failures(void) {
  wasp_config *config = new_config(refuse, NULL, NULL);
  wasp_instance *it = instance_of(CALLS_F, config);
  wasp_error *error = run(it);
  CHECK(equal(wasp_error_function(error), "run"));
  FAILS(WASP_ERROR_CALLBACK, "callback \"env\".\"f\": it refuses", error);
  FAILS(WASP_ERROR_POISONED, "it refuses", run(it));
  wasp_instance_free(it);
  wasp_config_free(config);

  /* A trap in another instance is that one's. */
  world.other = instance_of_file("echo.wat", NULL);
  config = new_config(fail_inside, NULL, NULL);
  it = instance_of(CALLS_F, config);
  OK(run(it));
  CHECK(call_i32(it, "one") == 1);
  wasp_instance_free(it);
  wasp_instance_free(world.other);
  wasp_config_free(config);
}

/* Calls itself in another instance, as often as the user data says, and passes on what went wrong there. */
static void dive(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  int *left = user_data;
  nothing(user_data, caller, args, arg_count);
  if (--*left > 0) {
    wasp_instance *next = new_instance(world.engine, "it");
    wasp_error *error = run(next);
    if (error != NULL) wasp_caller_fail(caller, wasp_error_message(error));
    wasp_error_free(error);
    wasp_instance_free(next);
  }
}

static void deep(void) {
  int left;
  wasp_config *config = new_config(dive, &left, NULL);
  wasp_instance *it;
  world.engine = new_engine();
  OK(wasp_engine_register(world.engine, wasp_str("it"), CALLS_F, config));
  wasp_config_free(config);
  it = new_instance(world.engine, "it");
  left = 50;
  OK(run(it));
  CHECK(left == 0);

  /* Too deep for the stack is an error, and all above can go on. */
  left = 1000000;
  FAILS(WASP_ERROR_CALLBACK, "deep", run(it));
  CHECK(left > 0);
  OK(wasp_instance_reset(it));
  left = 50;
  OK(run(it));
  wasp_instance_free(it);
  wasp_engine_free(world.engine);
}

/* A host function that the plugin exports again is a function like any other. */
static void exported_again(void) {
  wasp_config *config = wasp_config_new();
  wasp_instance *it;
  wasp_value arg = wasp_value_i32(7), result;
  int calls = 0;
  offer(config, "i32", WASP_I32, answer_last, &calls);
  it = instance_of(WAT((module (import "host" "i32" (func (param i32) (result i32))) (export "run" (func 0)))),
                       config);
  OK(wasp_call(it, wasp_str("run"), &arg, 1, WASP_I32, &result));
  CHECK(result.of.i32 == 7 && calls == 1);
  wasp_instance_free(it);
  wasp_config_free(config);
}

/* The listing that is offered last counts, and a config may serve many plugins. */
static void configs(void) {
  wasp_engine *engine = new_engine();
  int first = 0, second = 0;
  wasp_config *config = new_config(nothing, &first, count);
  wasp_instance *one, *two;
  OK(wasp_engine_register(engine, wasp_str("one"), CALLS_F, config));
  OK(wasp_engine_register(engine, wasp_str("two"), CALLS_F, config));
  wasp_config_add_callback(config, wasp_str("env"), wasp_str("f"), NULL, 0, WASP_NONE, nothing, &second, count);
  CHECK(first == 0 && second == 0);
  one = new_instance(engine, "one");
  two = new_instance(engine, "two");
  wasp_config_free(config);
  CHECK(first == 0 && second == 1);
  OK(wasp_engine_unregister(engine, wasp_str("one")));
  wasp_instance_free(one);
  CHECK(first == 0);
  wasp_engine_free(engine);
  CHECK(first == 0);
  wasp_instance_free(two);
  CHECK(first == 1 && second == 1);
}

/* After each of these calls the user data was freed once. */
static void freed_on_bad_arguments(void) {
  const wasp_slice env = wasp_str("env"), f = wasp_str("f"), not_utf8 = wasp_str("\xff"), null = {NULL, 1};
  const wasp_kind unknown = 77, none = WASP_NONE;
  wasp_engine *engine = new_engine();
  int how;
  for (how = 0; how < 9; how++) {
    const char *faults[] = {NULL,      "NULL",    "not UTF-8",      "not UTF-8", "at NULL", "unknown kind 77",
                            "no kind", "at NULL", "unknown kind 77"};
    wasp_config *config = wasp_config_new();
    int freed = 0;
    switch (how) {
    case 0: wasp_config_add_callback(NULL, env, f, NULL, 0, 0, nothing, &freed, count); break;
    case 1: wasp_config_add_callback(config, env, f, NULL, 0, 0, NULL, &freed, count); break;
    case 2: wasp_config_add_callback(config, not_utf8, f, NULL, 0, 0, nothing, &freed, count); break;
    case 3: wasp_config_add_callback(config, env, not_utf8, NULL, 0, 0, nothing, &freed, count); break;
    case 4: wasp_config_add_callback(config, env, null, NULL, 0, 0, nothing, &freed, count); break;
    case 5: wasp_config_add_callback(config, env, f, &unknown, 1, 0, nothing, &freed, count); break;
    case 6: wasp_config_add_callback(config, env, f, &none, 1, 0, nothing, &freed, count); break;
    case 7: wasp_config_add_callback(config, env, f, NULL, 1, 0, nothing, &freed, count); break;
    case 8: wasp_config_add_callback(config, env, f, NULL, 0, 77, nothing, &freed, count); break;
    }
    CHECK(freed == 1);
    if (faults[how] != NULL)
      FAILS(WASP_ERROR_INVALID, faults[how], wasp_engine_register(engine, wasp_str("it"), CALLS_F, config));
    wasp_config_free(config);
    CHECK(freed == 1);
  }
  wasp_engine_free(engine);
}

static void freed_once(void) {
  const wasp_slice name = wasp_str("it");
  wasp_engine *engine = new_engine();
  wasp_config *config;
  wasp_instance *it;
  int freed = 0, next = 0;

  /* A config that nobody used. */
  wasp_config_free(new_config(nothing, &freed, count));
  CHECK(freed == 1);

  /* The same name again. */
  freed = 0;
  config = new_config(nothing, &freed, count);
  wasp_config_add_callback(config, wasp_str("env"), wasp_str("f"), NULL, 0, WASP_NONE, nothing, NULL, NULL);
  CHECK(freed == 1);
  wasp_config_free(config);
  CHECK(freed == 1);

  /* Registrations that fail. */
  freed = 0;
  config = new_config(nothing, &freed, count);
  FAILS(WASP_ERROR_COMPILE, "", wasp_engine_register(engine, name, wasp_str("no module"), config));
  FAILS(WASP_ERROR_IO, "", wasp_engine_register_file(engine, name, wasp_str("missing.wasm"), config));
  FAILS(WASP_ERROR_IMPORT_NOT_FOUND, "",
        wasp_engine_register(engine, name,
                             WAT((module (import "env" "g" (func)))),
                                 config));
  FAILS(WASP_ERROR_TRAP, "",
        wasp_engine_register(engine, name,
                             WAT((module (import "env" "f" (func)) (func (export "_start") call 0 unreachable))),
                                 config));
  FAILS(WASP_ERROR_INVALID, "", wasp_engine_register(NULL, name, CALLS_F, config));
  CHECK(freed == 0);
  wasp_config_free(config);
  CHECK(freed == 1);

  /* A plugin that is replaced, with and without a living instance. */
  freed = 0;
  config = new_config(nothing, &freed, count);
  OK(wasp_engine_register(engine, name, CALLS_F, config));
  wasp_config_free(config);
  config = new_config(nothing, &next, count);
  OK(wasp_engine_register(engine, name, CALLS_F, config));
  wasp_config_free(config);
  CHECK(freed == 1 && next == 0);
  it = new_instance(engine, "it");
  OK(wasp_engine_register(engine, name, CALLS_F, config = new_config(nothing, NULL, NULL)));
  wasp_config_free(config);
  OK(run(it));
  OK(wasp_instance_reset(it));
  OK(run(it));
  CHECK(next == 0);
  wasp_instance_free(it);
  CHECK(next == 1);

  /* A plugin that goes with its engine. */
  freed = 0;
  config = new_config(nothing, &freed, count);
  OK(wasp_engine_register(engine, name, CALLS_F, config));
  wasp_config_free(config);
  wasp_engine_free(engine);
  CHECK(freed == 1);
}

/* What frees user data may use the engine. */
static void use_engine(void *user_data) {
  const wasp_slice name = wasp_str("from free");
  wasp_instance *it;
  count(user_data);
  OK(wasp_engine_register(world.engine, name, WAT((module (func (export "one") (result i32) i32.const 1))), NULL));
  it = new_instance(world.engine, "from free");
  CHECK(call_i32(it, "one") == 1);
  wasp_instance_free(it);
  OK(wasp_engine_unregister(world.engine, name));
}

static void free_uses_the_engine(void) {
  int freed = 0;
  wasp_config *config = new_config(nothing, &freed, use_engine);
  wasp_instance *it;
  world.engine = new_engine();
  OK(wasp_engine_register(world.engine, wasp_str("it"), CALLS_F, config));
  wasp_config_free(config);
  OK(wasp_engine_register(world.engine, wasp_str("it"), WAT((module)), NULL));
  CHECK(freed == 1);

  config = new_config(nothing, &freed, use_engine);
  OK(wasp_engine_register(world.engine, wasp_str("it"), CALLS_F, config));
  wasp_config_free(config);
  OK(wasp_engine_unregister(world.engine, wasp_str("it")));
  CHECK(freed == 2);

  config = new_config(nothing, &freed, use_engine);
  OK(wasp_engine_register(world.engine, wasp_str("it"), CALLS_F, config));
  wasp_config_free(config);
  it = new_instance(world.engine, "it");
  OK(wasp_engine_unregister(world.engine, wasp_str("it")));
  CHECK(freed == 2);
  wasp_instance_free(it);
  CHECK(freed == 3);
  wasp_engine_free(world.engine);
}

void test_callbacks(void) {
  kinds();
  answers();
  nested_use();
  nested_failures();
  deep();
  exported_again();
  configs();
  freed_on_bad_arguments();
  freed_once();
  free_uses_the_engine();
}
