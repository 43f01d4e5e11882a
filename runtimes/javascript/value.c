/* Values on their way between JavaScript and the host. */

#include "javascript.h"

/* Throws what a callback answered instead of a value. JS_ThrowTypeError would cut it at 255 bytes. */
static JSValue throw_answer(const packed_value *value) {
  JS_ThrowTypeError(js, "%s", "");
  JSValue error = JS_GetException(js), message = JS_NewStringLen(js, value->data, value->length);
  JS_DefinePropertyValueStr(js, error, "message", message, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  return JS_Throw(js, error);
}

JSValue value_to_js(const packed_value *value) {
  switch (value->kind) {
  case PACKED_NONE: return JS_NULL;
  case PACKED_I32: return JS_NewInt32(js, value->i32);
  case PACKED_I64: return JS_NewBigInt64(js, value->i64);
  case PACKED_F32: return JS_NewFloat64(js, value->f32);
  case PACKED_F64: return JS_NewFloat64(js, value->f64);
  case PACKED_STRING: return JS_NewStringLen(js, value->data, value->length);
  case PACKED_BYTES: return JS_NewUint8ArrayCopy(js, (const uint8_t *)value->data, value->length);
  case PACKED_JSON: {
    /* The parser reads up to a NUL. */
    char *text = wasp_block_new(value->length, 1);
    memcpy(text, value->data, value->length);
    text[value->length] = '\0';
    JSValue parsed = JS_ParseJSON(js, text, value->length, "<json>");
    free(text);
    return parsed;
  }
  default: return throw_answer(value);
  }
}

static bool set_text(JSValueConst from, enum packed_kind kind, packed_value *value, value_kept *kept) {
  size_t length;
  kept->text = JS_ToCStringLen(js, &length, from);
  if (kept->text == NULL) return false;
  text_make_well_formed((char *)kept->text, length);
  value->kind = kind, value->data = kept->text, value->length = (uint32_t)length;
  return true;
}

static bool set_number(JSValueConst from, packed_value *value) {
  double number;
  if (JS_ToFloat64(js, &number, from) < 0) return false;
  if (number >= INT32_MIN && number <= INT32_MAX && (double)(int32_t)number == number &&
      !(number == 0 && __builtin_signbit(number))) {
    value->kind = PACKED_I32, value->i32 = (int32_t)number;
  } else {
    value->kind = PACKED_F64, value->f64 = number;
  }
  return true;
}

static bool set_bigint(JSValueConst from, packed_value *value) {
  if (JS_ToBigInt64(js, &value->i64, from) < 0) return false;
  value->kind = PACKED_I64;
  JSValue same = JS_NewBigInt64(js, value->i64);
  bool fits = JS_IsStrictEqual(js, same, from);
  JS_FreeValue(js, same);
  if (!fits) JS_ThrowRangeError(js, "a BigInt of more than 64 bits can't be passed to the host");
  return fits;
}

static bool set_object(JSValueConst from, packed_value *value, value_kept *kept) {
  size_t length, offset = 0;
  uint8_t *data;
  if (JS_IsDataView(from)) {
    JSValue bytes = prelude_call("bytes", 1, &from);
    bool is_set = !JS_IsException(bytes) && set_object(bytes, value, kept);
    JS_FreeValue(js, bytes);
    return is_set;
  }
  if (JS_IsArrayBuffer(from)) {
    data = JS_GetArrayBuffer(js, &length, from);
  } else if (JS_GetTypedArrayType(from) >= 0) {
    kept->object = JS_GetTypedArrayBuffer(js, from, &offset, &length, NULL);
    if (JS_IsException(kept->object)) return false;
    size_t whole;
    data = JS_GetArrayBuffer(js, &whole, kept->object);
    if (data != NULL && (offset > whole || length > whole - offset)) data = NULL;
  } else {
    JSValue text = JS_JSONStringify(js, from, JS_UNDEFINED, JS_UNDEFINED);
    if (JS_IsException(text)) return false;
    bool is_text = JS_IsString(text) && set_text(text, PACKED_JSON, value, kept);
    if (!JS_IsString(text)) JS_ThrowTypeError(js, "an object without a JSON can't be passed to the host");
    JS_FreeValue(js, text);
    return is_text;
  }
  if (data == NULL && (length != 0 || JS_HasException(js))) {
    JS_ThrowTypeError(js, "a detached buffer can't be passed to the host");
    return false;
  }
  value->kind = PACKED_BYTES, value->data = (const char *)data + offset, value->length = (uint32_t)length;
  return true;
}

bool value_from_js(JSValueConst from, packed_value *value, value_kept *kept) {
  *value = (packed_value){PACKED_NONE, {0}, "", 0};
  *kept = (value_kept){NULL, JS_UNDEFINED};
  if (JS_IsUndefined(from) || JS_IsNull(from)) return true;
  if (JS_IsBool(from)) {
    value->kind = PACKED_JSON, value->data = JS_VALUE_GET_BOOL(from) ? "true" : "false";
    value->length = (uint32_t)strlen(value->data);
    return true;
  }
  if (JS_IsNumber(from)) return set_number(from, value);
  if (JS_IsBigInt(from)) return set_bigint(from, value);
  if (JS_IsString(from)) return set_text(from, PACKED_STRING, value, kept);
  if (JS_IsObject(from) && !JS_IsFunction(js, from)) return set_object(from, value, kept);
  JS_ThrowTypeError(js, "a %s can't be passed to the host", JS_IsObject(from) ? "function" : "symbol");
  return false;
}

void value_release(value_kept *kept) {
  if (kept->text != NULL) JS_FreeCString(js, kept->text);
  JS_FreeValue(js, kept->object);
}

wasp_bytes *value_pack(JSValueConst *values, int count) {
  /* Two arrays, which no call with a sane number of arguments needs the heap for. */
  enum { FEW = 8 };
  packed_value few[FEW], *packed = few;
  value_kept few_kept[FEW], *kept = few_kept;
  if (count > FEW) {
    packed = wasp_block_new((size_t)count * sizeof *packed, 0);
    kept = wasp_block_new((size_t)count * sizeof *kept, 0);
  }
  int made = 0;
  bool fits = true;
  while (fits && made < count) {
    fits = value_from_js(values[made], &packed[made], &kept[made]);
    made++;
  }
  /* The conversion of a later value may run code of the script's, which may detach or resize an earlier one's buffer.
   */
  for (int i = 0; fits && i < made; i++) {
    if (packed[i].kind != PACKED_BYTES) continue;
    value_release(&kept[i]);
    fits = value_from_js(values[i], &packed[i], &kept[i]);
  }
  wasp_bytes *block = fits ? packed_new(packed, (uint32_t)count) : NULL;
  for (int i = 0; i < made; i++) value_release(&kept[i]);
  if (packed != few) free(packed), free(kept);
  return block;
}
