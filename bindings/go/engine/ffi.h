/* What the Go side calls instead of wasp.h: each is one crossing, takes Go's pointers as direct arguments, and gives
 * its results by value, so that nothing has to be pinned or allocated. */

#pragma once

#include "wasp.h"

/* The context of the running call, a cgo.Handle or 0, for the callbacks that run on this thread. */
extern _Thread_local uintptr_t wasp_go_context;
/* What the last failed callback on this thread leaves to the Go function that called into the guest, or 0. */
extern _Thread_local uintptr_t wasp_go_failure;

/* A callback's arguments and its answer, on the stack of the C function between core and Go. */
typedef struct {
  wasp_caller *caller;
  const wasp_value *args;
  size_t arg_count;
  uintptr_t context;
  wasp_value answer;
  bool answered; /* directly, through wasp_caller_set_result */
  uintptr_t failure;
  char text[256];
} wasp_go_invocation;

/* The functions that core gets, in ffi.c. `user_data` is a cgo.Handle. */
void wasp_go_callback(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count);
void wasp_go_log(void *user_data, wasp_log_level level, wasp_slice message, const wasp_log_field *fields,
                 size_t field_count);
void wasp_go_free(void *user_data);

typedef struct {
  wasp_error *error;
  uintptr_t failure;
} wasp_go_outcome;

static inline wasp_go_outcome wasp_go_done(wasp_error *error) {
  wasp_go_outcome outcome = {error, wasp_go_failure};
  wasp_go_failure = 0;
  return outcome;
}

static inline wasp_slice wasp_go_slice(const char *ptr, size_t len) {
  wasp_slice slice = {ptr, len};
  return slice;
}

typedef struct {
  wasp_engine *engine;
  wasp_error *error;
} wasp_go_new_engine;

static inline wasp_go_new_engine wasp_go_engine_new(wasp_compiler compiler, wasp_stdio stdio, const char *cache,
                                                    size_t cache_len, const char *runtimes, size_t runtimes_len,
                                                    bool kernel_fault_counts, wasp_log_level level, uintptr_t log) {
  wasp_engine_options options = {
      .size = sizeof options, .compiler = compiler, .stdio = stdio, .kernel_fault_counts = kernel_fault_counts};
  wasp_go_new_engine made = {NULL, NULL};
  options.cache_directory = wasp_go_slice(cache, cache_len);
  options.runtime_directory = wasp_go_slice(runtimes, runtimes_len);
  if (log != 0) {
    options.log = wasp_go_log;
    options.log_level = level;
    options.log_user_data = (void *)log;
    options.log_free = wasp_go_free;
  }
  made.error = wasp_engine_new(&options, &made.engine);
  return made;
}

static inline wasp_go_outcome wasp_go_register(wasp_engine *engine, const char *name, size_t name_len, const char *wasm,
                                               size_t wasm_len, const wasp_config *config) {
  return wasp_go_done(
      wasp_engine_register(engine, wasp_go_slice(name, name_len), wasp_go_slice(wasm, wasm_len), config));
}

static inline wasp_go_outcome wasp_go_register_file(wasp_engine *engine, const char *name, size_t name_len,
                                                    const char *path, size_t path_len, const wasp_config *config) {
  return wasp_go_done(
      wasp_engine_register_file(engine, wasp_go_slice(name, name_len), wasp_go_slice(path, path_len), config));
}

static inline wasp_go_outcome wasp_go_register_script(wasp_engine *engine, const char *name, size_t name_len,
                                                      const char *runtime, size_t runtime_len, const char *source,
                                                      size_t source_len, const wasp_config *config) {
  return wasp_go_done(wasp_engine_register_script(engine, wasp_go_slice(name, name_len),
                                                  wasp_go_slice(runtime, runtime_len),
                                                  wasp_go_slice(source, source_len), config));
}

static inline wasp_error *wasp_go_compile(const wasp_engine *engine, const char *wasm, size_t wasm_len,
                                          const char *path, size_t path_len) {
  return wasp_engine_compile(engine, wasp_go_slice(wasm, wasm_len), wasp_go_slice(path, path_len));
}

static inline wasp_go_outcome wasp_go_register_compiled(wasp_engine *engine, const char *name, size_t name_len,
                                                        const char *path, size_t path_len, const wasp_config *config) {
  return wasp_go_done(
      wasp_engine_register_compiled(engine, wasp_go_slice(name, name_len), wasp_go_slice(path, path_len), config));
}

static inline wasp_error *wasp_go_unregister(wasp_engine *engine, const char *name, size_t name_len) {
  return wasp_engine_unregister(engine, wasp_go_slice(name, name_len));
}

static inline void wasp_go_env(wasp_config *config, const char *name, size_t name_len, const char *value,
                               size_t value_len) {
  wasp_config_set_env(config, wasp_go_slice(name, name_len), wasp_go_slice(value, value_len));
}

static inline void wasp_go_entry(wasp_config *config, const char *key, size_t key_len, const char *value,
                                 size_t value_len) {
  wasp_config_set_entry(config, wasp_go_slice(key, key_len), wasp_go_slice(value, value_len));
}

