/* The modules "wasp" and "wasp.<namespace>", whose functions are the host's. */

#include "runtime.h"
#include "block.h"
#include "script.h"

static script_callback *callbacks;
static uint32_t callback_count;

/* Calls one: __call__(self, *args) */
static bool call(int argc, py_StackRef argv) {
  const script_callback *callback = &callbacks[*(uint32_t *)py_touserdata(py_arg(0))];
  if (!value_begin((uint32_t)argc - 1)) return false;
  for (int i = 1; i < argc; i++)
    if (!value_pack(py_arg(i), (uint32_t)i <= callback->count ? callback->kinds[i - 1] : PACKED_NONE)) return false;
  wasp_bytes *args = block_take(), *answer = wasp_callback(callback->module, callback->name, args);
  free(args);
  packed_reader reader;
  packed_begin(&reader, answer);
  packed_value value = packed_next(&reader);
  bool is_given = value_to_python(&value, py_retval());
  free(answer);
  return is_given;
}

static bool show(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(1);
  const script_callback *callback = &callbacks[*(uint32_t *)py_touserdata(py_arg(0))];
  py_newfstr(py_retval(), "<callback %s.%s>", callback->module, callback->name);
  return true;
}

static bool refuse(int argc, py_StackRef argv) {
  (void)argc, (void)argv;
  return TypeError("only the host makes callbacks");
}

/* Returns the module `path`, and makes it, and what it is in, where there is none. */
static py_GlobalRef module_of(const char *path) {
  py_GlobalRef known = py_getmodule(path);
  if (known != NULL) return known;
  py_GlobalRef made = py_newmodule(path);
  const char *dot = strrchr(path, '.');
  if (dot == NULL) return made;
  char *outer = script_copy(path, dot);
  py_setdict(module_of(outer), py_name(dot + 1), py_getmodule(path));
  free(outer);
  return py_getmodule(path);
}

void callbacks_add(const char *listing) {
  callback_count = script_callbacks(listing, &callbacks);
  py_GlobalRef wasp = module_of("wasp");
  py_Type type = py_newtype("callback", tp_object, wasp, NULL);
  py_bindmethod(type, "__call__", call);
  py_bindmethod(type, "__repr__", show);
  py_bindmethod(type, "__new__", refuse);
  for (uint32_t i = 0; i < callback_count; i++) {
    char *path = wasp_string_concat("wasp.", callbacks[i].module, NULL);
    /* A module's name has so many bytes at most, and a longer one would be the end. */
    if (strlen(path) <= 63 && strstr(path, "..") == NULL && path[strlen(path) - 1] != '.') {
      py_StackRef made = py_pushtmp();
      *(uint32_t *)py_newobject(made, type, 0, sizeof i) = i;
      py_setdict(module_of(path), py_name(callbacks[i].name), made);
      py_pop();
    }
    free(path);
  }
}
