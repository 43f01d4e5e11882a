/* The exports of the runtime: a script is a module, whose functions the host calls. */

#include "runtime.h"
#include "block.h"
#include "script.h"

#include <stdio.h>

char *file_name;

static char *listing;

/* A function of pocketpy takes no more arguments than these. */
enum { MOST_ARGUMENTS = 64 };

__attribute__((constructor)) static void start(void) {
  py_initialize();
  library_add();
  listing = wasp_string_new("");
}

WASP_EXPORT("wasp_abi_version") int32_t wasp_abi_version(void) { return 2; }

WASP_EXPORT("wasp_signatures") const char *wasp_signatures(void) { return listing; }

WASP_EXPORT("wasp_resume") void wasp_resume(void) { library_seed(); }

WASP_EXPORT("wasp_load") void wasp_load(const char *source, const char *callbacks) {
  py_StackRef top = py_peek(0);
  file_name = script_file_name(".py");
  callbacks_add(callbacks);
  if (py_exec(source, file_name, EXEC_MODE, NULL)) {
    free(listing);
    listing = listing_new(source);
  } else {
    exception_raise(top);
  }
  fflush(stdout);
  py_gc_collect();
}

static bool invoke(py_Name name, const wasp_bytes *block) {
  packed_reader reader;
  uint32_t count = packed_begin(&reader, block);
  if (count > MOST_ARGUMENTS) return TypeError("more than %d arguments", MOST_ARGUMENTS);
  py_ItemRef function = py_getglobal(name);
  if (function == NULL) return NameError(name);
  py_push(function);
  py_pushnil();
  for (uint32_t i = 0; i < count; i++) {
    packed_value value = packed_next(&reader);
    if (!value_to_python(&value, py_pushtmp())) return false;
  }
  return py_vectorcall((uint16_t)count, 0) && value_begin(1) && value_pack(py_retval(), PACKED_NONE);
}

WASP_EXPORT("wasp_invoke") wasp_bytes *wasp_invoke(uint32_t index, const wasp_bytes *block) {
  if (index >= listing_count) __builtin_trap();
  py_StackRef top = py_peek(0);
  bool is_done = invoke(listing_functions[index].name, block);
  wasp_bytes *answer = is_done ? block_take() : NULL;
  if (!is_done) exception_raise(top);
  py_newnone(py_retval());
  fflush(stdout);
  memory_tidy();
  return answer;
}
