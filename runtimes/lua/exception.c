/* Errors, as the host shows them: the message in the first line, and a frame of the script's in each further one. */

#include "runtime.h"
#include "block.h"
#include "utf8.h"

#include <stdio.h>

/* The host shows no more frames than these. */
enum { MOST_FRAMES = 64 };

/* Appends a text as UTF-8 and on one line. */
static void add_line(const char *text, size_t length) {
  for (size_t at = 0; at < length;) {
    bool is_valid;
    size_t size = utf8_character((const uint8_t *)text + at, length - at, &is_valid);
    if (!is_valid) {
      block_add("\xef\xbf\xbd", 3);
    } else if (text[at] == '\0') {
      block_add("\\u{0}", 5);
    } else {
      block_add(text[at] == '\n' ? " " : text + at, size);
    }
    at += size;
  }
}

static void add_frame(const char *function, const char *file, int line) {
  char place[32];
  snprintf(place, sizeof place, ":%d)", line);
  block_add("\n", 1);
  if (function != NULL) add_line(function, strlen(function)), block_add(" ", 1);
  block_add("(", 1);
  add_line(file, strlen(file));
  block_add(place, strlen(place));
}

/* Appends the line that a syntax error is in, which its message begins with: "greeter.lua:3: ..." */
static void add_syntax_frame(const char *message) {
  size_t length = strlen(file_name);
  if (strncmp(message, file_name, length) != 0 || message[length] != ':') return;
  int line = atoi(message + length + 1);
  if (line > 0) add_frame(NULL, file_name, line);
}

int exception_handle(lua_State *L) {
  size_t length;
  bool has_text = lua_isstring(L, 1) || luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL;
  const char *message;
  if (has_text) {
    message = luaL_tolstring(L, 1, &length);
  } else {
    message = lua_pushfstring(L, "an error that is a %s", luaL_typename(L, 1));
    length = strlen(message);
  }
  block_begin();
  add_line(message, length);
  lua_Debug frame;
  int frames = 0;
  for (int level = 0; frames < MOST_FRAMES && lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sln", &frame);
    if (frame.currentline <= 0) continue;
    lua_Debug outer;
    const char *name = frame.name;
    /* What the host called has no name that Lua knows of. */
    if (name == NULL && *frame.what == 'L' && lua_getstack(L, level + 1, &outer) && !lua_getstack(L, level + 2, &outer))
      name = called;
    add_frame(name, frame.short_src, frame.currentline);
    frames++;
  }
  if (frames == 0) add_syntax_frame(message);
  lua_pushlstring(L, block_data(), block_length());
  return 1;
}

void exception_raise(lua_State *L) {
  const char *text = lua_tostring(L, -1);
  wasp_raise_error(text != NULL ? text : "an error without a text");
}