static inline void wasp_go_arg(wasp_config *config, const char *arg, size_t arg_len) {
  wasp_config_add_arg(config, wasp_go_slice(arg, arg_len));
}

static inline void wasp_go_volume(wasp_config *config, const char *guest, size_t guest_len, const char *host,
                                  size_t host_len, bool read_only) {
  wasp_config_add_volume(config, wasp_go_slice(guest, guest_len), wasp_go_slice(host, host_len), read_only);
}

static inline void wasp_go_limits(wasp_config *config, uint64_t memory_bytes, uint64_t timeout_ns, uint64_t stack_bytes,
                                  uint64_t table_elements, uint64_t idle_instances, uint64_t idle_memory_bytes) {
  wasp_limits limits = {sizeof limits,  memory_bytes,   timeout_ns,       stack_bytes,
                        table_elements, idle_instances, idle_memory_bytes};
  wasp_config_set_limits(config, &limits);
}

static inline void wasp_go_warm_up(wasp_config *config, const char *function, size_t function_len,
                                   const wasp_value *args, size_t arg_count) {
  wasp_config_add_warm_up(config, wasp_go_slice(function, function_len), args, arg_count);
}

static inline void wasp_go_offer(wasp_config *config, const char *module, size_t module_len, const char *name,
                                 size_t name_len, const wasp_kind *params, size_t param_count, wasp_kind result,
                                 uintptr_t callback) {
  wasp_config_add_callback(config, wasp_go_slice(module, module_len), wasp_go_slice(name, name_len), params,
                           param_count, result, wasp_go_callback, (void *)callback, wasp_go_free);
}

typedef struct {
  wasp_instance *instance;
  wasp_go_outcome outcome;
} wasp_go_new_instance;

static inline wasp_go_new_instance wasp_go_instance_new(wasp_engine *engine, const char *plugin, size_t plugin_len,
                                                        const char *workspace, size_t workspace_len) {
  wasp_go_new_instance made = {NULL, {NULL, 0}};
  made.outcome = wasp_go_done(wasp_instance_new(engine, wasp_go_slice(plugin, plugin_len),
                                                wasp_go_slice(workspace, workspace_len), &made.instance));
  return made;
}

static inline wasp_go_outcome wasp_go_reset(wasp_instance *instance) {
  return wasp_go_done(wasp_instance_reset(instance));
}

static inline wasp_go_outcome wasp_go_instance_read(wasp_instance *instance, uint32_t address, char *data,
                                                    size_t length) {
  return wasp_go_done(wasp_instance_read(instance, address, data, length));
}

static inline wasp_go_outcome wasp_go_instance_write(wasp_instance *instance, uint32_t address, const char *data,
                                                     size_t length) {
  return wasp_go_done(wasp_instance_write(instance, address, wasp_go_slice(data, length)));
}

static inline wasp_go_outcome wasp_go_caller_read(wasp_caller *caller, uint32_t address, char *data, size_t length) {
  return wasp_go_done(wasp_caller_read(caller, address, data, length));
}

static inline wasp_go_outcome wasp_go_caller_write(wasp_caller *caller, uint32_t address, const char *data,
                                                   size_t length) {
  return wasp_go_done(wasp_caller_write(caller, address, wasp_go_slice(data, length)));
}

/* The instance comes as a number: Go looks at each pointer that may point to pointers, which this never does. */

/* A result: its kind, and the bits of a number, or the length of text, bytes or JSON at `ptr`. */
typedef struct {
  wasp_go_outcome outcome;
  uint64_t bits;
  const char *ptr;
  wasp_kind kind;
} wasp_go_result;

/* A call for at most `timeout_ns`, or, with 0, as long as the plugin's own limit says. */
static inline wasp_go_result wasp_go_call_within(uintptr_t instance, const char *name, size_t name_len,
                                                 uintptr_t context, wasp_kind kind, const wasp_value *args,
                                                 size_t arg_count, uint64_t timeout_ns) {
  wasp_go_result result = {{NULL, 0}, 0, NULL, WASP_NONE};
  wasp_value value;
  wasp_instance *called = (wasp_instance *)instance;
  wasp_slice function = wasp_go_slice(name, name_len);
  uintptr_t outer = wasp_go_context;
  wasp_go_context = context;
  result.outcome =
      wasp_go_done(timeout_ns == 0 ? wasp_call(called, function, args, arg_count, kind, &value)
                                   : wasp_call_within(called, function, args, arg_count, kind, &value, timeout_ns));
  wasp_go_context = outer;
  if (result.outcome.error == NULL) {
    /* Without a wish for a result there is none. */
    result.kind = kind == WASP_NONE ? WASP_NONE : value.kind;
    switch (result.kind) {
    case WASP_I32:
    case WASP_F32: result.bits = (uint32_t)value.of.i32; break;
    case WASP_I64:
    case WASP_F64: result.bits = (uint64_t)value.of.i64; break;
    case WASP_STRING:
    case WASP_BYTES:
    case WASP_JSON:
      result.bits = value.of.slice.len;
      result.ptr = value.of.slice.ptr;
      break;
    }
  }
  return result;
}

