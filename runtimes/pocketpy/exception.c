/* Exceptions, as the host shows them: the message in the first line, and a frame of the script's in each further one.
 */

#include "runtime.h"
#include "block.h"
#include "memory.h"
#include "utf8.h"
#include "pocketpy/interpreter/vm.h"
#include "pocketpy/objects/exception.h"

#include <stdio.h>

/* Appends a text as UTF-8 and on one line. */
static void add_line(const char *text) {
  size_t length = strlen(text);
  for (size_t at = 0; at < length;) {
    bool is_valid;
    size_t size = utf8_character((const uint8_t *)text + at, length - at, &is_valid);
    if (!is_valid) {
      block_add("\xef\xbf\xbd", 3);
    } else {
      block_add(text[at] == '\n' ? " " : text + at, size);
    }
    at += size;
  }
}

static void add_frame(const BaseExceptionFrame *frame) {
  char place[32];
  snprintf(place, sizeof place, ":%d)", frame->lineno);
  block_add("\n", 1);
  if (frame->name != NULL) add_line(frame->name->data), block_add(" ", 1);
  block_add("(", 1);
  add_line(frame->src->filename->data);
  block_add(place, strlen(place));
}

void exception_raise(py_StackRef top) {
  py_StackRef thrown = py_pushtmp();
  *thrown = pk_current_vm->unhandled_exc;
  char *message = safe_stringify_exception(thrown);
  block_begin();
  /* As of JavaScript's Error, the name of the plainest kind says nothing. */
  bool is_plain = py_typeof(thrown) == tp_Exception && *message != '\0';
  if (!is_plain) add_line(py_tpname(py_typeof(thrown)));
  if (!is_plain && *message != '\0') block_add(": ", 2);
  add_line(message);
  PK_FREE(message);
  const BaseException *exception = py_touserdata(thrown);
  for (int i = 0; i < exception->stacktrace.length; i++)
    add_frame(c11__at(BaseExceptionFrame, &exception->stacktrace, i));
  block_add("", 1);
  wasp_raise_error(block_data());
  py_clearexc(top);
}
