/* Values on their way between Lua and the host. */

#include "runtime.h"
#include "utf8.h"
#include "block.h"

/* The metatable of strings to be passed as bytes. */
static const void *bytes_mark;

static void check(lua_State *L, bool is_written) {
  if (!is_written) luaL_error(L, "not enough memory");
}

void value_push(lua_State *L, const packed_value *value) {
  switch (value->kind) {
  case PACKED_NONE: lua_pushnil(L); break;
  case PACKED_I32: lua_pushinteger(L, value->i32); break;
  case PACKED_I64: lua_pushinteger(L, value->i64); break;
  case PACKED_F32: lua_pushnumber(L, value->f32); break;
  case PACKED_F64: lua_pushnumber(L, value->f64); break;
  case PACKED_STRING:
  case PACKED_BYTES: lua_pushlstring(L, value->data, value->length); break;
  case PACKED_JSON:
    json_read(L, value->data, value->length);
    /* What is nothing altogether is nil. */
    if (lua_islightuserdata(L, -1)) lua_pop(L, 1), lua_pushnil(L);
    break;
  default:
    luaL_where(L, 1);
    lua_pushlstring(L, value->data, value->length);
    lua_concat(L, 2);
    lua_error(L);
  }
}

void value_begin(lua_State *L, uint32_t count) {
  block_begin();
  check(L, block_add(&count, sizeof count));
}

wasp_bytes *value_end(void) { return block_take(); }

static void pack_json(lua_State *L, int index) {
  uint32_t at;
  check(L, block_open_text(PACKED_JSON, &at));
  json_write(L, index);
  block_close_text(at);
}

static void pack_integer(lua_State *L, lua_Integer number) {
  int32_t low = (int32_t)number;
  check(L, low == number ? block_add_number(PACKED_I32, &low, 4) : block_add_number(PACKED_I64, &number, 8));
}

static void pack_string(lua_State *L, int index, uint8_t wanted) {
  size_t length;
  const char *text = lua_tolstring(L, index, &length);
  bool is_bytes = wanted == PACKED_BYTES || !utf8_is_text(text, length);
  check(L, block_add_text(is_bytes ? PACKED_BYTES : PACKED_STRING, text, length));
}

bool value_has_mark(lua_State *L, int index, const void *mark) {
  if (!lua_getmetatable(L, index)) return false;
  bool is_it = lua_topointer(L, -1) == mark;
  lua_pop(L, 1);
  return is_it;
}

void value_pack(lua_State *L, int index, uint8_t wanted) {
  int type = lua_type(L, index);
  if (wanted == PACKED_JSON && type != LUA_TUSERDATA) type = LUA_TTABLE;
  switch (type) {
  case LUA_TNONE:
  case LUA_TNIL: check(L, block_add("", 1)); break;
  case LUA_TNUMBER:
    if (lua_isinteger(L, index)) {
      pack_integer(L, lua_tointeger(L, index));
    } else {
      lua_Number number = lua_tonumber(L, index);
      check(L, block_add_number(PACKED_F64, &number, 8));
    }
    break;
  case LUA_TSTRING: pack_string(L, index, wanted); break;
  case LUA_TUSERDATA:
    if (!value_has_mark(L, index, bytes_mark)) {
      pack_json(L, index);
      break;
    }
    lua_getiuservalue(L, index, 1);
    pack_string(L, -1, PACKED_BYTES);
    lua_pop(L, 1);
    break;
  default: pack_json(L, index);
  }
}

/* Wraps the value at 1 into one with the metatable `name`. */
static int wrap(lua_State *L, const char *name) {
  lua_newuserdatauv(L, 0, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  luaL_setmetatable(L, name);
  return 1;
}

static int as_bytes(lua_State *L) {
  luaL_checktype(L, 1, LUA_TSTRING);
  return wrap(L, "wasp.bytes");
}

static int as_json(lua_State *L) {
  luaL_checkany(L, 1);
  return wrap(L, "wasp.json");
}

/* Marks a table as an object, which it otherwise is if it has names for keys. */
static int as_object(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (lua_getmetatable(L, 1) && lua_topointer(L, -1) != json_object_mark)
    return luaL_error(L, "the table has a metatable of its own");
  lua_settop(L, 1);
  luaL_setmetatable(L, "wasp.object");
  return 1;
}

static int to_json(lua_State *L) {
  luaL_checkany(L, 1);
  block_begin();
  json_write(L, 1);
  lua_pushlstring(L, block_data(), block_length());
  return 1;
}

static int from_json(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  json_read(L, text, length);
  return 1;
}

static int show_null(lua_State *L) {
  lua_pushliteral(L, "null");
  return 1;
}

/* Makes a metatable that scripts can't get at. */
static const void *make_mark(lua_State *L, const char *name) {
  luaL_newmetatable(L, name);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
  const void *mark = lua_topointer(L, -1);
  lua_pop(L, 1);
  return mark;
}

void value_add_functions(lua_State *L) {
  static const luaL_Reg functions[] = {{"bytes", as_bytes},  {"json", as_json},        {"object", as_object},
                                       {"to_json", to_json}, {"from_json", from_json}, {NULL, NULL}};
  bytes_mark = make_mark(L, "wasp.bytes");
  json_mark = make_mark(L, "wasp.json");
  json_object_mark = make_mark(L, "wasp.object");
  luaL_setfuncs(L, functions, 0);
  lua_pushlightuserdata(L, NULL);
  /* All light userdata have one metatable, and this is the only one that scripts see. */
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, show_null);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "wasp.null");
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, "null");
}
