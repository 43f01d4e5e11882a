/* What runtimes have from the host: the name of the script, and the callbacks that it may call. */
#pragma once

#include "packed.h"

#include <wasi/api.h>

WASP_IMPORT("wasp", "callback") wasp_bytes *wasp_callback(const char *module, const char *name, const wasp_bytes *args);

/* A function of the host's. `kinds` has a byte for each parameter, PACKED_NONE where any kind will do. */
typedef struct {
  char *module, *name;
  uint32_t count;
  uint8_t *kinds;
} script_callback;

static inline char *script_copy(const char *from, const char *until) {
  size_t length = (size_t)(until - from);
  char *text = (char *)memcpy(wasp_block_new(length, 1), from, length);
  text[length] = '\0';
  return text;
}

static inline uint8_t script_kind(const char *name, size_t length) {
  static const char *const names[] = {"", "i32", "i64", "f32", "f64", "string", "bytes", "json"};
  for (uint8_t kind = PACKED_I32; kind <= PACKED_JSON; kind++)
    if (strlen(names[kind]) == length && memcmp(names[kind], name, length) == 0) return kind;
  return PACKED_NONE;
}

/* Reads a listing of callbacks, `module.name(kind, kind) kind` a line, and returns how many they are. */
static inline uint32_t script_callbacks(const char *listing, script_callback **callbacks) {
  uint32_t lines = 1, count = 0;
  for (const char *at = listing; *at != '\0'; at++) lines += *at == '\n';
  *callbacks = wasp_block_new((size_t)lines * sizeof **callbacks, 0);
  while (*listing != '\0') {
    const char *end = listing + strcspn(listing, "\n"), *parameters = listing, *dot = NULL;
    for (; parameters < end && *parameters != '('; parameters++)
      if (*parameters == '.') dot = parameters;
    if (dot != NULL && parameters < end) {
      script_callback *one = &(*callbacks)[count++];
      *one = (script_callback){script_copy(listing, dot), script_copy(dot + 1, parameters), 0, NULL};
      one->kinds = wasp_block_new((size_t)(end - parameters), 0);
      for (const char *kind = parameters + 1; kind < end && *kind != ')';) {
        size_t length = strcspn(kind, ",)\n");
        one->kinds[one->count++] = script_kind(kind, length);
        kind += length;
        kind += strspn(kind, ", ");
      }
    }
    listing = end + (*end == '\n');
  }
  return count;
}

/* Returns the name of the script's file, which is the plugin's with the language's ending. */
static inline char *script_file_name(const char *ending) {
  __wasi_size_t count = 0, size = 0;
  const char *name = "script";
  uint8_t **args = NULL, *text = NULL;
  if (__wasi_args_sizes_get(&count, &size) == 0 && count > 0) {
    args = wasp_block_new(count * sizeof *args, 0), text = wasp_block_new(size, 0);
    if (__wasi_args_get(args, text) == 0) name = (const char *)args[0];
  }
  size_t length = strlen(name), more = strlen(ending);
  bool has_ending = length > more && strcmp(name + length - more, ending) == 0;
  char *file = wasp_string_concat(name, has_ending ? "" : ending, NULL);
  free(args), free(text);
  return file;
}
