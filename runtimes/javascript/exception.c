/* What scripts throw, as the host shows it. */

#include "javascript.h"

/* Appends the frames of `stack`, whose lines are "    at function (file:line:column)" or "    at file:line:column". */
static char *with_frames(const char *message, const char *stack) {
  char *text = wasp_block_new(strlen(message) + 3 * strlen(stack), 2), *end = text;
  for (const char *from = message; *from != '\0'; from++) *end++ = *from == '\n' ? ' ' : *from;
  while (*stack != '\0') {
    size_t length = strcspn(stack, "\n");
    const char *line = stack, *until = stack + length;
    stack = until + (*until == '\n');
    while (line < until && *line == ' ') line++;
    if (until - line > 3 && memcmp(line, "at ", 3) == 0) line += 3;
    bool is_native = until - line >= 8 && memcmp(until - 8, "(native)", 8) == 0;
    if (line == until || is_native) continue;
    *end++ = '\n';
    bool has_name = until[-1] == ')';
    if (!has_name) memcpy(end, "(", 1), end++;
    memcpy(end, line, (size_t)(until - line));
    end += until - line;
    if (!has_name) *end++ = ')';
  }
  *end = '\0';
  return text;
}

char *exception_text(void) {
  JSValue thrown = JS_GetException(js);
  const char *message = JS_ToCString(js, thrown);
  /* What has no text says so in another exception. */
  if (message == NULL) JS_FreeValue(js, JS_GetException(js));
  JSValue stack = JS_IsError(thrown) ? JS_GetPropertyStr(js, thrown, "stack") : JS_UNDEFINED;
  const char *frames = JS_IsString(stack) ? JS_ToCString(js, stack) : NULL;
  if (JS_IsException(stack)) JS_FreeValue(js, JS_GetException(js));
  /* That an error is one goes without saying; that it is a TypeError doesn't. */
  const char *said = message != NULL ? message : "an exception without a text";
  if (strncmp(said, "Error: ", 7) == 0) said += 7;
  char *text = with_frames(said, frames != NULL ? frames : "");
  if (frames != NULL) JS_FreeCString(js, frames);
  if (message != NULL) JS_FreeCString(js, message);
  JS_FreeValue(js, stack);
  JS_FreeValue(js, thrown);
  return text;
}

void exception_raise(void) {
  char *text = exception_text();
  wasp_raise_error(text);
  free(text);
}
