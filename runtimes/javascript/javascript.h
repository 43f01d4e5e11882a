/* The parts of the JavaScript runtime, of which each is in a file of its own. */
#pragma once

#include "packed.h"
#include "quickjs.h"

/* The one context: a module has one memory, and an instance one script. */
extern JSContext *js;

/* value.c: values on their way between JavaScript and the host. */

/* Returns the JavaScript value of a packed one, or an exception. */
JSValue value_to_js(const packed_value *value);
/*
 * Packs a JavaScript value for the host; false with an exception where it can't travel. What it borrows is in `kept`,
 * which the caller frees by `value_release` when the value has been copied.
 */
typedef struct {
  const char *text;
  JSValue object;
} value_kept;
bool value_from_js(JSValueConst from, packed_value *value, value_kept *kept);
void value_release(value_kept *kept);
/* Packs these values into one block; NULL with an exception where one can't travel. */
wasp_bytes *value_pack(JSValueConst *values, int count);

/* text.c: UTF-8. */

/* Replaces what only UTF-16 can say, a half of a pair of surrogates, by U+FFFD. It is three bytes long, too. */
void text_make_well_formed(char *text, size_t length);
/* Returns the text of UTF-8, with U+FFFD for what is none, or, if `is_fatal`, a TypeError. */
JSValue text_decode(const uint8_t *data, size_t length, bool is_fatal);
/* Returns how many bytes at the end are the beginning of a character. */
size_t text_incomplete(const uint8_t *data, size_t length);

/* exception.c: what scripts throw. */

/* Raises the pending exception as the plugin's error, with its frames. */
void exception_raise(void);
/* Returns the text of the pending exception, its message in the first line and a frame in each further one, made by
 * malloc. */
char *exception_text(void);

/* callback.c: the modules "wasp:<namespace>" of host functions. */

/* Remembers the callbacks that `listing` has, one a line. */
void callbacks_read(const char *listing);
/* Returns the module of a namespace that has callbacks; NULL with an exception where it has none. */
JSModuleDef *callbacks_module(const char *name);
/* Tells in the pending exception, if it is about a name that one of our modules doesn't export, which names there are.
 */
void callbacks_explain(void);

/* files.c: the module "wasp:fs". */
JSModuleDef *files_module(const char *name);
/* What it exports. */
extern const char files_names[];

/* evaluate.c: the module "wasp:eval". */
JSModuleDef *evaluate_module(const char *name);

/* globals.c: what scripts find besides the language itself. */
void globals_add(void);
/* Has the next number of Math.random be of a new seed. */
void globals_seed(void);

/* prelude.js, as build.sh puts it into C. */
#define PRELUDE_NAME "wasp:prelude"
extern const char prelude_text[];
extern const size_t prelude_length;
/* Calls the function `name` of the prelude; an exception where it fails. */
JSValue prelude_call(const char *name, int count, JSValueConst *args);
