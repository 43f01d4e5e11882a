/* The functions of a script: those in the table that it returns, by their names. */

#include "runtime.h"
#include "utf8.h"

#include <stdio.h>

typedef struct {
  char *text;
  size_t length;
} lines;

static void add(lines *to, const char *text, size_t length) {
  char *longer = realloc(to->text, to->length + length + 1);
  if (longer == NULL) __builtin_trap();
  memcpy(longer + to->length, text, length);
  to->text = longer, to->length += length;
  longer[to->length] = '\0';
}

static void add_string(lines *to, const char *text) { add(to, text, strlen(text)); }

/* Returns whether a line of a listing can have this name. */
static bool is_name(const char *name, size_t length) {
  if (length == 0 || !utf8_is_text(name, length) || name[0] == ' ' || name[length - 1] == ' ') return false;
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = (uint8_t)name[i], next = (uint8_t)name[i + 1];
    if (byte < 0x20 || byte == 0x7f || byte == '(' || byte == '#' || (byte == 0xc2 && next < 0xa0)) return false;
  }
  return true;
}

static int compare(const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Returns where line `number` begins, counted from 1. */
static const char *find_line(const char *source, int number) {
  for (; number > 1 && *source != '\0'; number--) {
    source += strcspn(source, "\n");
    source += *source == '\n';
  }
  return source;
}

static const char *skip_blanks(const char *text) { return text + strspn(text, " \t"); }

/* Returns the beginning of the line before `line`. */
static const char *line_before(const char *source, const char *line) {
  for (line--; line > source && line[-1] != '\n';) line--;
  return line;
}

/* Appends what the comment right above line `number` says, up to its first empty line or tag. */
static void add_documentation(lines *to, const char *source, int number) {
  const char *code = find_line(source, number), *first = code;
  while (first > source) {
    const char *above = line_before(source, first);
    const char *text = skip_blanks(above);
    if (strncmp(text, "--", 2) != 0 || strncmp(text, "--[", 3) == 0) break;
    first = above;
  }
  bool is_first = true;
  for (const char *line = first; line < code;) {
    const char *end = line + strcspn(line, "\n"), *text = skip_blanks(line);
    text = skip_blanks(text + strspn(text, "-"));
    if (end > text && end[-1] == '\r') end--;
    line = end + strcspn(end, "\n") + 1;
    if (text >= end || *text == '@') {
      if (is_first && text >= end) continue;
      break;
    }
    add_string(to, is_first ? " # " : " ");
    is_first = false;
    size_t from = to->length;
    add(to, text, (size_t)(end - text));
    for (size_t i = from; i < to->length; i++)
      if ((uint8_t)to->text[i] < 0x20 || to->text[i] == 0x7f) to->text[i] = ' ';
  }
}

/* Appends the line of the function on top of the stack. */
static void add_function(lua_State *L, lines *to, const char *name, const char *source) {
  lua_Debug info;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">Su", &info);
  add_string(to, name);
  add_string(to, "(");
  for (int i = 1; i <= info.nparams; i++) {
    const char *parameter = lua_getlocal(L, NULL, i);
    if (i > 1) add_string(to, ", ");
    if (parameter != NULL && *parameter != '(') add_string(to, parameter), add_string(to, ": ");
    add_string(to, "any");
  }
  add_string(to, ") any");
  bool is_of_script = info.source[0] == '@' && strcmp(info.source + 1, file_name) == 0;
  if (is_of_script && info.linedefined > 0) add_documentation(to, source, info.linedefined);
  add_string(to, "\n");
}

const char **listing_names;
uint32_t listing_count;

char *listing_new(lua_State *L, const char *source) {
  int table = lua_gettop(L);
  size_t count = 0, room = 0;
  const char **names = NULL;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    size_t length;
    if (!lua_isfunction(L, -1) || lua_type(L, -2) != LUA_TSTRING) continue;
    const char *name = lua_tolstring(L, -2, &length);
    if (!is_name(name, length)) continue;
    if (count == room) {
      room = 2 * room + 16;
      names = realloc(names, room * sizeof *names);
      if (names == NULL) __builtin_trap();
    }
    names[count++] = name;
  }
  qsort(names, count, sizeof *names, compare);
  lines listing = {NULL, 0};
  add_string(&listing, "");
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, names[i]);
    lua_rawget(L, table);
    add_function(L, &listing, names[i], source);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
    names[i] = wasp_string_new(names[i]);
  }
  lua_replace(L, table);
  listing_names = names, listing_count = (uint32_t)count;
  return listing.text;
}
