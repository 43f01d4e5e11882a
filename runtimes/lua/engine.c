/* The exports of the runtime: a script is a chunk that returns a table, whose functions the host calls. */

#include "runtime.h"
#include "lualib.h"
#include "script.h"

char *file_name;
const char *called;

static lua_State *L;
static char *listing;

/*
 * How many bytes scripts may have, whatever the host allows: beyond it the difference of two pointers would not fit
 * into 32 bits. More is an error, as where the host's limit is met.
 */
enum { MOST_MEMORY = INT32_MAX };

static size_t memory_used;

static void *allocate(void *data, void *block, size_t old_size, size_t size) {
  (void)data;
  if (block == NULL) old_size = 0;
  if (size == 0) {
    free(block);
  } else if (size > old_size && size - old_size > MOST_MEMORY - memory_used) {
    return NULL;
  } else {
    block = realloc(block, size);
    if (block == NULL) return NULL;
  }
  memory_used += size - old_size;
  return size == 0 ? NULL : block;
}

static int open(lua_State *L) {
  library_open(L);
  return 0;
}

__attribute__((constructor)) static void start(void) {
  L = lua_newstate(allocate, NULL);
  if (L == NULL) __builtin_trap();
  lua_pushcfunction(L, open);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) __builtin_trap();
  listing = wasp_string_new("");
}

/* Calls a function with `data`, and raises what it throws; false if it did. */
static bool protect(lua_CFunction function, void *data) {
  lua_settop(L, 0);
  lua_pushcfunction(L, exception_handle);
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, data);
  int status = lua_pcall(L, 1, 1, 1);
  /* What filled the memory is garbage now, and the text of the error needs some. */
  if (status == LUA_ERRMEM) lua_gc(L, LUA_GCCOLLECT);
  if (status != LUA_OK) exception_raise(L);
  library_flush();
  lua_settop(L, 0);
  return status == LUA_OK;
}

typedef struct {
  const char *source, *callbacks;
} script;

static int load(lua_State *L) {
  const script *it = lua_touserdata(L, 1);
  callbacks_add(L, it->callbacks);
  lua_pushfstring(L, "@%s", file_name);
  if (luaL_loadbufferx(L, it->source, strlen(it->source), lua_tostring(L, -1), "t") != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  if (!lua_istable(L, -1))
    return luaL_error(L, "%s returns no table of the functions that the host may call: `return { hello = hello }` does",
                      file_name);
  free(listing);
  listing = listing_new(L, it->source);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &listing);
  return 0;
}

typedef struct {
  uint32_t index;
  const wasp_bytes *args;
} invocation;

static int invoke(lua_State *L) {
  const invocation *it = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &listing);
  lua_rawgeti(L, -1, (lua_Integer)it->index + 1);
  packed_reader reader;
  uint32_t count = packed_begin(&reader, it->args);
  luaL_checkstack(L, (int)(count < INT32_MAX ? count : INT32_MAX), "too many arguments");
  for (uint32_t i = 0; i < count; i++) {
    packed_value value = packed_next(&reader);
    value_push(L, &value);
  }
  lua_call(L, (int)count, 1);
  value_begin(L, 1);
  value_pack(L, -1, PACKED_NONE);
  return 0;
}

WASP_EXPORT("wasp_abi_version") int32_t wasp_abi_version(void) { return 2; }

WASP_EXPORT("wasp_signatures") const char *wasp_signatures(void) { return listing; }

WASP_EXPORT("wasp_resume") void wasp_resume(void) { library_seed(); }

WASP_EXPORT("wasp_load") void wasp_load(const char *source, const char *callbacks) {
  script it = {source, callbacks};
  file_name = script_file_name(".lua");
  called = NULL;
  protect(load, &it);
  lua_gc(L, LUA_GCCOLLECT);
}

WASP_EXPORT("wasp_invoke") wasp_bytes *wasp_invoke(uint32_t index, const wasp_bytes *args) {
  if (index >= listing_count) __builtin_trap();
  invocation it = {index, args};
  called = listing_names[index];
  return protect(invoke, &it) ? value_end() : NULL;
}
