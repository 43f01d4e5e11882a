/* The exports of the runtime: a script is one ES module, whose functions the host calls. */

#include "javascript.h"
#include "script.h"

#include <stdio.h>

JSContext *js;
static JSRuntime *runtime;

/* The functions of the script, in the order of their listing. */
static JSValue *functions;
static uint32_t function_count;
static char *listing;

/* Promises that were rejected with nobody to see it, until somebody does. */
static JSValue *rejected;
static uint32_t rejected_count;

/* The file in the script's frames: "greeter.js" for the plugin greeter. */
static char *file_name;

/*
 * How much of the linear stack scripts may use: beyond it they get a RangeError. It is far less than there is, for the
 * host's limit of the stack of WebAssembly, 1 MiB by default, must not be met first.
 */
enum { MOST_STACK = 384 << 10 };

/*
 * How many bytes scripts may have, whatever the host allows: quickjs-ng makes blocks larger by half, and beyond this
 * the new size would not fit into 32 bits. More is an exception, as where the host's limit is met.
 */
enum { MOST_MEMORY = INT32_MAX };

static void track_rejection(JSContext *context, JSValueConst promise, JSValueConst reason, bool handled, void *opaque) {
  (void)context, (void)reason, (void)opaque;
  for (uint32_t i = 0; handled && i < rejected_count; i++) {
    if (!JS_IsStrictEqual(js, rejected[i], promise)) continue;
    JS_FreeValue(js, rejected[i]);
    rejected[i] = rejected[--rejected_count];
    return;
  }
  if (handled) return;
  JSValue *more = realloc(rejected, (rejected_count + 1) * sizeof *rejected);
  if (more == NULL) return;
  rejected = more;
  rejected[rejected_count++] = JS_DupValue(js, promise);
}

/* Writes the pending exception to the standard error, which leads to the log. */
static void report(const char *what) {
  char *text = exception_text(), *line = wasp_string_concat(what, ": ", text, "\n", NULL);
  fputs(line, stderr);
  fflush(stderr);
  free(line), free(text);
}

/* Runs all jobs, and reports what was rejected and seen by nobody. */
static void settle(void) {
  for (JSContext *context; JS_IsJobPending(runtime);)
    if (JS_ExecutePendingJob(runtime, &context) < 0) report("uncaught in a job");
  while (rejected_count > 0) {
    JSValue promise = rejected[--rejected_count];
    JS_Throw(js, JS_PromiseResult(js, promise));
    JS_FreeValue(js, promise);
    report("unhandled rejection");
  }
}

/* Returns what a promise was settled with, after all jobs have run, or an exception; any other value as it is. */
static JSValue settled(JSValue value) {
  if (!JS_IsPromise(value)) return settle(), value;
  JS_PromiseMarkAsHandled(js, value);
  settle();
  JSPromiseStateEnum state = JS_PromiseState(js, value);
  JSValue result = JS_PromiseResult(js, value);
  JS_FreeValue(js, value);
  if (state == JS_PROMISE_FULFILLED) return result;
  if (state == JS_PROMISE_REJECTED) return JS_Throw(js, result);
  JS_FreeValue(js, result);
  return JS_ThrowTypeError(js, "the promise is still pending, and nothing is left that could settle it");
}

static JSModuleDef *load_module(JSContext *context, const char *name, void *opaque) {
  (void)context, (void)opaque;
  if (strcmp(name, "wasp:fs") == 0) return files_module(name);
  if (strcmp(name, "wasp:eval") == 0) return evaluate_module(name);
  if (strncmp(name, "wasp:", 5) == 0) return callbacks_module(name);
  JS_ThrowReferenceError(js,
                         "there is no module \"%s\": a script is one file, and may import \"wasp:fs\", \"wasp:eval\" "
                         "and \"wasp:<namespace>\"",
                         name);
  return NULL;
}

/* A module's name as it is: relative ones are of no directory. */
static char *keep_name(JSContext *context, const char *base, const char *name, void *opaque) {
  (void)base, (void)opaque;
  return js_strdup(context, name);
}

