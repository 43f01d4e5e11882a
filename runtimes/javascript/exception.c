/* What scripts throw, as the host shows it. */

#include "javascript.h"

static bool is_of_prelude(const char *line, const char *until) {
  const char *place = strstr(line, "(" PRELUDE_NAME ":");
  return place != NULL && place < until;
}

/* Appends the frames of `stack`, whose lines are "    at function (file:line:column)" or "    at file:line:column". */
static char *with_frames(const char *message, size_t message_length, const char *stack) {
  static const char nul[] = "\\u{0}";
  size_t room = message_length + 3 * strlen(stack);
  for (size_t i = 0; i < message_length; i++) room += message[i] == '\0' ? strlen(nul) : 0;
  char *text = wasp_block_new(room, 2), *end = text;
  for (size_t i = 0; i < message_length; i++) {
    if (message[i] == '\0') {
      end = stpcpy(end, nul);
    } else {
      *end++ = message[i] == '\n' ? ' ' : message[i];
    }
  }
  while (*stack != '\0') {
    size_t length = strcspn(stack, "\n");
    const char *line = stack, *until = stack + length;
    stack = until + (*until == '\n');
    while (line < until && *line == ' ') line++;
    if (until - line > 3 && memcmp(line, "at ", 3) == 0) line += 3;
    bool is_native = until - line >= 8 && memcmp(until - 8, "(native)", 8) == 0;
    if (line == until || is_native || is_of_prelude(line, until)) continue;
    *end++ = '\n';
    bool has_name = until[-1] == ')';
    if (!has_name) memcpy(end, "(", 1), end++;
    memcpy(end, line, (size_t)(until - line));
    end += until - line;
    if (!has_name) *end++ = ')';
  }
  *end = '\0';
  text_make_well_formed(text, (size_t)(end - text));
  return text;
}

char *exception_text(void) {
  JSValue thrown = JS_GetException(js);
  size_t length = 0;
  const char *message = JS_ToCStringLen(js, &length, thrown);
  /* What has no text says so in another exception. */
  if (message == NULL) JS_FreeValue(js, JS_GetException(js));
  JSValue stack = JS_IsObject(thrown) ? JS_GetPropertyStr(js, thrown, "stack") : JS_UNDEFINED;
  const char *frames = JS_IsString(stack) ? JS_ToCString(js, stack) : NULL;
  if (JS_IsException(stack)) JS_FreeValue(js, JS_GetException(js));
  /* That an error is one goes without saying; that it is a TypeError doesn't. */
  const char *said = message != NULL ? message : "an exception without a text";
  if (message == NULL) length = strlen(said);
  if (strncmp(said, "Error: ", 7) == 0) said += 7, length -= 7;
  char *text = with_frames(said, length, frames != NULL ? frames : "");
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
