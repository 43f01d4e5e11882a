/* The module "wasp:eval": programs that are run as a console runs them. */

#include "javascript.h"

/*
 * evaluate(source, name): a promise of an object with the value of the last statement. The names that one program
 * declares are there for the next, and it may await at its top level.
 */
static JSValue evaluate(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this;
  if (count < 2) return JS_ThrowTypeError(js, "evaluate takes a source and its name");
  size_t length;
  const char *source = JS_ToCStringLen(js, &length, args[0]), *name = JS_ToCString(js, args[1]);
  JSValue result = JS_EXCEPTION;
  if (source != NULL && name != NULL)
    result = JS_Eval(js, source, length, name, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_ASYNC);
  JS_FreeCString(js, source), JS_FreeCString(js, name);
  return result;
}

static const JSCFunctionListEntry functions[] = {JS_CFUNC_DEF("evaluate", 2, evaluate)};

static int set_exports(JSContext *context, JSModuleDef *module) {
  return JS_SetModuleExportList(context, module, functions, 1);
}

JSModuleDef *evaluate_module(const char *name) {
  JSModuleDef *module = JS_NewCModule(js, name, set_exports);
  if (module != NULL) JS_AddModuleExportList(js, module, functions, 1);
  return module;
}
