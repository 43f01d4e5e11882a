/* UTF-8: what leaves a runtime as text is well-formed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Returns the length of the character at `at`, or, if there is none, of what one U+FFFD stands for, as browsers count.
 */
static inline size_t utf8_character(const uint8_t *at, size_t left, bool *is_valid) {
  uint8_t first = at[0], least = 0x80, most = 0xbf;
  *is_valid = first < 0x80;
  if (first < 0xc2 || first > 0xf4) return 1;
  size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first == 0xe0) least = 0xa0;
  if (first == 0xed) most = 0x9f;
  if (first == 0xf0) least = 0x90;
  if (first == 0xf4) most = 0x8f;
  for (size_t i = 1; i < length; i++) {
    if (i == left || at[i] < least || at[i] > most) return i;
    least = 0x80, most = 0xbf;
  }
  *is_valid = true;
  return length;
}

/* Returns whether all of it is characters. */
static inline bool utf8_is_valid(const char *data, size_t length) {
  const uint8_t *bytes = (const uint8_t *)data;
  bool is_valid = true;
  for (size_t at = 0; at < length && is_valid;) {
    if (bytes[at] < 0x80) {
      at++;
    } else {
      at += utf8_character(bytes + at, length - at, &is_valid);
    }
  }
  return is_valid;
}

/* Returns whether all of it is characters, of which none is NUL. */
static inline bool utf8_is_text(const char *data, size_t length) {
  return memchr(data, '\0', length) == NULL && utf8_is_valid(data, length);
}

/* Writes the UTF-8 of a code point, and returns how many bytes it is. What is none is U+FFFD. */
static inline size_t utf8_put(uint32_t code, char *to) {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
  if (code < 0x80) return to[0] = (char)code, 1;
  if (code < 0x800) return to[0] = (char)(0xc0 | code >> 6), to[1] = (char)(0x80 | (code & 63)), 2;
  if (code < 0x10000) {
    to[0] = (char)(0xe0 | code >> 12), to[1] = (char)(0x80 | (code >> 6 & 63)), to[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  to[0] = (char)(0xf0 | code >> 18), to[1] = (char)(0x80 | (code >> 12 & 63));
  to[2] = (char)(0x80 | (code >> 6 & 63)), to[3] = (char)(0x80 | (code & 63));
  return 4;
}
