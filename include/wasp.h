/* wasp: WebAssembly plugins. Load a module, get a sandbox, call its functions with plain values.
 *
 * Generated from wasp-capi; changes belong there.
 *
 * Ownership. What `wasp_x_new` gives is yours until `wasp_x_free`, where NULL is allowed. Handles keep alive what they
 * need, so free them in any order. A `wasp_error` is yours. Everything else is borrowed: arguments for the call, a
 * result until the next call, reset or free of its instance, what an error holds as long as the error.
 *
 * Errors. A function that can fail returns NULL on success, else an error to be freed; then nothing is written to its
 * outputs. A NULL handle is an error, not a crash. Nothing here aborts or unwinds into your code.
 *
 * Text is a slice, UTF-8 and not NUL-terminated. What can't be checked is yours to keep: a slice points to `len`
 * readable bytes, an array to as many things as its count, a handle is NULL or alive, and the member of a value that its
 * kind names is set.
 *
 * Threads. An engine may be used from any thread at once. An instance may move between threads but runs one call at a
 * time: a second one is WASP_ERROR_BUSY. Instances run in parallel. Callbacks run on the thread that called `wasp_call`,
 * before it returns; they may use other instances.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WASP_VERSION "0.1.0"
#define WASP_VERSION_NUMBER 100 /* major * 10000 + minor * 100 + patch */


// How a callback answers. Only there while the callback runs, and only for it.
typedef struct wasp_caller wasp_caller;

// What a plugin is given: callbacks, environment, volumes, limits. Used by one thread at a time. `wasp_engine_register`
// copies it, so it can be changed, used again and freed at any time.
//
// The functions that fill it don't fail: what is wrong with an argument is the error of the registration.
typedef struct wasp_config wasp_config;

// Holds plugins by name and makes instances of them. It may be used from any thread at once. It may be freed before its
// instances.
typedef struct wasp_engine wasp_engine;

// What went wrong. Yours, to be freed with `wasp_error_free`. It never changes, so any thread may read it.
typedef struct wasp_error wasp_error;

// One sandbox: a plugin with memory of its own. It may move between threads, but runs one call at a time: a second one
// is WASP_ERROR_BUSY. Instances run in parallel.
typedef struct wasp_instance wasp_instance;

// Text or bytes that somebody else owns: `len` bytes at `ptr`, not NUL-terminated. Text is UTF-8. `ptr` may be NULL if
// `len` is 0.
typedef struct {
  const char *ptr;
  size_t len;
} wasp_slice;

// What kind a value is: one of the constants below.
typedef uint32_t wasp_kind;

// What a `wasp_value` holds: the member that its kind names, `slice` for strings and bytes.
typedef union {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
  wasp_slice slice;
} wasp_value_of;

// An argument or a result.
typedef struct {
  wasp_kind kind;
  wasp_value_of of;
} wasp_value;

// A host function. It runs on the thread that called `wasp_call`, before that returns; where several instances run, on
// several threads at once. `args` are borrowed until it returns. It answers through `caller`, which is gone when it
// returns. It may use other instances; its own is busy. It must return: no longjmp, no exception.
typedef void (*wasp_callback_fn)(void *user_data,
                                 wasp_caller *caller,
                                 const wasp_value *args,
                                 size_t arg_count);

// Frees what a `user_data` pointer owns. Called exactly once, on any thread.
typedef void (*wasp_free_fn)(void *user_data);

// What one instance may use at most. Set `size` to `sizeof(wasp_limits)`; 0 in any other field is its default.
typedef struct {
  // `sizeof(wasp_limits)`
  size_t size;
  // Linear memory in bytes, in whole pages of 64 KiB. The default is 4 GiB. Beyond it the guest's `memory.grow`
  // gives -1.
  uint64_t memory_bytes;
  // The time that a call may take, and start-up at registration, in nanoseconds, callbacks and sleeps included. The
  // default is no limit. A guest is stopped where it enters a function or begins a loop anew.
  uint64_t timeout_ns;
  // The stack of guest code in bytes, from 64 KiB to 100 MiB. The default is 1 MiB. Stacks are pooled by thread, so a
  // call may find a larger one.
  uint64_t stack_bytes;
  // Elements over all tables. The default is 1,000,000.
  uint64_t table_elements;
  // How many released instances of the plugin are kept ready for `wasp_instance_new`. The default is 64.
  uint64_t idle_instances;
} wasp_limits;

// Which compiler makes machine code of plugins: one of the constants below, or 0 for the default, Cranelift.
typedef uint32_t wasp_compiler;

// What the standard streams of plugins are: one of the constants below, or 0 for the default, those of this process.
typedef uint32_t wasp_stdio;

// How much a log line matters: one of the constants below.
typedef uint32_t wasp_log_level;

