/* wasp: WebAssembly plugins. Load a module, get a sandbox, call its functions with plain values.
 *
 * Generated from wasp-capi; changes belong there.
 *
 * Ownership. The caller owns what `wasp_x_new` returns, and releases it with `wasp_x_free`, where NULL is allowed. Handles
 * keep alive what they need, so free them in any order. The caller owns a `wasp_error`. Everything else is borrowed:
 * arguments for the call, a result until the next call, reset or free of its instance, what an error holds as long as the
 * error.
 *
 * Errors. A function that can fail returns NULL on success, else an error; then nothing is written to its outputs. Each
 * names the kinds of its errors; every one can also fail with WASP_ERROR_INTERNAL. A NULL handle is WASP_ERROR_INVALID, not
 * a crash. Nothing here aborts or unwinds into the caller.
 *
 * Text is a slice, UTF-8 and not NUL-terminated. The library relies on what it can't check: a slice points to `len`
 * readable bytes, an array to as many elements as its count, a handle is NULL or alive, and the member of a value that its
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


/// A callback's way to set its result. Valid while the callback runs, on its thread.
typedef struct wasp_caller wasp_caller;

/// What a plugin is given: callbacks, environment, volumes, limits.
///
/// Used by one thread at a time. `wasp_engine_register` copies it, so it can be changed, used again and freed at any time.
/// The functions that fill it don't fail: a wrong argument is the error of the registration.
typedef struct wasp_config wasp_config;

/// Holds plugins by name and makes instances of them.
///
/// May be used from any thread at once, and freed before its instances.
typedef struct wasp_engine wasp_engine;

/// What went wrong. The caller owns it and frees it with `wasp_error_free`. It never changes, so any thread may read it.
typedef struct wasp_error wasp_error;

/// One sandbox: a plugin with linear memory of its own.
///
/// May move between threads, but runs one call at a time: a second one is WASP_ERROR_BUSY. Instances run in parallel.
typedef struct wasp_instance wasp_instance;

/// The compiler that translates plugins to machine code: a WASP_COMPILER constant, or 0 for the default, Cranelift.
typedef uint32_t wasp_compiler;
/// Compiles fastest; the code runs slower.
#define WASP_COMPILER_SINGLEPASS 1
/// Optimises: compiles slower; the code runs fastest.
#define WASP_COMPILER_CRANELIFT 2
/// Both: a plugin is registered with Singlepass's code, a thread of wasp's own compiles it with Cranelift meanwhile, and new
/// instances run that code when it is ready; the log says "Plugin optimised". Existing ones keep what they have. What Singlepass
/// doesn't take, such as SIMD, is compiled by Cranelift at once, and so is what is compiled ahead of time. The two may differ in
/// the bits of a NaN.
#define WASP_COMPILER_TIERED 3

/// Where the standard streams of plugins lead: a WASP_STDIO constant, or 0 for the default, WASP_STDIO_LOG.
typedef uint32_t wasp_stdio;
/// Streams are inherited from this process: plugins read its input, too.
#define WASP_STDIO_INHERIT 1
/// Output goes to the log, line by line, and nowhere without a log; input is empty. The default.
#define WASP_STDIO_LOG 2
/// Output is dropped; input is empty.
#define WASP_STDIO_NONE 3
/// Output goes to this process's; input is empty.
#define WASP_STDIO_OUTPUT 4

/// Borrowed text or bytes: `len` bytes at `ptr`, not NUL-terminated. Text is UTF-8. `ptr` may be NULL if `len` is 0.
typedef struct {
  const char *ptr;
  size_t len;
} wasp_slice;

/// The importance of a log record: a WASP_LEVEL constant.
typedef uint32_t wasp_log_level;
/// Something failed that is reported nowhere else.
#define WASP_LEVEL_ERROR 1
/// For operators, such as the lines that a plugin prints.
#define WASP_LEVEL_INFO 2
/// Each call, callback and block of guest memory.
#define WASP_LEVEL_DEBUG 3
/// Everything.
#define WASP_LEVEL_TRACE 4

/// A named value of a log record.
typedef struct {
  wasp_slice name;
  wasp_slice value;
} wasp_log_field;

/// Receives a log record: a message that is always the same for the same event, and the values that belong to it.
///
/// All arguments are borrowed until it returns. It runs on the thread that the event happened on, on several at once where
/// several instances run, and must not use the instance that the record is about. With WASP_COMPILER_TIERED one of them is a
/// thread of wasp's own, which may still tell something while the engine is freed: until `log_free` is called.
typedef void (*wasp_log_fn)(void *user_data,
                            wasp_log_level level,
                            wasp_slice message,
                            const wasp_log_field *fields,
                            size_t field_count);

/// Frees what a `user_data` pointer owns. Called exactly once, on any thread.
typedef void (*wasp_free_fn)(void *user_data);

/// Options of an engine. Start from `WASP_ENGINE_OPTIONS_INIT`; 0 or NULL in any field but `size` means its default.
typedef struct {
  /// `sizeof(wasp_engine_options)`
  size_t size;
  wasp_compiler compiler;
  wasp_stdio stdio;
  /// The directory that keeps compiled modules between runs; empty for none. It is created if it doesn't exist. Its
  /// files run as code: only the user who runs the process may be able to write there.
  wasp_slice cache_directory;
  /// Receives log records; NULL for no log.
  wasp_log_fn log;
  /// The least important level that `log` receives; 0 for WASP_LEVEL_INFO.
  wasp_log_level log_level;
  /// Passed to `log`.
  void *log_user_data;
  /// Called with `log_user_data` once, when the engine, its plugins and their instances are gone, or when
  /// `wasp_engine_new` fails. May be NULL.
  wasp_free_fn log_free;
  /// Asks the kernel at each reset of an instance whether pages of its memory were written to, and doesn't believe the
  /// processor, which tells for nothing on x86-64. wasp finds out by itself where the processor can't be believed; this, and
  /// the environment variable WASP_KERNEL_FAULT_COUNTS, are for the case that it doesn't.
  bool kernel_fault_counts;
  /// The directory with the script runtimes that come with libwasp, a file `<language>.wasm` each; empty for none. It is
  /// share/wasp/runtimes where wasp is installed, the variable `runtimes` of its pkg-config package and `wasp_RUNTIMES` in CMake. The
  /// default is the one in the environment variable WASP_RUNTIMES. A runtime is loaded when the first script of its language is
  /// registered.
  wasp_slice runtime_directory;
} wasp_engine_options;

/// The kind of a value: one of the constants below.
typedef uint32_t wasp_kind;
/// No value: a function without a result, or a result that is ignored.
#define WASP_NONE 0
#define WASP_I32 1
#define WASP_I64 2
#define WASP_F32 3
#define WASP_F64 4
/// UTF-8 text without a NUL inside.
#define WASP_STRING 5
/// Any bytes.
#define WASP_BYTES 6
/// A JSON text, which wasp doesn't check. Where a plugin declares json, a string or a number is passed as the JSON of it.
#define WASP_JSON 7
/// The wish for a result of whatever kind it is: no value is of this kind. In listings it is what scripts take and return.
#define WASP_ANY 8
/// Nothing does: only a callback can.
#define WASP_PROVIDER_MISSING 0
/// A callback of the plugin's config.
#define WASP_PROVIDER_CALLBACK 1
/// WASI.
#define WASP_PROVIDER_WASI 2
/// The guest ABI, such as `raise_error`.
#define WASP_PROVIDER_ABI 3

/// What a `wasp_value` holds: the member that its kind names, `slice` for strings, bytes and json.
typedef union {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
  wasp_slice slice;
} wasp_value_of;

/// An argument or a result.
typedef struct {
  wasp_kind kind;
  wasp_value_of of;
} wasp_value;

/// A host function.
///
/// Runs on the thread that called `wasp_call`, before that returns; where several instances run, on several threads at
/// once. `args` are borrowed until it returns. It sets its result or fails through `caller`, which is valid until it
/// returns. It may use other instances; its own is busy. It must return: no longjmp, no exception.
typedef void (*wasp_callback_fn)(void *user_data,
                                 wasp_caller *caller,
                                 const wasp_value *args,
                                 size_t arg_count);

/// Limits of one instance. Start from `WASP_LIMITS_INIT`; 0 in any field but `size` means its default.
typedef struct {
  /// `sizeof(wasp_limits)`
  size_t size;
  /// Linear memory in bytes, in whole pages of 64 KiB. The default is 4 GiB. Beyond it the guest's `memory.grow`
  /// returns -1. With 16 MiB or less, an instance reserves that and 16 MiB of address space, else 8 GiB.
  uint64_t memory_bytes;
  /// The time that a call may take, and start-up at registration, in nanoseconds, callbacks and sleeps included. The
  /// default is no limit. A guest is stopped at its next function entry or loop iteration.
  uint64_t timeout_ns;
  /// The stack of guest code in bytes, from 64 KiB to 100 MiB. The default is 1 MiB. Stacks are pooled by thread, so a
  /// call may find a larger one.
  uint64_t stack_bytes;
  /// Elements over all tables. The default is 1,000,000.
  uint64_t table_elements;
  /// How many released instances of the plugin are kept ready for `wasp_instance_new`. The default is 64.
  uint64_t idle_instances;
  /// How many bytes of its memory, of those that it wrote to, an instance may keep for the next call when it is reset; more
  /// are dropped, and cost a page fault each when they are used again. The default is 4 MiB.
  uint64_t idle_memory_bytes;
} wasp_limits;

/// A function that a plugin offers: its name and the kinds of its parameters and result.
///
/// Where the plugin doesn't declare its signature, `declared` is false and WASP_I32 may stand for a string or bytes. `param_names` are as
/// many as `params`, and `docs` is what the plugin says about the function, on one line: each empty where it declares none.
typedef struct {
  wasp_slice name;
  const wasp_kind *params;
  size_t param_count;
  wasp_kind result;
  bool declared;
  const wasp_slice *param_names;
  wasp_slice docs;
} wasp_function;

/// Names, sorted. The caller owns them and frees them with `wasp_names_free`.
typedef struct {
  const wasp_slice *names;
  size_t count;
} wasp_names;

/// What provides an import: a WASP_PROVIDER constant.
typedef uint32_t wasp_provider;

/// Something that a module imports.
///
/// `type_text` is its WebAssembly type, as in errors: `(i32, i32) -> i32`; what is no function begins with what it is: `memory`, `table`,
/// `global` or `tag`. If `can_be_callback`, a callback can have its type, and `params` and `result` are its kinds: those of the callback
/// that provides it, and else as its type has them, where WASP_I32 may stand for a string or bytes.
typedef struct {
  wasp_slice module;
  wasp_slice name;
  wasp_slice type_text;
  wasp_provider provider;
  bool can_be_callback;
  const wasp_kind *params;
  size_t param_count;
  wasp_kind result;
} wasp_plugin_import;

/// What a plugin, or a module that may become one, offers and needs. The caller owns it and frees it with `wasp_plugin_info_free`. It
/// never changes, so any thread may read it. Later versions may append fields.
typedef struct {
  /// Its functions, in the module's order, without those of the guest ABI.
  const wasp_function *functions;
  size_t function_count;
  /// What it imports, in the module's order.
  const wasp_plugin_import *imports;
  size_t import_count;
  /// Whether it imports functions of WASI.
  bool wasi;
  /// The linear memory that an instance begins with, in bytes, over all memories.
  uint64_t memory_min;
  /// The linear memory that it may have by its own declaration, in bytes; UINT64_MAX where it declares no maximum.
  uint64_t memory_max;
  /// The size of the module in bytes, in the format that it was given in.
  uint64_t size;
  /// How many bytes of the host's memory a registered plugin takes: its machine code, which plugins of the same module share,
  /// and its snapshot. Its instances come on top.
  uint64_t memory_used;
  /// The language of the script that it is, or the name of its runtime; empty where it is no script.
  wasp_slice language;
} wasp_plugin_info;

/// The kind of an error: a WASP_ERROR constant.
typedef uint32_t wasp_error_tag;
/// An argument of the host is wrong: a NULL handle, an unknown kind, an option out of range.
#define WASP_ERROR_INVALID 1
/// A file or directory of the host can't be used.
#define WASP_ERROR_IO 2
/// The bytes are not a module that wasp can compile.
#define WASP_ERROR_COMPILE 3
/// The module imports something that no callback provides, or with another type.
#define WASP_ERROR_IMPORT_NOT_FOUND 4
/// No plugin is registered under that name.
#define WASP_ERROR_PLUGIN_NOT_FOUND 5
/// The plugin exports no function of that name.
#define WASP_ERROR_FUNCTION_NOT_FOUND 6
/// The arguments or the result don't fit the function's WebAssembly signature.
#define WASP_ERROR_SIGNATURE 7
/// The guest broke the ABI: a pointer outside memory, a string without end, text that is not UTF-8.
#define WASP_ERROR_ABI 8
/// The guest trapped: unreachable, out of bounds, division by zero, stack overflow, ...
#define WASP_ERROR_TRAP 9
/// The guest reported an error through `env.raise_error`; the message is its text.
#define WASP_ERROR_GUEST 10
/// The guest called `env.abort`.
#define WASP_ERROR_ABORT 11
/// The guest called `proc_exit`.
#define WASP_ERROR_EXIT 12
/// A callback failed.
#define WASP_ERROR_CALLBACK 13
/// The call ran past its time limit.
#define WASP_ERROR_TIMEOUT 14
/// The host interrupted the call.
#define WASP_ERROR_CANCELLED 15
/// The machine or a limit has no more memory, address space, stack or threads.
#define WASP_ERROR_RESOURCE 16
/// An earlier call ended half-way, so the instance must be reset before it is used again.
#define WASP_ERROR_POISONED 17
/// The instance runs a call already.
#define WASP_ERROR_BUSY 18
/// A defect of wasp itself: please report it.
#define WASP_ERROR_INTERNAL 19

/// One frame of a guest's stack trace.
///
/// The function's name, demangled, empty where the module has none; its index in the module; and the offset in bytes of the
/// instruction from the start of the module. Where the module has DWARF, also the instruction's source file, else empty, and its line
/// and column there, from 1; 0 where they aren't known.
typedef struct {
  wasp_slice function;
  uint32_t function_index;
  uint32_t module_offset;
  wasp_slice file;
  uint32_t line;
  uint32_t column;
} wasp_frame;

/// An import that no callback provides, or with another type.
typedef struct {
  wasp_slice module;
  wasp_slice name;
} wasp_import;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Makes an engine. `options` may be NULL for defaults.
///
/// On success the caller owns `*engine` and releases it with `wasp_engine_free`.
///
/// Errors: WASP_ERROR_INVALID for an unknown option.
wasp_error *wasp_engine_new(const wasp_engine_options *options, wasp_engine **engine);

/// Releases an engine; NULL is allowed. Its instances live on.
void wasp_engine_free(wasp_engine *engine);

/// Registers the plugin `name`: compiles `wasm`, WebAssembly in its binary or its text format, checks it against `config`,
/// and runs its start-up.
///
/// `config` may be NULL for a plugin that is given nothing. A plugin of that name is replaced for new instances; existing
/// ones keep the old one. On failure nothing changes.
///
/// Errors: WASP_ERROR_INVALID for a wrong argument or config, COMPILE for bytes that are no module wasp can compile,
/// IMPORT_NOT_FOUND, ABI or SIGNATURE for a module that doesn't fit the config or the guest ABI, IO for a volume, RESOURCE
/// for a module that starts beyond its limits, and those of `wasp_call` for its start-up.
wasp_error *wasp_engine_register(wasp_engine *engine,
                                 wasp_slice name,
                                 wasp_slice wasm,
                                 const wasp_config *config);

/// Registers the plugin `name` from the file `path`, as `wasp_engine_register` does; or a script, whose ending chooses its runtime, as
/// `wasp_engine_register_script` does: "javascript" for .js and .mjs, "lua" for .lua.
///
/// Errors: WASP_ERROR_IO if the file can't be read, INVALID for .py and .ts, with what to do instead, and those of
/// `wasp_engine_register` or `wasp_engine_register_script`.
wasp_error *wasp_engine_register_file(wasp_engine *engine,
                                      wasp_slice name,
                                      wasp_slice path,
                                      const wasp_config *config);

/// Registers the script `source` as the plugin `name`. `runtime` is the plugin that runs scripts of its language, registered before,
/// or the name of one of the runtimes in the engine's `runtime_directory`, such as "javascript".
///
/// The script is loaded once, and every instance starts from what that left. Its functions are called like those of any plugin;
/// those whose kinds it doesn't declare take and return values of any kind, for which WASP_ANY asks. It gets what `config` has, and
/// nothing of what the runtime was registered with; `config` may be NULL for a script that is given nothing. The runtime's module
/// isn't compiled again.
///
/// Errors: WASP_ERROR_PLUGIN_NOT_FOUND for the runtime, INVALID if it is no script runtime or the source has a NUL inside, GUEST for
/// what the script throws while it is loaded, such as a syntax error, with its place, and those of `wasp_engine_register`.
wasp_error *wasp_engine_register_script(wasp_engine *engine,
                                        wasp_slice name,
                                        wasp_slice runtime,
                                        wasp_slice source,
                                        const wasp_config *config);

/// Compiles `wasm` ahead of time into the file `path`, for `wasp_engine_register_compiled` with the same version of wasp,
/// the same compiler and a processor of the same kind. Other processes see all of the file or nothing.
///
/// Errors: WASP_ERROR_INVALID, COMPILE, and IO if the file can't be written.
wasp_error *wasp_engine_compile(const wasp_engine *engine,
                                wasp_slice wasm,
                                wasp_slice path);

/// Registers the plugin `name` from a file that `wasp_engine_compile` wrote.
///
/// The file runs as code, outside every sandbox: a hash finds damage, but not malice, so its author must be trusted as much
/// as this program.
///
/// Errors: WASP_ERROR_COMPILE if the file is damaged or was made by another version, compiler or processor, IO if it can't
/// be read, and those of `wasp_engine_register`.
wasp_error *wasp_engine_register_compiled(wasp_engine *engine,
                                          wasp_slice name,
                                          wasp_slice path,
                                          const wasp_config *config);

/// Forgets the plugin `name`. Existing instances keep what they need.
///
/// Errors: WASP_ERROR_INVALID and PLUGIN_NOT_FOUND.
wasp_error *wasp_engine_unregister(wasp_engine *engine, wasp_slice name);

/// Makes a config that gives a plugin nothing.
///
/// The caller owns it and releases it with `wasp_config_free`.
wasp_config *wasp_config_new(void);

/// Releases a config; NULL is allowed. Its callbacks live on in the plugins that were registered with it.
void wasp_config_free(wasp_config *config);

/// Sets an environment variable of the plugin. The host's own environment is never visible.
void wasp_config_set_env(wasp_config *config, wasp_slice name, wasp_slice value);

/// Sets a config entry of a plugin of Extism, which reads it by its key; other plugins have none. An entry of that key is replaced.
void wasp_config_set_entry(wasp_config *config,
                           wasp_slice key,
                           wasp_slice value);

/// Adds an argument to the plugin's command line, after its name, which is always the first, and the arguments added before.
void wasp_config_add_arg(wasp_config *config,
                         wasp_slice arg);

/// Shows the host's directory `host_path` to the plugin as `guest_path`, an absolute path.
///
/// The directory must exist when the plugin is registered, or that is WASP_ERROR_IO.
void wasp_config_add_volume(wasp_config *config, wasp_slice guest_path, wasp_slice host_path, bool read_only);

/// Offers the host function `module`.`name` to the plugin. A callback of the same name is replaced.
///
/// `params` are the kinds of its parameters and `result` the kind of its result, WASP_NONE for none. `user_data` is passed
/// to the callback; `free`, unless NULL, is called with it once nothing can call the callback any more: when the config,
/// the plugins that were registered with it and their instances are gone.
void wasp_config_add_callback(wasp_config *config,
                              wasp_slice module,
                              wasp_slice name,
                              const wasp_kind *params,
                              size_t param_count,
                              wasp_kind result,
                              wasp_callback_fn callback,
                              void *user_data,
                              wasp_free_fn free);

/// Has the plugin's function `function` called with `arg_count` arguments at `args`, which are copied, once, after start-up and before
/// the snapshot: every instance starts from what the call left. Several are made in their order; what a call returns is ignored.
///
/// An error in one is the registration's, and so is a file that it leaves open: a snapshot has no descriptors. Each has the time
/// limit of a call. Without a snapshot, each instance makes the calls itself.
void wasp_config_add_warm_up(wasp_config *config,
                             wasp_slice function,
                             const wasp_value *args,
                             size_t arg_count);

/// Chooses whether instances start from a snapshot of what the plugin's start-up left, which is the default, or run
/// start-up themselves.
///
/// With a snapshot, random numbers and clock readings taken during start-up are the same for all instances.
void wasp_config_set_snapshot(wasp_config *config,
                              bool snapshot);

/// Chooses whether a function that the module imports and nothing provides is a trap when it is called, or, which is the default, an error
/// of the registration. One that is provided with another type stays that error, and so does what is no function.
void wasp_config_set_trap_missing_imports(wasp_config *config,
                                          bool trap);

/// Sets the limits of each instance. They are copied.
void wasp_config_set_limits(wasp_config *config, const wasp_limits *limits);

/// Sets the callback's result, which is copied at once. The last one set counts.
void wasp_caller_set_result(wasp_caller *caller, wasp_value value);

/// Makes the callback fail: when it returns, the guest is unwound, and the call fails with WASP_ERROR_CALLBACK and this
/// message, which is copied.
void wasp_caller_fail(wasp_caller *caller,
                      wasp_slice message);

/// Returns how many nanoseconds the call that this callback belongs to may still take; UINT64_MAX where it has no limit.
uint64_t wasp_caller_remaining(const wasp_caller *caller);

/// Makes an instance of the plugin `plugin`. `workspace` is the host's directory that it sees as `/workspace`, empty for
/// none.
///
/// On success the caller owns `*instance` and releases it with `wasp_instance_free`.
///
/// Errors: WASP_ERROR_INVALID, PLUGIN_NOT_FOUND, IO if the workspace isn't a directory, and RESOURCE if there is no memory
/// for another instance. Without a snapshot, also those of `wasp_call` for the plugin's start-up.
wasp_error *wasp_instance_new(wasp_engine *engine,
                              wasp_slice plugin,
                              wasp_slice workspace,
                              wasp_instance **instance);

/// Releases an instance; NULL is allowed.
///
/// One that runs a call, as in a callback of its own, is freed when that call ends, which then fails with
/// WASP_ERROR_INVALID.
void wasp_instance_free(wasp_instance *instance);

/// Calls the plugin's function `function` with `arg_count` arguments at `args`.
///
/// `result_kind` is the kind of result that the caller expects, since a WebAssembly signature says i32 for a string too.
/// WASP_NONE ignores the result, and then `result` may be NULL. Numbers become the type that the function has if they fit
/// exactly. Text and bytes in `result` are borrowed from the instance until its next call, reset or free. `result` may be one
/// of the arguments.
///
/// Errors, before any guest code runs: WASP_ERROR_INVALID, FUNCTION_NOT_FOUND, SIGNATURE, BUSY, POISONED, and RESOURCE if
/// there is no stack for the call. GUEST if the plugin reports an error itself, and ABI if it breaks the guest ABI. After
/// TRAP, ABORT, EXIT, CALLBACK, TIMEOUT and CANCELLED the guest was stopped half-way: every later call fails with
/// WASP_ERROR_POISONED until `wasp_instance_reset`.
wasp_error *wasp_call(wasp_instance *instance,
                      wasp_slice function,
                      const wasp_value *args,
                      size_t arg_count,
                      wasp_kind result_kind,
                      wasp_value *result);

/// Calls the plugin's function `function`, as `wasp_call` does, for at most `timeout_ns` nanoseconds, callbacks and sleeps included. It is
/// never longer than the plugin's own limit, `timeout_ns` of its `wasp_limits`: the shorter one counts.
///
/// Errors: those of `wasp_call`, and WASP_ERROR_INVALID for a `timeout_ns` of 0.
wasp_error *wasp_call_within(wasp_instance *instance,
                             wasp_slice function,
                             const wasp_value *args,
                             size_t arg_count,
                             wasp_kind result_kind,
                             wasp_value *result,
                             uint64_t timeout_ns);

/// Brings an instance back to the state of a new one with the same workspace. Results borrowed from it are gone.
///
/// Errors: WASP_ERROR_INVALID, BUSY, and those of `wasp_instance_new`; the instance then stays as it was.
wasp_error *wasp_instance_reset(wasp_instance *instance);

/// Ends the call that the instance runs, from any thread: it fails with WASP_ERROR_CANCELLED. When none runs, nothing
/// happens, also not to the next one. NULL is allowed. A signal handler may call this.
void wasp_instance_interrupt(wasp_instance *instance);

/// Returns the functions that the instance's plugin offers, in the module's order, without those of the guest ABI; NULL if
/// there are none.
///
/// They are valid as long as the instance, and may be read while a call runs. `count` receives their number; it may be
/// NULL.
const wasp_function *wasp_instance_functions(const wasp_instance *instance,
                                             size_t *count);

/// Returns the size of the instance's memory in bytes; 0 where its plugin exports none, and while it runs a call.
size_t wasp_instance_memory_size(wasp_instance *instance);

/// Returns how many bytes of the instance's memory are its own: those of the pages that it has written to, whereas all others are shared
/// with the plugin's snapshot. It is the whole size where the kernel can't say, as before Linux 6.7, and 0 while it runs a call.
size_t wasp_instance_memory_used(wasp_instance *instance);

/// Copies `length` bytes of the instance's memory, from `address` on, to `data`.
///
/// Errors: WASP_ERROR_INVALID if they are not in the memory, or if the plugin exports none, and BUSY. In a callback of the instance's,
/// `wasp_caller_read` does the same.
wasp_error *wasp_instance_read(wasp_instance *instance,
                               uint32_t address,
                               void *data,
                               size_t length);

/// Copies `data` into the instance's memory, to `address`.
///
/// Errors: as for `wasp_instance_read`. In a callback of the instance's, `wasp_caller_write` does the same.
wasp_error *wasp_instance_write(wasp_instance *instance, uint32_t address, wasp_slice data);

/// Returns the size of the calling instance's memory in bytes; 0 where its plugin exports none.
size_t wasp_caller_memory_size(const wasp_caller *caller);

/// Copies `length` bytes of the calling instance's memory, from `address` on, to `data`.
///
/// Errors: WASP_ERROR_INVALID if they are not in the memory, or if the plugin exports none.
wasp_error *wasp_caller_read(const wasp_caller *caller, uint32_t address, void *data, size_t length);

/// Copies `data` into the calling instance's memory, to `address`.
///
/// Errors: as for `wasp_caller_read`, and WASP_ERROR_INVALID where a string or bytes that the callback was given are: it borrows them
/// from there.
wasp_error *wasp_caller_write(wasp_caller *caller,
                              uint32_t address,
                              wasp_slice data);

/// Tells the names of the plugins that are registered.
///
/// On success the caller owns `*names` and releases them with `wasp_names_free`.
///
/// Errors: WASP_ERROR_INVALID.
wasp_error *wasp_engine_plugins(const wasp_engine *engine, wasp_names **names);

/// Releases names; NULL is allowed.
void wasp_names_free(wasp_names *names);

/// Returns whether a plugin is registered as `name`; false for NULL.
bool wasp_engine_has(const wasp_engine *engine, wasp_slice name);

/// Returns how many bytes of the host's memory the plugins take: their machine code, once for each module, and their snapshots. Instances
/// come on top. 0 for NULL.
uint64_t wasp_engine_memory_used(const wasp_engine *engine);

/// Tells what the plugin `name` offers and needs, and what it takes.
///
/// On success the caller owns `*info` and releases it with `wasp_plugin_info_free`.
///
/// Errors: WASP_ERROR_INVALID and PLUGIN_NOT_FOUND.
wasp_error *wasp_engine_plugin(const wasp_engine *engine, wasp_slice name, wasp_plugin_info **info);

/// Tells what `wasm`, a module in WebAssembly's binary or its text format, offers and needs. Nothing of it is compiled, and nothing of it
/// runs: it may be anybody's, and its imports may be missing.
///
/// The kinds of its functions are those that it declares, where its `wasp_signatures` returns a constant. On success the caller owns
/// `*info` and releases it with `wasp_plugin_info_free`.
///
/// Errors: WASP_ERROR_INVALID, and COMPILE for bytes that are no valid module.
wasp_error *wasp_inspect(wasp_slice wasm,
                         wasp_plugin_info **info);

/// Tells what the module in the file `path` offers and needs, as `wasp_inspect` does.
///
/// Errors: WASP_ERROR_IO if the file can't be read, and those of `wasp_inspect`.
wasp_error *wasp_inspect_file(wasp_slice path, wasp_plugin_info **info);

/// Releases an info; NULL is allowed.
void wasp_plugin_info_free(wasp_plugin_info *info);

/// Releases an error; NULL is allowed.
void wasp_error_free(wasp_error *error);

/// Returns the kind of the error; 0 for NULL.
wasp_error_tag wasp_error_kind(const wasp_error *error);

/// Returns one line that says what went wrong, valid as long as the error; empty for NULL.
wasp_slice wasp_error_message(const wasp_error *error);

/// Returns the plugin's function that was being called, valid as long as the error; empty if none was.
wasp_slice wasp_error_function(const wasp_error *error);

/// Returns what the guest wrote to its standard error during the call that failed, at most the last 1,024 bytes, as UTF-8 in which
/// control characters other than line ends and tabs are escaped. It is valid as long as the error; empty where there is nothing.
wasp_slice wasp_error_stderr(const wasp_error *error);

/// Returns the code that the guest passed to `proc_exit`, for WASP_ERROR_EXIT; else 0.
int32_t wasp_error_exit_code(const wasp_error *error);

/// Returns the guest's stack trace, innermost frame first, valid as long as the error; NULL where there is none.
///
/// `count` receives the number of frames; it may be NULL.
const wasp_frame *wasp_error_trace(const wasp_error *error,
                                   size_t *count);

/// Returns the imports at fault, for WASP_ERROR_IMPORT_NOT_FOUND, valid as long as the error; else NULL.
///
/// `count` receives their number; it may be NULL.
const wasp_import *wasp_error_imports(const wasp_error *error, size_t *count);

/// Puts wasp's signal handlers back in front, if something else has replaced them since the first plugin was registered: a crash
/// reporter, for one, which would take a guest's trap for a crash of the host. Faults that are no guest's still reach the handlers
/// that were there before wasp's.
///
/// Registering a plugin does this too. From any thread; it costs a system call.
void wasp_claim_signals(void);

/// Returns the version of the library that runs, like "0.1.0": NUL-terminated and static. WASP_VERSION is the header's.
const char *wasp_version(void);

/// Returns the version of the guest ABI that this library speaks: 1.
uint32_t wasp_abi_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* What a struct with a `size` starts from: every other field is its default. As in
 * `wasp_limits limits = WASP_LIMITS_INIT; limits.timeout_ns = 1000000000;` */
#define WASP_LIMITS_INIT {sizeof(wasp_limits), 0, 0, 0, 0, 0, 0}
#define WASP_ENGINE_OPTIONS_INIT {sizeof(wasp_engine_options), 0, 0, {NULL, 0}, NULL, 0, NULL, NULL, false, {NULL, 0}}
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
/* A NUL-terminated JSON text as a value. */
static inline wasp_value wasp_value_json(const char *text) {
  wasp_value value;
  value.kind = WASP_JSON;
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
