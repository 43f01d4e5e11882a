/* What scripts find besides the language itself: what prelude.js is made of, and randomness. */

#include "javascript.h"

#include <unistd.h>

static JSValue prelude;
static uint64_t random_state[2];

static bool is_seeded;

void globals_seed(void) { is_seeded = false; }

/* Seeds by what WASI gives, which is of the host's system. It costs a system call, so that it waits for the first
 * number. */
static void seed(void) {
  if (getentropy(random_state, sizeof random_state) != 0) __builtin_trap();
  random_state[0] |= 1;
  is_seeded = true;
}

/* xorshift128+ (Vigna, 2014), of which engines make Math.random: it is not for secrets. */
static JSValue next_random(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this, (void)count, (void)args;
  if (!is_seeded) seed();
  uint64_t one = random_state[0], other = random_state[1];
  random_state[0] = other;
  one ^= one << 23;
  random_state[1] = one ^ other ^ (one >> 17) ^ (other >> 26);
  return JS_NewFloat64(js, (double)((random_state[1] + other) >> 11) * 0x1p-53);
}

/* Writes a line to a stream, in one piece: print(text, is_error) */
static JSValue print(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this, (void)count;
  size_t length;
  const char *text = JS_ToCStringLen(js, &length, args[0]);
  if (text == NULL) return JS_EXCEPTION;
  char *line = wasp_block_new(length, 1);
  memcpy(line, text, length);
  line[length] = '\n';
  text_make_well_formed(line, length);
  JS_FreeCString(js, text);
  /* Where it leads, and whether it is full, is the host's affair. */
  ssize_t written = write(JS_ToBool(js, args[1]) ? 2 : 1, line, length + 1);
  (void)written;
  free(line);
  return JS_UNDEFINED;
}

/* Returns so many random bytes of the system: randomBytes(count) */
static JSValue random_bytes(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this, (void)count;
  uint32_t wanted = 0;
  uint8_t bytes[65536];
  if (JS_ToUint32(js, &wanted, args[0]) < 0) return JS_EXCEPTION;
  if (wanted > sizeof bytes) return JS_ThrowRangeError(js, "at most 65536 random bytes are given at once");
  for (uint32_t done = 0; done < wanted; done += 256)
    if (getentropy(bytes + done, wanted - done < 256 ? wanted - done : 256) != 0) __builtin_trap();
  return JS_NewUint8ArrayCopy(js, bytes, wanted);
}

/* Returns the UTF-8 of a string, without what only UTF-16 can say: encode(text) */
static JSValue encode(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this, (void)count;
  packed_value value;
  value_kept kept;
  JSValue result = JS_EXCEPTION;
  if (value_from_js(args[0], &value, &kept))
    result = JS_NewUint8ArrayCopy(js, (const uint8_t *)value.data, value.length);
  value_release(&kept);
  return result;
}

/* Returns the text of UTF-8, with U+FFFD for what is none, or if so wished a TypeError: decode(bytes, is_fatal) */
static JSValue decode(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this, (void)count;
  packed_value value;
  value_kept kept;
  JSValue result = JS_EXCEPTION;
  if (value_from_js(args[0], &value, &kept))
    result = text_decode((const uint8_t *)value.data, value.length, JS_ToBool(js, args[1]));
  value_release(&kept);
  return result;
}

/* Returns how many bytes at the end begin a character that isn't all there: incomplete(bytes) */
static JSValue incomplete(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this, (void)count;
  packed_value value;
  value_kept kept;
  JSValue result = JS_EXCEPTION;
  if (value_from_js(args[0], &value, &kept))
    result = JS_NewUint32(js, (uint32_t)text_incomplete((const uint8_t *)value.data, value.length));
  value_release(&kept);
  return result;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("print", 2, print),        JS_CFUNC_DEF("randomBytes", 1, random_bytes),
    JS_CFUNC_DEF("random", 0, next_random), JS_CFUNC_DEF("encode", 1, encode),
    JS_CFUNC_DEF("decode", 2, decode),      JS_CFUNC_DEF("incomplete", 1, incomplete),
};

JSValue prelude_call(const char *name, int count, JSValueConst *args) {
  JSValue function = JS_GetPropertyStr(js, prelude, name);
  JSValue result = JS_Call(js, function, JS_UNDEFINED, count, args);
  JS_FreeValue(js, function);
  return result;
}

void globals_add(void) {
  JSValue host = JS_NewObject(js), make;
  JS_SetPropertyFunctionList(js, host, functions, sizeof functions / sizeof *functions);
  make = JS_Eval(js, prelude_text, prelude_length, PRELUDE_NAME, JS_EVAL_TYPE_GLOBAL);
  prelude = JS_Call(js, make, JS_UNDEFINED, 1, (JSValueConst *)&host);
  JS_FreeValue(js, make);
  JS_FreeValue(js, host);
  if (JS_IsException(prelude)) __builtin_trap();
}
