/* What scripts find besides the language itself: Lua's own libraries, without what reaches beyond the sandbox. */

#include "runtime.h"
#include "lualib.h"
#include "unwind.h"
#include "block.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static bool is_seeded;

void library_seed(void) { is_seeded = false; }

void library_flush(void) { fflush(stdout); }

static void fill_random(void *data, size_t size) {
  if (getentropy(data, size) != 0) __builtin_trap();
}

unsigned random_word(void) {
  unsigned word;
  fill_random(&word, sizeof word);
  return word;
}

/* Stands for time() in lmathlib.c, which seeds by it where a script names no seed. */
time_t random_time(time_t *unused) {
  (void)unused;
  time_t word;
  fill_random(&word, sizeof word);
  return word;
}

/*
 * Stands for lua_touserdata in lmathlib.c, which finds the state of math.random by it, four words of 64 bits. A new
 * seed costs a system call, so that it waits for the first number.
 */
void *random_state(lua_State *L, int index) {
  void *state = lua_touserdata(L, index);
  if (!is_seeded && state != NULL) fill_random(state, 4 * sizeof(uint64_t));
  is_seeded = true;
  return state;
}

/* Lua's own, which lua-src leaves out on WASI. */
static int os_clock(lua_State *L) {
  lua_pushnumber(L, (lua_Number)clock() / CLOCKS_PER_SEC);
  return 1;
}

void luaD_throw(lua_State *L, int status);

/* Stands for lundump.c: binary chunks can break the interpreter, and are never loaded. */
void *luaU_undump(lua_State *L, void *stream, const char *name) {
  (void)stream, (void)name;
  lua_pushliteral(L, "binary chunks are not loaded: a chunk is text");
  luaD_throw(L, LUA_ERRSYNTAX);
  return NULL;
}

/* Lua's `require`, of what is there: a script is one file. */
static int require(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, name) != LUA_TNIL) return 1;
  lua_pop(L, 1);
  block_begin();
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    const char *module = lua_tostring(L, -2);
    if (strncmp(module, "wasp", 4) == 0) block_add(", ", 2), block_add(module, strlen(module));
  }
  lua_pushlstring(L, block_data(), block_length());
  return luaL_error(L, "there is no module '%s': a script is one file, and may require what Lua brings%s", name,
                    lua_tostring(L, -1));
}

/* Writes the warnings of finalizers and of `warn` to the standard error. */
static void warn(void *data, const char *text, int continues) {
  static bool is_inside;
  (void)data;
  if (!is_inside) fputs("warning: ", stderr);
  fputs(text, stderr);
  if (!continues) fputs("\n", stderr);
  is_inside = continues;
}

static const luaL_Reg libraries[] = {
    {LUA_GNAME, luaopen_base},       {LUA_STRLIBNAME, luaopen_string}, {LUA_TABLIBNAME, luaopen_table},
    {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},  {LUA_COLIBNAME, luaopen_coroutine},
    {LUA_OSLIBNAME, luaopen_os},     {LUA_IOLIBNAME, luaopen_io},      {LUA_DBLIBNAME, luaopen_debug},
};

/* What of the libraries is left out: it has no meaning here, or reads other files than the script. */
static const struct {
  const char *library, *name;
} absent[] = {
    {"_G", "dofile"}, {"_G", "loadfile"}, {"string", "dump"},  {"os", "execute"}, {"os", "exit"},
    {"os", "getenv"}, {"os", "tmpname"},  {"os", "setlocale"}, {"io", "popen"},   {"io", "tmpfile"},
};

void library_open(lua_State *L) {
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
    lua_pop(L, 1);
  }
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
    lua_getfield(L, -1, absent[i].library);
    lua_pushnil(L);
    lua_setfield(L, -2, absent[i].name);
    lua_pop(L, 1);
  }
  lua_getfield(L, -1, LUA_OSLIBNAME);
  lua_pushcfunction(L, os_clock);
  lua_setfield(L, -2, "clock");
  lua_pop(L, 1);
  /* Of the debug library only the traceback: the rest can break what scripts rely on. */
  lua_getfield(L, -1, "debug");
  lua_getfield(L, -1, "traceback");
  lua_newtable(L);
  lua_insert(L, -2);
  lua_setfield(L, -2, "traceback");
  lua_pushvalue(L, -1);
  lua_setglobal(L, "debug");
  lua_setfield(L, -3, "debug");
  lua_pop(L, 1);
  lua_newtable(L);
  value_add_functions(L);
  lua_setfield(L, -2, "wasp");
  lua_pop(L, 1);
  lua_register(L, "require", require);
  lua_setwarnf(L, warn, NULL);
  /* Relative paths are of the workspace. */
  if (chdir("/workspace") != 0) fputs("there is no workspace\n", stderr);
}
