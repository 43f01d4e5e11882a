/* The parts of the runtime of pocketpy, of which each is in a file of its own. */
#pragma once

#include "packed.h"
#include "pocketpy/pocketpy.h"
#include "pocketpy/objects/base.h"

/* Functions that return a bool return false where they have raised an exception. */

/* The file in the script's frames: "greeter.py" for the plugin greeter. */
extern char *file_name;

/* value.c: values on their way between Python and the host. */
bool value_to_python(const packed_value *value, py_OutRef out);
/* Begins to pack `count` values. */
bool value_begin(uint32_t count);
/* Packs a value, as one of kind `wanted` if it can be one; PACKED_NONE for any. */
bool value_pack(py_Ref value, uint8_t wanted);

/* json.c: JSON, which is written to the end of a block. pocketpy's own reader runs it as a program. */
bool json_write(py_Ref value, int indent);
bool json_read(const char *text, size_t length, py_OutRef out);
void json_add(void);

/* callback.c: the modules "wasp" and "wasp.<namespace>", whose functions are the host's. */
void callbacks_add(const char *listing);

/* exception.c: raises the pending exception as the plugin's error, and forgets it. */
void exception_raise(py_StackRef top);

/* listing.c: the functions of a script. */
typedef struct {
  py_Name name;
} listing_entry;
extern listing_entry *listing_functions;
extern uint32_t listing_count;
/* Returns a line for each function that the script defines at its top level. */
char *listing_new(const char *source);

/* library.c: what scripts find besides the language itself. */
void library_add(void);
/* Has the next random number be of a new seed. */
void library_seed(void);

/* memory.c */

/* Collects garbage if there may be much of it. */
void memory_tidy(void);