// A value of a log line, with its name.
typedef struct {
  wasp_slice name;
  wasp_slice value;
} wasp_log_field;

// Hears what happens: a message that is always the same for the same event, and the values that belong to it. All are
// borrowed until it returns. It runs on whichever thread has something to say, on several at once where several
// instances run, and must not use the instance that it hears of.
typedef void (*wasp_log_fn)(void *user_data,
                            wasp_log_level level,
                            wasp_slice message,
                            const wasp_log_field *fields,
                            size_t field_count);

// How an engine works. Set `size` to `sizeof(wasp_engine_options)`; 0 or NULL in any other field is its default.
typedef struct {
  // `sizeof(wasp_engine_options)`
  size_t size;
  wasp_compiler compiler;
  wasp_stdio stdio;
  // Where compiled modules are kept between runs; empty for nowhere. It is made if it isn't there. What is in it runs
  // as code: it must belong to whoever runs the process, and to nobody else.
  wasp_slice cache_directory;
  // Who hears what happens; NULL for nobody.
  wasp_log_fn log;
  // The least important level that `log` wants; 0 for WASP_LEVEL_INFO.
  wasp_log_level log_level;
  // Passed to `log`.
  void *log_user_data;
  // Called with `log_user_data` once, when the engine, its plugins and their instances are gone, or when
  // `wasp_engine_new` fails. May be NULL.
  wasp_free_fn log_free;
} wasp_engine_options;

// What kind an error is: one of the constants below.
typedef uint32_t wasp_error_tag;

// One frame of a guest's stack: the function's name, empty where the module has none, its index in the module, and the
// offset in bytes of the instruction from the start of the module.
typedef struct {
  wasp_slice function;
  uint32_t function_index;
  uint32_t module_offset;
} wasp_frame;

// An import that nobody provides, or with another type.
typedef struct {
  wasp_slice module;
  wasp_slice name;
} wasp_import;

// A function that a plugin offers: its name and what it takes and gives. Where the plugin doesn't declare its signature,
// `declared` is false and a WASP_I32 may stand for a string or bytes.
typedef struct {
  wasp_slice name;
  const wasp_kind *params;
  size_t param_count;
  wasp_kind result;
  bool declared;
} wasp_function;

// Compiles in one pass: ready soonest, runs slower.
#define WASP_COMPILER_SINGLEPASS 1

// Optimises: takes longer, runs fastest.
#define WASP_COMPILER_CRANELIFT 2

// Those of this process.
#define WASP_STDIO_INHERIT 1

// Nothing to read; what plugins write goes to the log, line by line.
#define WASP_STDIO_LOG 2

// Nothing to read; what plugins write is dropped.
#define WASP_STDIO_NONE 3

// Something failed that nobody else will hear of.
#define WASP_LEVEL_ERROR 1

// What an operator wants to see, as the lines that a plugin prints.
#define WASP_LEVEL_INFO 2

// Each call, callback and block of guest memory.
#define WASP_LEVEL_DEBUG 3

// Everything.
#define WASP_LEVEL_TRACE 4

// An argument of the host is wrong: a NULL handle, an unknown kind, an option out of range.
#define WASP_ERROR_INVALID 1

// A file or directory of the host can't be used.
#define WASP_ERROR_IO 2

// The bytes are not a module that wasp can compile.
#define WASP_ERROR_COMPILE 3

// The module imports something that nobody provides, or with another type.
#define WASP_ERROR_IMPORT_NOT_FOUND 4

// No plugin is registered under that name.
#define WASP_ERROR_PLUGIN_NOT_FOUND 5

// The plugin exports no function of that name.
#define WASP_ERROR_FUNCTION_NOT_FOUND 6

// The arguments or the result don't fit the function's WebAssembly signature.
#define WASP_ERROR_SIGNATURE 7

// The guest broke the ABI: a pointer outside memory, a string without end, text that is not UTF-8.
#define WASP_ERROR_ABI 8

// The guest trapped: unreachable, out of bounds, division by zero, stack overflow, ...
#define WASP_ERROR_TRAP 9

// The guest reported an error through `env.raise_error`; the message is its text.
#define WASP_ERROR_GUEST 10

// The guest called `env.abort`.
#define WASP_ERROR_ABORT 11

// The guest called `proc_exit`.
#define WASP_ERROR_EXIT 12

// A callback failed.
#define WASP_ERROR_CALLBACK 13

// The call ran past its time limit.
#define WASP_ERROR_TIMEOUT 14

// The host interrupted the call.
#define WASP_ERROR_CANCELLED 15

// The machine or a limit has no more to give: memory, address space, stack.
#define WASP_ERROR_RESOURCE 16

// An earlier call ended half-way, so the instance must be reset before it is used again.
#define WASP_ERROR_POISONED 17

// The instance runs a call already.
#define WASP_ERROR_BUSY 18

