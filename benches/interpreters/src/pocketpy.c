/* pocketpy: the functions at a script's top level, as in wasp. It has few interpreters, so that one is used again,
 * reset. */

#include "interpreter.h"
#include "pocketpy.h"

static char is_used;

static void check(bool is_done) {
  if (!is_done) py_printexc(), abort();
}

static void *open_engine(const char *source, size_t length) {
  (void)length;
  py_initialize();
  if (is_used) py_resetvm();
  is_used = 1;
  check(py_exec(source, "script.py", EXEC_MODE, NULL));
  return &is_used;
}

static void call(const char *function, py_Ref argument) {
  check(py_call(py_getglobal(py_name(function)), 1, argument));
}

static const char *text(void *self, const char *function, const char *argument, size_t length, size_t *answer_length) {
  (void)self;
  int size = 0;
  py_newstrv(py_r0(), (c11_sv){argument, (int)length});
  call(function, py_r0());
  const char *answer = py_tostrn(py_retval(), &size);
  *answer_length = (size_t)size;
  return answer;
}

static int32_t number(void *self, const char *function, int32_t n) {
  (void)self;
  py_newint(py_r0(), n);
  call(function, py_r0());
  return (int32_t)py_toint(py_retval());
}

static void close_engine(void *self) { (void)self; }

static const char *version(void) { return PK_VERSION; }

const interpreter native_pocketpy = {version, open_engine, text, number, close_engine};
