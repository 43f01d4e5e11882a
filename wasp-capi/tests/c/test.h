/* The few words that the C tests share. A check that fails ends the program. */

#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasp.h>

void test_header(void);
void test_api(void);
void test_callbacks(void);
void test_errors(void);
void test_limits(void);
void test_threads(void);
void test_misuse(void);
void test_leaks(void);
void test_stacks(void);
void test_conditions(void);
void test_numbers(void);
void test_memory(void);
void test_info(void);
void test_scripts(void);
void test_extism(void);
/* Runs the condition of that name, if there is one, in this process. */
bool run_condition(const char *name);

#define CHECK(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition))
/* The call succeeds. */
#define OK(call) check_ok(__FILE__, __LINE__, call)
/* The call fails with an error of that kind, whose message has `part` in it. */
#define FAILS(kind, part, call) check_fails(__FILE__, __LINE__, kind, part, call)
/* A module in the text format, without quotes of its own: WAT((module (func (export "f")))) */
#define WAT(...) wasp_str(#__VA_ARGS__)

#define NO_ARGS NULL, 0

void fail(const char *file, int line, const char *what);
void check_ok(const char *file, int line, wasp_error *error);
void check_fails(const char *file, int line, wasp_error_tag kind, const char *part, wasp_error *error);

bool equal(wasp_slice a, const char *b);
bool contains(wasp_slice text, const char *part);

/* An engine with the default options, or with that compiler. */
wasp_engine *new_engine(void);
wasp_engine *new_engine_with(wasp_compiler compiler);
/* A config that offers the callback `env`.`f`, which takes and gives nothing. */
wasp_config *new_config(wasp_callback_fn f, void *user_data, wasp_free_fn free);
/* An instance of that plugin. */
wasp_instance *new_instance(wasp_engine *engine, const char *plugin);
/* An instance of a module that nothing else keeps: no name, no engine. `config` may be NULL. */
wasp_instance *instance_of(wasp_slice wasm, const wasp_config *config);
wasp_instance *instance_of_file(const char *path, const wasp_config *config);
/* Calls a function without arguments that gives an i32. */
int32_t call_i32(wasp_instance *instance, const char *function);

/* The plugin that calls `env`.`f` when its function "run" is called. */
#define CALLS_F                                                                                                        \
  WAT((module (import "env" "f" (func)) (func (export "run") (call 0)) (func (export "one") (result i32) i32.const 1)))

/* A `wasp_free_fn` that counts its calls in the int that is the user data. */
void count(void *user_data);