__attribute__((constructor)) static void start(void) {
  runtime = JS_NewRuntime();
  js = runtime == NULL ? NULL : JS_NewContext(runtime);
  if (js == NULL) __builtin_trap();
  JS_SetMaxStackSize(runtime, MOST_STACK);
  JS_SetMemoryLimit(runtime, MOST_MEMORY);
  JS_SetModuleLoaderFunc(runtime, keep_name, load_module, NULL);
  JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
  globals_add();
  listing = wasp_string_new("");
}

/* Lists the functions that the module exports. */
static bool list(JSValueConst namespace, JSValueConst source) {
  JSPropertyEnum *names;
  uint32_t count;
  if (JS_GetOwnPropertyNames(js, &names, &count, namespace, JS_GPN_STRING_MASK) < 0) return false;
  JSValue places = prelude_call("declarations", 1, &source);
  functions = wasp_block_new((size_t)count * sizeof *functions, 1);
  bool is_listed = !JS_IsException(places);
  for (uint32_t i = 0; i < count && is_listed; i++) {
    JSValue args[] = {JS_AtomToString(js, names[i].atom), JS_GetProperty(js, namespace, names[i].atom), source, places};
    JSValue line = prelude_call("line", 4, (JSValueConst *)args);
    const char *text = JS_IsString(line) ? JS_ToCString(js, line) : NULL;
    if (text != NULL) {
      char *longer = wasp_string_concat(listing, text, NULL);
      free(listing);
      listing = longer;
      functions[function_count++] = JS_DupValue(js, args[1]);
      JS_FreeCString(js, text);
    }
    is_listed = !JS_IsException(line);
    JS_FreeValue(js, line), JS_FreeValue(js, args[0]), JS_FreeValue(js, args[1]);
  }
  JS_FreeValue(js, places);
  JS_FreePropertyEnum(js, names, count);
  return is_listed;
}

static bool load(const char *source) {
  JSValue module = JS_Eval(js, source, strlen(source), file_name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(module)) return callbacks_explain(), false;
  JSModuleDef *definition = JS_VALUE_GET_PTR(module);
  JSValue result = settled(JS_EvalFunction(js, module));
  if (JS_IsException(result)) return callbacks_explain(), false;
  JS_FreeValue(js, result);
  JSValue namespace = JS_GetModuleNamespace(js, definition);
  JSValue text = JS_NewString(js, source);
  bool is_listed = !JS_IsException(namespace) && !JS_IsException(text) && list(namespace, text);
  JS_FreeValue(js, text);
  JS_FreeValue(js, namespace);
  return is_listed;
}

WASP_EXPORT("wasp_abi_version") int32_t wasp_abi_version(void) { return 2; }

WASP_EXPORT("wasp_signatures") const char *wasp_signatures(void) { return listing; }

WASP_EXPORT("wasp_resume") void wasp_resume(void) { globals_seed(); }

WASP_EXPORT("wasp_load") void wasp_load(const char *source, const char *callbacks) {
  file_name = script_file_name(".js");
  callbacks_read(callbacks);
  if (!load(source)) exception_raise();
  JS_RunGC(runtime);
}

WASP_EXPORT("wasp_invoke") wasp_bytes *wasp_invoke(uint32_t index, const wasp_bytes *block) {
  if (index >= function_count) __builtin_trap();
  packed_reader reader;
  uint32_t count = packed_begin(&reader, block), made = 0;
  JSValue few[8], *args = count <= 8 ? few : wasp_block_new((size_t)count * sizeof *args, 0), result = JS_UNDEFINED;
  for (; made < count && !JS_IsException(result); made++) {
    packed_value value = packed_next(&reader);
    args[made] = value_to_js(&value);
    if (JS_IsException(args[made])) result = JS_EXCEPTION;
  }
  if (!JS_IsException(result))
    result = settled(JS_Call(js, functions[index], JS_UNDEFINED, (int)count, (JSValueConst *)args));
  for (uint32_t i = 0; i < made; i++) JS_FreeValue(js, args[i]);
  if (args != few) free(args);
  wasp_bytes *answer = JS_IsException(result) ? NULL : value_pack((JSValueConst *)&result, 1);
  JS_FreeValue(js, result);
  if (answer == NULL) exception_raise();
  return answer;
}
