/*
 * The functions of a script: those that it defines at its top level and whose names don't begin with an underscore.
 * pocketpy drops annotations, so that kinds are read from the text.
 */

#include "runtime.h"
#include "pocketpy/objects/codeobject.h"

#include <ctype.h>

listing_entry *listing_functions;
uint32_t listing_count;

static char *lines;
static size_t lines_length;

static void add(const char *text, size_t length) {
  lines = realloc(lines, lines_length + length + 1);
  if (lines == NULL) __builtin_trap();
  memcpy(lines + lines_length, text, length);
  lines_length += length;
  lines[lines_length] = '\0';
}

static void add_string(const char *text) { add(text, strlen(text)); }

static bool is_letter(char byte) { return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80; }

/* Skips a string that begins at `at`. */
static const char *skip_string(const char *at) {
  char quote = *at;
  bool is_long = at[1] == quote && at[2] == quote;
  for (at += is_long ? 3 : 1; *at != '\0'; at++) {
    if (*at == '\\' && at[1] != '\0') {
      at++;
    } else if (*at == quote && (!is_long || (at[1] == quote && at[2] == quote))) {
      return at + (is_long ? 3 : 1);
    } else if (*at == '\n' && !is_long) {
      return at;
    }
  }
  return at;
}

/* Skips a string, a comment, or one byte. */
static const char *skip_token(const char *at) {
  if (*at == '"' || *at == '\'') return skip_string(at);
  if (*at == '#') return at + strcspn(at, "\n");
  return at + 1;
}

/* Skips to one of the bytes `until` that is in no bracket, or to the end. */
static const char *skip_to(const char *at, const char *until) {
  for (int depth = 0; *at != '\0'; at = skip_token(at)) {
    if (depth == 0 && strchr(until, *at) != NULL) break;
    if (strchr("([{", *at) != NULL) depth++;
    if (strchr(")]}", *at) != NULL) depth--;
  }
  return at;
}

static const char *skip_space(const char *at) { return at + strspn(at, " \t\r\n\\"); }

/* Returns the kind that an annotation stands for. */
static const char *kind_of(const char *annotation, const char *end) {
  static const struct {
    const char *name, *kind;
  } kinds[] = {{"int", "i64"},   {"float", "f64"}, {"str", "string"}, {"bytes", "bytes"}, {"bool", "json"},
               {"dict", "json"}, {"list", "json"}, {"tuple", "json"}, {"None", ""}};
  annotation = skip_space(annotation);
  while (end > annotation && strchr(" \t\r\n", end[-1]) != NULL) end--;
  size_t length = (size_t)(end - annotation), name = 0;
  while (name < length && is_letter(annotation[name])) name++;
  /* list[int] is a list; int | None may be anything. */
  if (name < length && !(annotation[name] == '[' && end[-1] == ']')) return "any";
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strlen(kinds[i].name) == name && memcmp(kinds[i].name, annotation, name) == 0) return kinds[i].kind;
  return "any";
}

/* Appends the parameters that begin at `at`, and returns where they end. */
static const char *add_parameters(const char *at) {
  bool is_first = true;
  for (;;) {
    at = skip_space(at);
    while (*at == '#') at = skip_space(skip_token(at));
    if (*at == ')' || *at == '\0') return at + (*at == ')');
    const char *end = skip_to(at, ",)");
    const char *name = at;
    while (is_letter(*at)) at++;
    if (at > name) {
      if (!is_first) add_string(", ");
      is_first = false;
      add(name, (size_t)(at - name));
      add_string(": ");
      at = skip_space(at);
      const char *kind = *at == ':' ? kind_of(at + 1, skip_to(at + 1, ",)=")) : "any";
      add_string(*kind != '\0' ? kind : "any");
    }
    at = end + (*end == ',');
  }
}

/* Appends the first line of a docstring. */
static void add_documentation(const char *text) {
  text = skip_space(text);
  size_t length = strcspn(text, "\n");
  if (length == 0) return;
  add_string(" # ");
  size_t from = lines_length;
  add(text, length);
  for (size_t i = from; i < lines_length; i++)
    if (iscntrl((unsigned char)lines[i])) lines[i] = ' ';
}

/* Appends the function whose name is at `at`, if it is to be called. */
static void add_function(const char *at) {
  const char *name = at;
  while (is_letter(*at)) at++;
  size_t length = (size_t)(at - name);
  at = skip_space(at);
  if (length == 0 || *name == '_' || *at != '(') return;
  py_Name known = py_namev((c11_sv){name, (int)length});
  py_ItemRef function = py_getglobal(known);
  if (function == NULL || !py_callable(function)) return;
  /* A function that is defined twice is the last one. */
  for (uint32_t i = 0; i < listing_count; i++)
    if (listing_functions[i].name == known) return;
  listing_functions = realloc(listing_functions, (listing_count + 1) * sizeof *listing_functions);
  if (listing_functions == NULL) __builtin_trap();
  listing_functions[listing_count++].name = known;
  add(name, length);
  add_string("(");
  at = skip_space(add_parameters(at + 1));
  add_string(")");
  const char *kind = strncmp(at, "->", 2) == 0 ? kind_of(at + 2, skip_to(at + 2, ":")) : "any";
  if (*kind != '\0') add_string(" "), add_string(kind);
  if (py_istype(function, tp_function)) {
    const Function *it = py_touserdata(function);
    if (it->decl->docstring != NULL) add_documentation(it->decl->docstring);
  }
  add_string("\n");
}

char *listing_new(const char *source) {
  add_string("");
  bool is_line = true;
  for (const char *at = source; *at != '\0';) {
    if (is_line && strncmp(at, "def", 3) == 0 && (at[3] == ' ' || at[3] == '\t')) add_function(skip_space(at + 3));
    is_line = *at == '\n';
    at = skip_token(at);
  }
  return lines;
}
