/* quickjs-ng: a script is a module, as in wasp. */

#include "interpreter.h"
#include "quickjs.h"

typedef struct {
  JSRuntime *runtime;
  JSContext *js;
  JSValue exports;
  /* The function that was called last, so that a warm call finds it at once. */
  const char *name;
  JSValue function;
  const char *answer;
} engine;

static JSValue check(JSContext *js, JSValue value) {
  if (JS_IsException(value)) fail(JS_ToCString(js, JS_GetException(js)));
  return value;
}

static void *open_engine(const char *source, size_t length) {
  engine *self = calloc(1, sizeof *self);
  self->runtime = JS_NewRuntime();
  JSContext *js = self->js = JS_NewContext(self->runtime);
  self->function = JS_UNDEFINED;
  JSValue module = check(js, JS_Eval(js, source, length, "script.js", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY));
  JSModuleDef *definition = JS_VALUE_GET_PTR(module);
  JSValue promise = check(js, JS_EvalFunction(js, module));
  if (JS_PromiseState(js, promise) != JS_PROMISE_FULFILLED) fail("the script does not end");
  JS_FreeValue(js, promise);
  self->exports = check(js, JS_GetModuleNamespace(js, definition));
  return self;
}

static JSValue call(engine *self, const char *name, JSValue argument) {
  JSContext *js = self->js;
  if (self->name != name) {
    JS_FreeValue(js, self->function);
    self->function = check(js, JS_GetPropertyStr(js, self->exports, name));
    self->name = name;
  }
  JSValue result = check(js, JS_Call(js, self->function, JS_UNDEFINED, 1, &argument));
  JS_FreeValue(js, argument);
  return result;
}

static const char *text(void *opaque, const char *function, const char *argument, size_t length,
                        size_t *answer_length) {
  engine *self = opaque;
  if (self->answer != NULL) JS_FreeCString(self->js, self->answer);
  JSValue result = call(self, function, JS_NewStringLen(self->js, argument, length));
  self->answer = JS_ToCStringLen(self->js, answer_length, result);
  JS_FreeValue(self->js, result);
  return self->answer;
}

static int32_t number(void *opaque, const char *function, int32_t n) {
  engine *self = opaque;
  int32_t answer = 0;
  JSValue result = call(self, function, JS_NewInt32(self->js, n));
  if (JS_ToInt32(self->js, &answer, result) < 0) fail("no number");
  JS_FreeValue(self->js, result);
  return answer;
}

static void close_engine(void *opaque) {
  engine *self = opaque;
  if (self->answer != NULL) JS_FreeCString(self->js, self->answer);
  JS_FreeValue(self->js, self->function);
  JS_FreeValue(self->js, self->exports);
  JS_FreeContext(self->js);
  JS_FreeRuntime(self->runtime);
  free(self);
}

const interpreter native_quickjs = {JS_GetVersion, open_engine, text, number, close_engine};
