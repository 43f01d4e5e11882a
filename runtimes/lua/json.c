/* JSON. What a table is in it, its keys say: names make an object, and the numbers 1 to n an array. */

#include "runtime.h"
#include "block.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>

const void *json_object_mark, *json_mark;

/* How deep values may be, which is within any stack that the host allows. */
enum { MOST_DEPTH = 1000 };

static void add(lua_State *L, const void *data, size_t size) {
  if (!block_add(data, size)) luaL_error(L, "not enough memory");
}

static void write_string(lua_State *L, int index) {
  size_t length;
  const char *text = lua_tolstring(L, index, &length);
  add(L, "\"", 1);
  size_t from = 0;
  for (size_t at = 0; at < length;) {
    uint8_t byte = (uint8_t)text[at];
    if (byte >= 0x80) {
      bool is_valid;
      at += utf8_character((const uint8_t *)text + at, length - at, &is_valid);
      if (!is_valid) luaL_error(L, "a string that is no UTF-8 can't be passed as JSON");
      continue;
    }
    if (byte >= 0x20 && byte != '"' && byte != '\\') {
      at++;
      continue;
    }
    char escape[8];
    const char *letters = "btn\1fr", *letter = byte >= '\b' && byte <= '\r' ? letters + byte - '\b' : "\1";
    if (byte == '"' || byte == '\\') letter = text + at;
    int size = *letter == 1 ? snprintf(escape, sizeof escape, "\\u%04x", byte)
                            : snprintf(escape, sizeof escape, "\\%c", *letter);
    add(L, text + from, at - from);
    add(L, escape, (size_t)size);
    from = ++at;
  }
  add(L, text + from, length - from);
  add(L, "\"", 1);
}

static void write_number(lua_State *L, int index) {
  char text[32];
  int size;
  if (lua_isinteger(L, index)) {
    size = snprintf(text, sizeof text, "%lld", lua_tointeger(L, index));
  } else {
    lua_Number number = lua_tonumber(L, index);
    if (!isfinite(number)) luaL_error(L, "%s can't be passed as JSON", isnan(number) ? "a NaN" : "infinity");
    /* As few digits as say which number it is. */
    for (int digits = 15; digits <= 17; digits++) {
      size = snprintf(text, sizeof text, "%.*g", digits, number);
      if (strtod(text, NULL) == number) break;
    }
    if (text[strspn(text, "-0123456789")] == '\0') size = (int)(stpcpy(text + size, ".0") - text);
  }
  add(L, text, (size_t)size);
}

static void write_value(lua_State *L, int index, int depth);

static void write_array(lua_State *L, int table, lua_Integer count, int depth) {
  add(L, "[", 1);
  for (lua_Integer i = 1; i <= count; i++) {
    if (i > 1) add(L, ",", 1);
    lua_rawgeti(L, table, i);
    write_value(L, lua_gettop(L), depth);
    lua_pop(L, 1);
  }
  add(L, "]", 1);
}

static void write_object(lua_State *L, int table, int depth) {
  add(L, "{", 1);
  bool is_first = true;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (!is_first) add(L, ",", 1);
    is_first = false;
    write_string(L, -2);
    add(L, ":", 1);
    write_value(L, lua_gettop(L), depth);
  }
  add(L, "}", 1);
}

static void write_table(lua_State *L, int table, int depth) {
  if (depth > MOST_DEPTH)
    luaL_error(L, "a table that contains itself, or is more than %d deep, can't be passed as JSON", MOST_DEPTH);
  luaL_checkstack(L, 4, "too many values");
  lua_Integer names = 0, numbers = 0, largest = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING) {
      names++;
    } else if (lua_isinteger(L, -2) && lua_tointeger(L, -2) > 0) {
      numbers++;
      if (lua_tointeger(L, -2) > largest) largest = lua_tointeger(L, -2);
    } else {
      luaL_error(L, "a table with a key that is neither a name nor a number from 1 on can't be passed as JSON");
    }
  }
  if (names > 0 && numbers > 0) luaL_error(L, "a table with both names and numbers as keys can't be passed as JSON");
  if (names > 0) {
    write_object(L, table, depth);
  } else if (numbers == 0) {
    add(L, value_has_mark(L, table, json_object_mark) ? "{}" : "[]", 2);
  } else if (numbers != largest) {
    luaL_error(L, "a table whose keys are not the numbers from 1 to how many they are can't be passed as JSON");
  } else {
    write_array(L, table, numbers, depth);
  }
}

static void write_value(lua_State *L, int index, int depth) {
  switch (lua_type(L, index)) {
  case LUA_TNONE:
  case LUA_TNIL: add(L, "null", 4); return;
  case LUA_TBOOLEAN: lua_toboolean(L, index) ? add(L, "true", 4) : add(L, "false", 5); return;
  case LUA_TNUMBER: write_number(L, index); return;
  case LUA_TSTRING: write_string(L, index); return;
  case LUA_TTABLE: write_table(L, index, depth + 1); return;
  case LUA_TLIGHTUSERDATA: add(L, "null", 4); return;
  case LUA_TUSERDATA:
    if (depth > MOST_DEPTH || !value_has_mark(L, index, json_mark)) break;
    luaL_checkstack(L, 4, "too many values");
    lua_getiuservalue(L, index, 1);
    write_value(L, lua_gettop(L), depth + 1);
    lua_pop(L, 1);
    return;
  }
  luaL_error(L, "a %s can't be passed to the host", luaL_typename(L, index));
}

void json_write(lua_State *L, int index) { write_value(L, lua_absindex(L, index), 0); }

/* The text that is left to read. */
typedef struct {
  lua_State *L;
  const char *begin, *next, *end;
  int depth;
} reader;