// A defect of wasp itself: please report it.
#define WASP_ERROR_INTERNAL 19

// No value: a function without a result, or a result that the caller doesn't want.
#define WASP_NONE 0

#define WASP_I32 1

#define WASP_I64 2

#define WASP_F32 3

#define WASP_F64 4

// UTF-8 text without a NUL inside.
#define WASP_STRING 5

// Any bytes.
#define WASP_BYTES 6

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// A config that gives a plugin nothing. Yours, to be freed with `wasp_config_free`.
wasp_config *wasp_config_new(void);

// Frees a config. NULL is allowed. Callbacks live on in the plugins that were registered with it.
void wasp_config_free(wasp_config *config);

// Sets an environment variable of the plugin. The host's own environment is never visible.
void wasp_config_set_env(wasp_config *config, wasp_slice name, wasp_slice value);

// Shows the host's directory `host_path` to the plugin as `guest_path`, an absolute path. It must exist when the plugin
// is registered.
void wasp_config_add_volume(wasp_config *config,
                            wasp_slice guest_path,
                            wasp_slice host_path,
                            bool read_only);

// Offers the host function `module`.`name` to the plugin; the same name again replaces it. `user_data` is passed to the
// callback, and `free`, unless NULL, is called with it once nothing can call the callback any more: when the config, the
// plugins that were registered with it and their instances are gone.
void wasp_config_add_callback(wasp_config *config,
                              wasp_slice module,
                              wasp_slice name,
                              const wasp_kind *params,
                              size_t param_count,
                              wasp_kind result,
                              wasp_callback_fn callback,
                              void *user_data,
                              wasp_free_fn free);

// Sets the callback's result, which is copied at once; the last one counts.
void wasp_caller_set_result(wasp_caller *caller, wasp_value value);

// Makes the callback fail: when it returns, the guest is unwound and the call gives WASP_ERROR_CALLBACK with this
// message, which is copied.
void wasp_caller_fail(wasp_caller *caller,
                      wasp_slice message);

// How many nanoseconds the call that this callback belongs to may still take; UINT64_MAX where it has no limit.
uint64_t wasp_caller_remaining(const wasp_caller *caller);

// Whether instances start from a snapshot of what the plugin's start-up left, which is the default, or each runs
// start-up itself. With a snapshot, what start-up drew at random or read off a clock is the same for all instances.
void wasp_config_set_snapshot(wasp_config *config,
                              bool snapshot);

// Sets what one instance may use at most. The limits are copied.
void wasp_config_set_limits(wasp_config *config, const wasp_limits *limits);

// Makes an engine. `options` may be NULL for defaults. `engine` gets it: yours, to be freed with `wasp_engine_free`.
wasp_error *wasp_engine_new(const wasp_engine_options *options,
                            wasp_engine **engine);

// Frees an engine. NULL is allowed. Its instances live on.
void wasp_engine_free(wasp_engine *engine);

// Registers the plugin `name`: compiles `wasm`, WebAssembly in its binary or its text format, checks it against
// `config`, which may be NULL for a plugin that is given nothing, and starts it once. A name that is registered already
// is replaced for new instances; living ones keep the old plugin. On failure nothing changes.
wasp_error *wasp_engine_register(const wasp_engine *engine,
                                 wasp_slice name,
                                 wasp_slice wasm,
                                 const wasp_config *config);

// The same from a file.
wasp_error *wasp_engine_register_file(const wasp_engine *engine,
                                      wasp_slice name,
                                      wasp_slice path,
                                      const wasp_config *config);

// Compiles `wasm` ahead of time into the file `path`, for `wasp_engine_register_compiled` with the same version of wasp,
// the same compiler and a processor of the same kind.
wasp_error *wasp_engine_compile(const wasp_engine *engine,
                                wasp_slice wasm,
                                wasp_slice path);

// Registers the plugin `name` from a file that `wasp_engine_compile` wrote. It runs as code, outside every sandbox: a hash
// finds damage, but not malice, so whoever made the file must be trusted as much as this program.
wasp_error *wasp_engine_register_compiled(const wasp_engine *engine,
                                          wasp_slice name,
                                          wasp_slice path,
                                          const wasp_config *config);

// Forgets the plugin `name`; living instances keep what they need.
wasp_error *wasp_engine_unregister(const wasp_engine *engine, wasp_slice name);

// Frees an error. NULL is allowed.
void wasp_error_free(wasp_error *error);

// What kind of error it is; 0 for NULL.
wasp_error_tag wasp_error_kind(const wasp_error *error);

// One line that says what went wrong, as long as the error lives; empty for NULL.
wasp_slice wasp_error_message(const wasp_error *error);

// The plugin's function that was being called, as long as the error lives; empty if none was.
wasp_slice wasp_error_function(const wasp_error *error);

