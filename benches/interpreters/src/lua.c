/* Lua: a script returns a table of its functions, as in wasp. */

#include "interpreter.h"
#include "lauxlib.h"
#include "lualib.h"

/* The stack holds the table, the function that was called last, and its answer. */
enum { TABLE = 1, FUNCTION = 2, ANSWER = 3 };

typedef struct {
  lua_State *lua;
  const char *name;
} engine;

static void check(lua_State *lua, int status) {
  if (status != LUA_OK) fail(lua_tostring(lua, -1));
}

static void *open_engine(const char *source, size_t length) {
  engine *self = calloc(1, sizeof *self);
  self->lua = luaL_newstate();
  luaL_openlibs(self->lua);
  check(self->lua, luaL_loadbufferx(self->lua, source, length, "=script.lua", "t"));
  check(self->lua, lua_pcall(self->lua, 0, 1, 0));
  lua_pushnil(self->lua);
  return self;
}

static void prepare(engine *self, const char *name) {
  lua_settop(self->lua, FUNCTION);
  if (self->name != name) {
    lua_getfield(self->lua, TABLE, name);
    lua_replace(self->lua, FUNCTION);
    self->name = name;
  }
  lua_pushvalue(self->lua, FUNCTION);
}

static const char *text(void *opaque, const char *function, const char *argument, size_t length,
                        size_t *answer_length) {
  engine *self = opaque;
  prepare(self, function);
  lua_pushlstring(self->lua, argument, length);
  check(self->lua, lua_pcall(self->lua, 1, 1, 0));
  return lua_tolstring(self->lua, ANSWER, answer_length);
}

static int32_t number(void *opaque, const char *function, int32_t n) {
  engine *self = opaque;
  prepare(self, function);
  lua_pushinteger(self->lua, n);
  check(self->lua, lua_pcall(self->lua, 1, 1, 0));
  return (int32_t)lua_tointeger(self->lua, ANSWER);
}

static void close_engine(void *opaque) {
  engine *self = opaque;
  lua_close(self->lua);
  free(self);
}

static const char *version(void) { return LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE; }

const interpreter native_lua = {version, open_engine, text, number, close_engine};
