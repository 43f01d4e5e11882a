/* The modules "wasp:<namespace>", whose functions are the host's. */

#include "javascript.h"
#include "script.h"

static script_callback *callbacks;
static uint32_t callback_count;

void callbacks_read(const char *listing) { callback_count = script_callbacks(listing, &callbacks); }

static JSValue call(JSContext *context, JSValueConst this, int count, JSValueConst *args, int index, JSValue *data) {
  (void)context, (void)this, (void)data;
  wasp_bytes *block = value_pack(args, count);
  if (block == NULL) return JS_EXCEPTION;
  wasp_bytes *answer = wasp_callback(callbacks[index].module, callbacks[index].name, block);
  free(block);
  packed_reader reader;
  packed_begin(&reader, answer);
  packed_value value = packed_next(&reader);
  JSValue result = value_to_js(&value);
  free(answer);
  return result;
}

static bool is_of(const script_callback *one, const char *module) { return strcmp(one->module, module) == 0; }

static int set_exports(JSContext *context, JSModuleDef *module) {
  JSAtom atom = JS_GetModuleName(context, module);
  const char *name = JS_AtomToCString(context, atom);
  JS_FreeAtom(context, atom);
  if (name == NULL) return -1;
  int status = 0;
  for (uint32_t i = 0; i < callback_count && status == 0; i++) {
    if (!is_of(&callbacks[i], name + strlen("wasp:"))) continue;
    JSValue function = JS_NewCFunctionData(context, call, 0, (int)i, 0, NULL);
    status = JS_SetModuleExport(context, module, callbacks[i].name, function);
  }
  JS_FreeCString(context, name);
  return status;
}

/* Makes `list` longer by a name, after a comma. */
static char *append(char *list, const char *prefix, const char *name) {
  char *longer = wasp_string_concat(list, *list == '\0' ? "" : ", ", prefix, name, NULL);
  free(list);
  return longer;
}

/* Lists the names of the namespace `module`, or, where that is NULL, the modules that there are. */
static char *offered(const char *module) {
  if (module != NULL && strcmp(module, "fs") == 0) return wasp_string_new(files_names);
  char *list = wasp_string_new(module == NULL ? "wasp:fs" : "");
  for (uint32_t i = 0; i < callback_count; i++) {
    bool is_known = strcmp(callbacks[i].module, "fs") == 0;
    for (uint32_t before = 0; before < i; before++)
      is_known = is_known || is_of(&callbacks[before], callbacks[i].module);
    if (module == NULL && !is_known) list = append(list, "wasp:", callbacks[i].module);
    if (module != NULL && is_of(&callbacks[i], module)) list = append(list, "", callbacks[i].name);
  }
  return list;
}

/* Gives an error another message, which it frees. JS_ThrowReferenceError and its like cut theirs at 255 bytes. */
static void set_message(JSValueConst error, char *message) {
  JSValue text = JS_NewString(js, message);
  free(message);
  JS_DefinePropertyValueStr(js, error, "message", text, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

void callbacks_explain(void) {
  JSValue error = JS_GetException(js);
  JSValue message = JS_IsError(error) ? JS_GetPropertyStr(js, error, "message") : JS_UNDEFINED;
  const char *text = JS_IsString(message) ? JS_ToCString(js, message) : NULL;
  static const char before_export[] = "Could not find export '", before_module[] = "' in module 'wasp:";
  const char *at =
      text != NULL && strncmp(text, before_export, strlen(before_export)) == 0 ? strstr(text, before_module) : NULL;
  if (at != NULL) {
    const char *from = at + strlen(before_module);
    char *name = script_copy(text + strlen(before_export), at), *module = script_copy(from, from + strcspn(from, "'"));
    char *names = offered(module);
    set_message(error, wasp_string_concat("module \"wasp:", module, "\" has no \"", name, "\": it has ", names, NULL));
    free(names), free(module), free(name);
  }
  if (text != NULL) JS_FreeCString(js, text);
  if (JS_IsException(message)) JS_FreeValue(js, JS_GetException(js));
  JS_FreeValue(js, message);
  JS_Throw(js, error);
}

JSModuleDef *callbacks_module(const char *name) {
  const char *namespace = name + strlen("wasp:");
  bool is_there = false;
  for (uint32_t i = 0; i < callback_count; i++) is_there = is_there || is_of(&callbacks[i], namespace);
  if (!is_there) {
    JS_ThrowReferenceError(js, "%s", "");
    JSValue error = JS_GetException(js);
    char *modules = offered(NULL);
    set_message(error, wasp_string_concat("there is no module \"", name, "\": the host offers ", modules, NULL));
    free(modules);
    JS_Throw(js, error);
    return NULL;
  }
  JSModuleDef *module = JS_NewCModule(js, name, set_exports);
  for (uint32_t i = 0; module != NULL && i < callback_count; i++)
    if (is_of(&callbacks[i], namespace)) JS_AddModuleExport(js, module, callbacks[i].name);
  return module;
}