// The code that the guest gave to `proc_exit`, for WASP_ERROR_EXIT; else 0.
int32_t wasp_error_exit_code(const wasp_error *error);

// The guest's stack when it failed, innermost frame first, as long as the error lives; NULL where none is known. `count`
// gets the number of frames; it may be NULL.
const wasp_frame *wasp_error_trace(const wasp_error *error,
                                   size_t *count);

// The imports at fault, for WASP_ERROR_IMPORT_NOT_FOUND, as long as the error lives; else NULL. `count` gets their
// number; it may be NULL.
const wasp_import *wasp_error_imports(const wasp_error *error,
                                      size_t *count);

// Makes an instance of the plugin `plugin`. `workspace` is the host's directory that it sees as `/workspace`, empty for
// none. `instance` gets it: yours, to be freed with `wasp_instance_free`.
wasp_error *wasp_instance_new(const wasp_engine *engine,
                              wasp_slice plugin,
                              wasp_slice workspace,
                              wasp_instance **instance);

// Frees an instance. NULL is allowed. One that runs a call, as in a callback of its own, is freed when that call ends,
// which then gives an error.
void wasp_instance_free(wasp_instance *instance);

// Calls the plugin's function `function` with `arg_count` arguments at `args`.
//
// `result_kind` is the kind of result that you expect, since a WebAssembly signature says i32 for a string too;
// WASP_NONE ignores the result, and then `result` may be NULL. Numbers become the type that the function has if they
// fit exactly, or the call is WASP_ERROR_SIGNATURE. Text and bytes in `result` are borrowed from the instance until its
// next call, reset or free.
//
// After WASP_ERROR_TRAP, ABORT, EXIT, CALLBACK, TIMEOUT and CANCELLED the guest was stopped half-way: every later call
// gives WASP_ERROR_POISONED until `wasp_instance_reset`.
wasp_error *wasp_call(wasp_instance *instance,
                      wasp_slice function,
                      const wasp_value *args,
                      size_t arg_count,
                      wasp_kind result_kind,
                      wasp_value *result);

// Brings an instance back to the state of a new one with the same workspace. Results borrowed from it are gone.
wasp_error *wasp_instance_reset(wasp_instance *instance);

// Ends the call that the instance runs, from any thread: it gives WASP_ERROR_CANCELLED. When none runs, nothing happens,
// also not to the next one.
void wasp_instance_interrupt(const wasp_instance *instance);

// The functions that the instance's plugin offers, in the module's order, without those that belong to the guest ABI:
// as long as the instance lives, and readable while a call runs. `count` gets their number; it may be NULL.
const wasp_function *wasp_instance_functions(const wasp_instance *instance,
                                             size_t *count);

// The version of the library that runs, like "0.1.0": NUL-terminated and static. WASP_VERSION is the header's.
const char *wasp_version(void);

// The version of the guest ABI that this library speaks: 1.
uint32_t wasp_abi_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* What a struct with a `size` starts from: every other field is its default. As in
 * `wasp_limits limits = WASP_LIMITS_INIT; limits.timeout_ns = 1000000000;` */
#define WASP_LIMITS_INIT {sizeof(wasp_limits), 0, 0, 0, 0, 0}
#define WASP_ENGINE_OPTIONS_INIT {sizeof(wasp_engine_options), 0, 0, {NULL, 0}, NULL, 0, NULL, NULL}
#ifndef WASP_INLINE
#define WASP_INLINE
/* Shorthands, not part of the ABI. What they point to must outlive their use. */
static inline wasp_slice wasp_str(const char *text) {
  wasp_slice slice;
  slice.ptr = text;
  slice.len = text == NULL ? 0 : strlen(text);
  return slice;
}
static inline wasp_value wasp_value_i32(int32_t number) {
  wasp_value value;
  value.kind = WASP_I32;
  value.of.i32 = number;
  return value;
}
static inline wasp_value wasp_value_i64(int64_t number) {
  wasp_value value;
  value.kind = WASP_I64;
  value.of.i64 = number;
  return value;
}
static inline wasp_value wasp_value_f32(float number) {
  wasp_value value;
  value.kind = WASP_F32;
  value.of.f32 = number;
  return value;
}
static inline wasp_value wasp_value_f64(double number) {
  wasp_value value;
  value.kind = WASP_F64;
  value.of.f64 = number;
  return value;
}
/* A NUL-terminated text as a value. */
static inline wasp_value wasp_value_string(const char *text) {
  wasp_value value;
  value.kind = WASP_STRING;
  value.of.slice = wasp_str(text);
  return value;
}
static inline wasp_value wasp_value_bytes(const void *data, size_t len) {
  wasp_value value;
  value.kind = WASP_BYTES;
  value.of.slice.ptr = (const char *)data;
  value.of.slice.len = len;
  return value;
}
#endif
