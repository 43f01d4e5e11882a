/* Values on their way between Python and the host. */

#include "runtime.h"
#include "block.h"
#include "utf8.h"

static bool check(bool is_written) { return is_written || RuntimeError("the value is too large"); }

static c11_sv view(const packed_value *value) { return (c11_sv){value->data, (int)value->length}; }

bool value_to_python(const packed_value *value, py_OutRef out) {
  switch (value->kind) {
  case PACKED_NONE: return py_newnone(out), true;
  case PACKED_I32: return py_newint(out, value->i32), true;
  case PACKED_I64: return py_newint(out, value->i64), true;
  case PACKED_F32: return py_newfloat(out, value->f32), true;
  case PACKED_F64: return py_newfloat(out, value->f64), true;
  case PACKED_STRING: return py_newstrv(out, view(value)), true;
  case PACKED_BYTES: memcpy(py_newbytes(out, (int)value->length), value->data, value->length); return true;
  case PACKED_JSON: return json_read(value->data, value->length, out);
  default: return TypeError("%v", view(value));
  }
}

bool value_begin(uint32_t count) {
  block_begin();
  return check(block_add(&count, sizeof count));
}

static bool pack_json(py_Ref value) {
  uint32_t at;
  if (!check(block_open_text(PACKED_JSON, &at)) || !json_write(value, 0)) return false;
  block_close_text(at);
  return true;
}

static bool pack_int(py_i64 number) {
  int32_t low = (int32_t)number;
  return check(low == number ? block_add_number(PACKED_I32, &low, 4) : block_add_number(PACKED_I64, &number, 8));
}

static bool pack_str(py_Ref value, uint8_t wanted) {
  c11_sv text = py_tosv(value);
  if (wanted == PACKED_BYTES) return check(block_add_text(PACKED_BYTES, text.data, (size_t)text.size));
  if (!utf8_is_valid(text.data, (size_t)text.size))
    return ValueError("a str that is no UTF-8 can't be passed to the host");
  return check(block_add_text(PACKED_STRING, text.data, (size_t)text.size));
}

bool value_pack(py_Ref value, uint8_t wanted) {
  py_Type type = py_typeof(value);
  if (wanted == PACKED_JSON && type != tp_bytes) return pack_json(value);
  switch (type) {
  case tp_NoneType: return check(block_add("", 1));
  case tp_int: return pack_int(py_toint(value));
  case tp_float: {
    double number = py_tofloat(value);
    return check(block_add_number(PACKED_F64, &number, 8));
  }
  case tp_str: return pack_str(value, wanted);
  case tp_bytes: {
    int size;
    const unsigned char *data = py_tobytes(value, &size);
    return check(block_add_text(PACKED_BYTES, data, (size_t)size));
  }
  default: return pack_json(value);
  }
}
