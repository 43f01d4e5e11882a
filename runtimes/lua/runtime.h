/* The parts of the Lua runtime, of which each is in a file of its own. */
#pragma once

#include "packed.h"
#include "lua.h"
#include "lauxlib.h"

/* The file in the script's frames: "greeter.lua" for the plugin greeter. */
extern char *file_name;

/* library.c: what scripts find besides the language itself. */
void library_open(lua_State *L);
/* Has the next number of math.random be of a new seed. */
void library_seed(void);
/* Sends what scripts printed and is still in a buffer. */
void library_flush(void);

/* value.c: values on their way between Lua and the host. What can't travel is an error of Lua's. */

/* Pushes the functions and marks by which scripts say what they mean, in the table on top of the stack. */
void value_add_functions(lua_State *L);
/* Pushes the value of a packed one. */
void value_push(lua_State *L, const packed_value *value);
/* Begins to pack `count` values. */
void value_begin(lua_State *L, uint32_t count);
/* Packs the value at `index`, as one of kind `wanted` if it can be one; PACKED_NONE for any. */
void value_pack(lua_State *L, int index, uint8_t wanted);
/* Returns the block of all that was packed, made by malloc. */
wasp_bytes *value_end(void);
/* Returns whether the value at `index` has the metatable `mark`. */
bool value_has_mark(lua_State *L, int index, const void *mark);

/* json.c: JSON, which is written to the end of a block and read from anywhere. */
void json_write(lua_State *L, int index);
void json_read(lua_State *L, const char *text, size_t length);
/* The metatable of tables that are objects where they are empty; that of values to be passed as JSON. */
extern const void *json_object_mark, *json_mark;

/* callback.c: the host's functions, in the table "callbacks" of the module "wasp" and in the modules
 * "wasp.<namespace>". */
void callbacks_add(lua_State *L, const char *listing);

/* exception.c: errors, as the host shows them. */

/* Handles an error: turns the message on top of the stack into the text for the host, with frames. */
int exception_handle(lua_State *L);
/* Raises the text on top of the stack as the plugin's error. */
void exception_raise(lua_State *L);

/* listing.c: the functions of a script. */

/* Returns a line for each function of the table on top of the stack, which it replaces by an array of the functions.
 * `source` is the script's. */
char *listing_new(lua_State *L, const char *source);
/* Their names. */
extern const char **listing_names;
extern uint32_t listing_count;

/* engine.c */

/* The name of the function that the host calls; NULL while the script is loaded. */
extern const char *called;