static void fail(const reader *from) {
  luaL_error(from->L, "the JSON is wrong from byte %d on", (int)(from->next - from->begin) + 1);
}

static char peek(const reader *from) { return from->next < from->end ? *from->next : '\0'; }

static void skip_space(reader *from) {
  while (from->next < from->end && strchr(" \t\r\n", *from->next) != NULL && *from->next != '\0') from->next++;
}

static void expect(reader *from, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(from->end - from->next) < length || memcmp(from->next, word, length) != 0) fail(from);
  from->next += length;
}

static uint32_t read_hex(reader *from) {
  uint32_t code = 0;
  for (int i = 0; i < 4; i++, from->next++) {
    char digit = peek(from);
    if (digit >= '0' && digit <= '9') {
      code = code << 4 | (uint32_t)(digit - '0');
    } else if ((digit | 32) >= 'a' && (digit | 32) <= 'f') {
      code = code << 4 | (uint32_t)((digit | 32) - 'a' + 10);
    } else {
      fail(from);
    }
  }
  return code;
}

static void read_escape(reader *from, luaL_Buffer *text) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  char letter = peek(from), character[4];
  from->next++;
  const char *known = letter == '\0' ? NULL : strchr(letters, letter);
  if (known != NULL) {
    luaL_addchar(text, meanings[known - letters]);
    return;
  }
  if (letter != 'u') from->next--, fail(from);
  uint32_t code = read_hex(from);
  if (code >= 0xd800 && code < 0xdc00 && from->end - from->next >= 6 && memcmp(from->next, "\\u", 2) == 0) {
    const char *before = from->next;
    from->next += 2;
    uint32_t low = read_hex(from);
    if (low >= 0xdc00 && low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else {
      from->next = before;
    }
  }
  luaL_addlstring(text, character, utf8_put(code, character));
}

static void read_string(reader *from) {
  expect(from, "\"");
  const char *begin = from->next;
  while (from->next < from->end && *from->next != '"' && *from->next != '\\' && (uint8_t)*from->next >= 0x20)
    from->next++;
  if (peek(from) == '"') {
    lua_pushlstring(from->L, begin, (size_t)(from->next++ - begin));
    return;
  }
  luaL_Buffer text;
  luaL_buffinit(from->L, &text);
  luaL_addlstring(&text, begin, (size_t)(from->next - begin));
  while (peek(from) != '"') {
    if ((uint8_t)peek(from) < 0x20) fail(from);
    begin = from->next;
    if (*begin == '\\') {
      from->next++;
      read_escape(from, &text);
      continue;
    }
    while (from->next < from->end && *from->next != '"' && *from->next != '\\' && (uint8_t)*from->next >= 0x20)
      from->next++;
    luaL_addlstring(&text, begin, (size_t)(from->next - begin));
  }
  from->next++;
  luaL_pushresult(&text);
}

static void skip_digits(reader *from) {
  if (peek(from) < '0' || peek(from) > '9') fail(from);
  while (peek(from) >= '0' && peek(from) <= '9') from->next++;
}

static void read_number(reader *from) {
  const char *begin = from->next;
  if (peek(from) == '-') from->next++;
  if (peek(from) == '0') {
    from->next++;
  } else {
    skip_digits(from);
  }
  if (peek(from) == '.') from->next++, skip_digits(from);
  if ((peek(from) | 32) == 'e') {
    from->next++;
    if (peek(from) == '+' || peek(from) == '-') from->next++;
    skip_digits(from);
  }
  /* What is beyond 64 bits becomes a float. */
  lua_pushlstring(from->L, begin, (size_t)(from->next - begin));
  if (lua_stringtonumber(from->L, lua_tostring(from->L, -1)) == 0) fail(from);
  lua_remove(from->L, -2);
}

static void read_value(reader *from);

static void read_array(reader *from) {
  expect(from, "[");
  skip_space(from);
  lua_newtable(from->L);
  if (peek(from) == ']') {
    from->next++;
    return;
  }
  for (lua_Integer i = 1;; i++) {
    read_value(from);
    lua_rawseti(from->L, -2, i);
    if (peek(from) == ']') break;
    expect(from, ",");
  }
  from->next++;
}

static void read_object(reader *from) {
  expect(from, "{");
  skip_space(from);
  lua_newtable(from->L);
  if (peek(from) == '}') {
    from->next++;
    luaL_setmetatable(from->L, "wasp.object");
    return;
  }
  for (;;) {
    skip_space(from);
    read_string(from);
    skip_space(from);
    expect(from, ":");
    read_value(from);
    lua_rawset(from->L, -3);
    if (peek(from) == '}') break;
    expect(from, ",");
  }
  from->next++;
}

/* Reads a value, and the space around it. */
static void read_value(reader *from) {
  if (++from->depth > MOST_DEPTH) luaL_error(from->L, "the JSON is more than %d deep", MOST_DEPTH);
  luaL_checkstack(from->L, 8, "too many values");
  skip_space(from);
  switch (peek(from)) {
  case '{': read_object(from); break;
  case '[': read_array(from); break;
  case '"': read_string(from); break;
  case 't': expect(from, "true"), lua_pushboolean(from->L, 1); break;
  case 'f': expect(from, "false"), lua_pushboolean(from->L, 0); break;
  case 'n': expect(from, "null"), lua_pushlightuserdata(from->L, NULL); break;
  default: read_number(from);
  }
  skip_space(from);
  from->depth--;
}

void json_read(lua_State *L, const char *text, size_t length) {
  reader from = {L, text, text, text + length, 0};
  read_value(&from);
  if (from.next != from.end) fail(&from);
}