static inline wasp_go_result wasp_go_call_array(uintptr_t instance, const char *name, size_t name_len,
                                                uintptr_t context, wasp_kind kind, const wasp_value *args,
                                                size_t arg_count) {
  return wasp_go_call_within(instance, name, name_len, context, kind, args, arg_count, 0);
}

/* A value from its parts, as wasp_go_result has them. */
static inline wasp_value wasp_go_value(wasp_kind kind, uint64_t bits, const char *ptr) {
  wasp_value value;
  value.kind = kind;
  if (kind == WASP_STRING || kind == WASP_BYTES || kind == WASP_JSON)
    value.of.slice = wasp_go_slice(ptr, bits);
  else if (kind == WASP_I32 || kind == WASP_F32)
    value.of.i32 = (int32_t)(uint32_t)bits;
  else
    value.of.i64 = (int64_t)bits;
  return value;
}

#define WASP_GO_DIRECT 4

/* A call with up to WASP_GO_DIRECT arguments. */
static inline wasp_go_result wasp_go_call(uintptr_t instance, const char *name, size_t name_len, uintptr_t context,
                                          wasp_kind kind, size_t arg_count, wasp_kind kind0, uint64_t bits0,
                                          const char *ptr0, wasp_kind kind1, uint64_t bits1, const char *ptr1,
                                          wasp_kind kind2, uint64_t bits2, const char *ptr2, wasp_kind kind3,
                                          uint64_t bits3, const char *ptr3) {
  wasp_value args[WASP_GO_DIRECT];
  switch (arg_count) {
  case 4: args[3] = wasp_go_value(kind3, bits3, ptr3); /* fall through */
  case 3: args[2] = wasp_go_value(kind2, bits2, ptr2); /* fall through */
  case 2: args[1] = wasp_go_value(kind1, bits1, ptr1); /* fall through */
  case 1: args[0] = wasp_go_value(kind0, bits0, ptr0);
  }
  return wasp_go_call_array(instance, name, name_len, context, kind, args, arg_count);
}

static inline void wasp_go_return(wasp_caller *caller, wasp_kind kind, const char *ptr, size_t len) {
  wasp_caller_set_result(caller, wasp_go_value(kind, len, ptr));
}

static inline void wasp_go_fail(wasp_caller *caller, const char *message, size_t message_len) {
  wasp_caller_fail(caller, wasp_go_slice(message, message_len));
}

/* All that an error says, borrowed from it. */
typedef struct {
  wasp_error_tag kind;
  wasp_slice message, function, stderr_text;
  int32_t exit_code;
  const wasp_frame *frames;
  size_t frame_count;
  const wasp_import *imports;
  size_t import_count;
} wasp_go_error;

static inline wasp_go_error wasp_go_error_read(const wasp_error *error) {
  wasp_go_error read;
  read.kind = wasp_error_kind(error);
  read.message = wasp_error_message(error);
  read.function = wasp_error_function(error);
  read.stderr_text = wasp_error_stderr(error);
  read.exit_code = wasp_error_exit_code(error);
  read.frames = wasp_error_trace(error, &read.frame_count);
  read.imports = wasp_error_imports(error, &read.import_count);
  return read;
}

typedef struct {
  const wasp_function *functions;
  size_t count;
} wasp_go_functions;

static inline wasp_go_functions wasp_go_instance_functions(const wasp_instance *instance) {
  wasp_go_functions listed;
  listed.functions = wasp_instance_functions(instance, &listed.count);
  return listed;
}

typedef struct {
  wasp_names *names;
  wasp_error *error;
} wasp_go_names;

static inline wasp_go_names wasp_go_engine_plugins(const wasp_engine *engine) {
  wasp_go_names told = {NULL, NULL};
  told.error = wasp_engine_plugins(engine, &told.names);
  return told;
}

static inline bool wasp_go_engine_has(const wasp_engine *engine, const char *name, size_t name_len) {
  return wasp_engine_has(engine, wasp_go_slice(name, name_len));
}

typedef struct {
  wasp_plugin_info *info;
  wasp_error *error;
} wasp_go_info;

static inline wasp_go_info wasp_go_engine_plugin(const wasp_engine *engine, const char *name, size_t name_len) {
  wasp_go_info told = {NULL, NULL};
  told.error = wasp_engine_plugin(engine, wasp_go_slice(name, name_len), &told.info);
  return told;
}

static inline wasp_go_info wasp_go_inspect(const char *wasm, size_t wasm_len) {
  wasp_go_info told = {NULL, NULL};
  told.error = wasp_inspect(wasp_go_slice(wasm, wasm_len), &told.info);
  return told;
}

static inline wasp_go_info wasp_go_inspect_file(const char *path, size_t path_len) {
  wasp_go_info told = {NULL, NULL};
  told.error = wasp_inspect_file(wasp_go_slice(path, path_len), &told.info);
  return told;
}
