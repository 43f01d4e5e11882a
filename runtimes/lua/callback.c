/* The host's functions: in the table "callbacks" of the module "wasp", and in the modules "wasp.<namespace>". */

#include "runtime.h"
#include "script.h"

/* The answer whose value is being made: an error, such as that memory is full, leaves it to the next call. */
static wasp_bytes *answer;

static int call(lua_State *L) {
  const script_callback *callback = lua_touserdata(L, lua_upvalueindex(1));
  int count = lua_gettop(L);
  value_begin(L, (uint32_t)count);
  for (int i = 0; i < count; i++)
    value_pack(L, i + 1, (uint32_t)i < callback->count ? callback->kinds[i] : PACKED_NONE);
  wasp_bytes *args = value_end();
  free(answer);
  answer = NULL;
  answer = wasp_callback(callback->module, callback->name, args);
  free(args);
  packed_reader reader;
  packed_begin(&reader, answer);
  packed_value value = packed_next(&reader);
  value_push(L, &value);
  free(answer);
  answer = NULL;
  return 1;
}

/* Pushes the table that is the field `name` of the one at -1, and makes it where there is none. */
static void push_table(lua_State *L, const char *name) {
  if (lua_getfield(L, -1, name) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, name);
}

void callbacks_add(lua_State *L, const char *listing) {
  script_callback *callbacks;
  uint32_t count = script_callbacks(listing, &callbacks);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  push_table(L, "wasp");
  push_table(L, "callbacks");
  for (uint32_t i = 0; i < count; i++) {
    push_table(L, callbacks[i].module);
    lua_pushlightuserdata(L, &callbacks[i]);
    lua_pushcclosure(L, call, 1);
    lua_setfield(L, -2, callbacks[i].name);
    lua_pushfstring(L, "wasp.%s", callbacks[i].module);
    lua_insert(L, -2);
    lua_settable(L, -5);
  }
  lua_pop(L, 3);
}
