/* UTF-8: what leaves the runtime is well-formed, and what comes in from files and bytes may be anything. */

#include "javascript.h"
#include "utf8.h"

void text_make_well_formed(char *text, size_t length) {
  for (size_t at = 0; at + 2 < length; at++) {
    if ((uint8_t)text[at] == 0xed && (uint8_t)text[at + 1] >= 0xa0) memcpy(text + at, "\xef\xbf\xbd", 3);
  }
}

size_t text_incomplete(const uint8_t *data, size_t length) {
  for (size_t back = 1; back <= 3 && back <= length; back++) {
    const uint8_t *at = data + length - back;
    bool is_valid;
    /* Whatever begins before a byte that begins a character has ended there. */
    if (*at < 0x80 || *at >= 0xc0)
      return utf8_character(at, back, &is_valid) == back && !is_valid && *at >= 0xc2 && *at <= 0xf4 ? back : 0;
  }
  return 0;
}

JSValue text_decode(const uint8_t *data, size_t length, bool is_fatal) {
  size_t bad = 0;
  bool is_valid;
  for (size_t at = 0; at < length; bad += !is_valid) at += utf8_character(data + at, length - at, &is_valid);
  if (bad == 0) return JS_NewStringLen(js, (const char *)data, length);
  if (is_fatal) return JS_ThrowTypeError(js, "the bytes are no UTF-8");
  char *text = bad > (SIZE_MAX - length) / 3 ? NULL : malloc(length + 3 * bad), *end = text;
  if (text == NULL) return JS_ThrowOutOfMemory(js);
  for (size_t at = 0, size; at < length; at += size) {
    size = utf8_character(data + at, length - at, &is_valid);
    memcpy(end, is_valid ? (const char *)data + at : "\xef\xbf\xbd", is_valid ? size : 3);
    end += is_valid ? size : 3;
  }
  JSValue result = JS_NewStringLen(js, text, (size_t)(end - text));
  free(text);
  return result;
}
