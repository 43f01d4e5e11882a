/* JSON. pocketpy's own would run what it reads as a program, and write escapes that are none of JSON's. */

#include "runtime.h"
#include "block.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>

/* How deep values may be, which is within any stack that the host allows. */
enum { MOST_DEPTH = 500 };

typedef struct {
  int indent, depth;
  bool is_first;
} writer;

static bool add(const char *data, size_t size) {
  return block_add(data, size) || RuntimeError("the value is too large");
}

static bool write_text(const char *text, size_t length) {
  size_t from = 0;
  if (!add("\"", 1)) return false;
  for (size_t at = 0; at < length;) {
    uint8_t byte = (uint8_t)text[at];
    if (byte >= 0x80) {
      bool is_valid;
      at += utf8_character((const uint8_t *)text + at, length - at, &is_valid);
      if (!is_valid) return ValueError("a str that is no UTF-8 has no JSON");
      continue;
    }
    if (byte >= 0x20 && byte != '"' && byte != '\\') {
      at++;
      continue;
    }
    char escape[8];
    const char *letter = byte >= '\b' && byte <= '\r' && byte != '\v' ? &"btn\vfr"[byte - '\b'] : NULL;
    if (byte == '"' || byte == '\\') letter = text + at;
    int size = letter == NULL ? snprintf(escape, sizeof escape, "\\u%04x", byte)
                              : snprintf(escape, sizeof escape, "\\%c", *letter);
    if (!add(text + from, at - from) || !add(escape, (size_t)size)) return false;
    from = ++at;
  }
  return add(text + from, length - from) && add("\"", 1);
}

static bool write_float(double number) {
  char text[32];
  if (!isfinite(number)) return ValueError("%s has no JSON", isnan(number) ? "nan" : "inf");
  int size = 0;
  /* As few digits as say which number it is. */
  for (int digits = 15; digits <= 17; digits++) {
    size = snprintf(text, sizeof text, "%.*g", digits, number);
    if (strtod(text, NULL) == number) break;
  }
  if (text[strspn(text, "-0123456789")] == '\0') size = (int)(stpcpy(text + size, ".0") - text);
  return add(text, (size_t)size);
}

static bool write_int(py_i64 number) {
  char text[32];
  return add(text, (size_t)snprintf(text, sizeof text, "%lld", (long long)number));
}

static bool write_value(py_Ref value, writer *to);

/* Begins an item or an end of what is `depth` deep. */
static bool write_break(const writer *to, int depth) {
  if (to->indent <= 0) return true;
  if (!add("\n", 1)) return false;
  for (int i = 0; i < to->indent * depth; i++)
    if (!add(" ", 1)) return false;
  return true;
}

static bool write_comma(writer *to) {
  bool is_first = to->is_first;
  to->is_first = false;
  if (!is_first && !add(", ", to->indent > 0 ? 1 : 2)) return false;
  return write_break(to, to->depth);
}

static bool write_pair(py_Ref key, py_Ref value, void *data) {
  writer *to = data;
  if (!write_comma(to)) return false;
  bool is_written;
  switch (py_typeof(key)) {
  case tp_str: is_written = write_text(py_tosv(key).data, (size_t)py_tosv(key).size); break;
  case tp_int: is_written = add("\"", 1) && write_int(py_toint(key)) && add("\"", 1); break;
  default: return TypeError("a dict with a key that is a '%t' has no JSON", py_typeof(key));
  }
  if (!is_written || !add(": ", 2)) return false;
  writer inner = {to->indent, to->depth, true};
  return write_value(value, &inner);
}

static bool write_items(py_Ref items, int count, writer *to) {
  for (int i = 0; i < count; i++) {
    writer inner = {to->indent, to->depth, true};
    if (!write_comma(to) || !write_value(py_offset(items, i), &inner)) return false;
  }
  return true;
}

static bool write_value(py_Ref value, writer *to) {
  py_Type type = py_typeof(value);
  switch (type) {
  case tp_NoneType: return add("null", 4);
  case tp_bool: return py_tobool(value) ? add("true", 4) : add("false", 5);
  case tp_int: return write_int(py_toint(value));
  case tp_float: return write_float(py_tofloat(value));
  case tp_str: return write_text(py_tosv(value).data, (size_t)py_tosv(value).size);
  case tp_list:
  case tp_tuple:
  case tp_dict: break;
  default: return TypeError("a '%t' object has no JSON and can't be passed to the host", type);
  }
  if (to->depth >= MOST_DEPTH)
    return ValueError("a value that contains itself, or is more than %d deep, has no JSON", MOST_DEPTH);
  int count = type == tp_list ? py_list_len(value) : type == tp_tuple ? py_tuple_len(value) : py_dict_len(value);
  writer inner = {to->indent, to->depth + 1, true};
  if (!add(type == tp_dict ? "{" : "[", 1)) return false;
  bool is_written = type == tp_dict   ? py_dict_apply(value, write_pair, &inner)
                    : type == tp_list ? write_items(py_list_data(value), count, &inner)
                                      : write_items(py_tuple_data(value), count, &inner);
  if (!is_written || (count > 0 && !write_break(to, to->depth))) return false;
  return add(type == tp_dict ? "}" : "]", 1);
}

bool json_write(py_Ref value, int indent) {
  writer to = {indent, 0, true};
  return write_value(value, &to);
}

/* The text that is left to read. */
typedef struct {
  const char *begin, *next, *end;
  int depth;
} reader;

static bool fail(const reader *from) {
  return ValueError("the JSON is wrong from byte %d on", (int)(from->next - from->begin) + 1);
}

static char peek(const reader *from) { return from->next < from->end ? *from->next : '\0'; }

static void skip_space(reader *from) {
  while (peek(from) == ' ' || peek(from) == '\t' || peek(from) == '\r' || peek(from) == '\n') from->next++;
}

static bool expect(reader *from, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(from->end - from->next) < length || memcmp(from->next, word, length) != 0) return fail(from);
  from->next += length;
  return true;
}

static bool read_hex(reader *from, uint32_t *code) {
  *code = 0;
  for (int i = 0; i < 4; i++, from->next++) {
    char digit = peek(from);
    if (digit >= '0' && digit <= '9') {
      *code = *code << 4 | (uint32_t)(digit - '0');
    } else if ((digit | 32) >= 'a' && (digit | 32) <= 'f') {
      *code = *code << 4 | (uint32_t)((digit | 32) - 'a' + 10);
    } else {
      return fail(from);
    }
  }
  return true;
}

/* Reads what is behind a backslash into `to`, and returns how many bytes it is; 0 with an exception. */
static size_t read_escape(reader *from, char *to) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  char letter = peek(from);
  const char *known = letter == '\0' ? NULL : strchr(letters, letter);
  if (known != NULL) return from->next++, *to = meanings[known - letters], 1;
  if (letter != 'u') return fail(from), 0;
  from->next++;
  uint32_t code, low;
  if (!read_hex(from, &code)) return 0;
  if (code >= 0xd800 && code < 0xdc00 && from->end - from->next >= 6 && memcmp(from->next, "\\u", 2) == 0) {
    const char *before = from->next;
    from->next += 2;
    if (!read_hex(from, &low)) return 0;
    if (low >= 0xdc00 && low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else {
      from->next = before;
    }
  }
  return utf8_put(code, to);
}

static bool read_text(reader *from, py_OutRef out) {
  if (!expect(from, "\"")) return false;
  const char *end = from->next;
  bool is_plain = true;
  for (; end < from->end && *end != '"'; end++) {
    if ((uint8_t)*end < 0x20) return from->next = end, fail(from);
    if (*end == '\\') is_plain = false, end++;
  }
  if (end >= from->end) return from->next = from->end, fail(from);
  if (is_plain) {
    py_newstrv(out, (c11_sv){from->next, (int)(end - from->next)});
    from->next = end + 1;
    return true;
  }
  /* What is escaped is longer than what it means. */
  char *text = wasp_block_new((size_t)(end - from->next), 4), *to = text;
  while (from->next < end) {
    if (*from->next != '\\') {
      *to++ = *from->next++;
      continue;
    }
    from->next++;
    size_t size = read_escape(from, to);
    if (size == 0) return free(text), false;
    to += size;
  }
  py_newstrv(out, (c11_sv){text, (int)(to - text)});
  free(text);
  from->next++;
  return true;
}

static bool skip_digits(reader *from) {
  if (peek(from) < '0' || peek(from) > '9') return fail(from);
  while (peek(from) >= '0' && peek(from) <= '9') from->next++;
  return true;
}

static bool read_number(reader *from, py_OutRef out) {
  const char *begin = from->next;
  bool is_int = true;
  if (peek(from) == '-') from->next++;
  if (peek(from) == '0') {
    from->next++;
  } else if (!skip_digits(from)) {
    return false;
  }
  if (peek(from) == '.') {
    is_int = false, from->next++;
    if (!skip_digits(from)) return false;
  }
  if ((peek(from) | 32) == 'e') {
    is_int = false, from->next++;
    if (peek(from) == '+' || peek(from) == '-') from->next++;
    if (!skip_digits(from)) return false;
  }
  uint64_t most = *begin == '-' ? (uint64_t)INT64_MAX + 1 : INT64_MAX, number = 0;
  for (const char *digit = begin + (*begin == '-'); is_int && digit < from->next; digit++) {
    if (number > (most - (uint64_t)(*digit - '0')) / 10) is_int = false;
    number = number * 10 + (uint64_t)(*digit - '0');
  }
  if (is_int) return py_newint(out, (py_i64)(*begin == '-' ? 0 - number : number)), true;
  /* What is beyond 64 bits becomes a float. */
  size_t length = (size_t)(from->next - begin);
  char *text = wasp_block_new(length, 1);
  memcpy(text, begin, length);
  text[length] = '\0';
  py_newfloat(out, strtod(text, NULL));
  free(text);
  return true;
}

static bool read_value(reader *from, py_OutRef out);

/* Values being made are on the stack of Python, where they are not garbage. */
static bool read_list(reader *from, py_OutRef out) {
  py_newlist(out);
  from->next++;
  skip_space(from);
  if (peek(from) == ']') return from->next++, true;
  for (;;) {
    py_StackRef item = py_pushtmp();
    if (!read_value(from, item)) return false;
    py_list_append(out, item);
    py_pop();
    if (peek(from) == ']') return from->next++, true;
    if (!expect(from, ",")) return false;
  }
}

static bool read_dict(reader *from, py_OutRef out) {
  py_newdict(out);
  from->next++;
  skip_space(from);
  if (peek(from) == '}') return from->next++, true;
  for (;;) {
    py_StackRef key = py_pushtmp(), value = py_pushtmp();
    skip_space(from);
    if (!read_text(from, key)) return false;
    skip_space(from);
    if (!expect(from, ":") || !read_value(from, value) || !py_dict_setitem(out, key, value)) return false;
    py_shrink(2);
    if (peek(from) == '}') return from->next++, true;
    if (!expect(from, ",")) return false;
  }
}

/* Reads a value, and the space around it. */
static bool read_value(reader *from, py_OutRef out) {
  if (++from->depth > MOST_DEPTH) return ValueError("the JSON is more than %d deep", MOST_DEPTH);
  skip_space(from);
  bool is_read = true;
  switch (peek(from)) {
  case '{': is_read = read_dict(from, out); break;
  case '[': is_read = read_list(from, out); break;
  case '"': is_read = read_text(from, out); break;
  case 't': is_read = expect(from, "true"), py_newbool(out, true); break;
  case 'f': is_read = expect(from, "false"), py_newbool(out, false); break;
  case 'n': is_read = expect(from, "null"), py_newnone(out); break;
  default: is_read = read_number(from, out);
  }
  skip_space(from);
  from->depth--;
  return is_read;
}

bool json_read(const char *text, size_t length, py_OutRef out) {
  reader from = {text, text, text + length, 0};
  py_StackRef value = py_pushtmp();
  if (!read_value(&from, value)) return false;
  if (from.next != from.end) return fail(&from);
  *out = *value;
  py_pop();
  return true;
}

static bool loads(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(1);
  PY_CHECK_ARG_TYPE(0, tp_str);
  c11_sv text = py_tosv(py_arg(0));
  return json_read(text.data, (size_t)text.size, py_retval());
}

static bool dumps(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(2);
  if (!py_isnone(py_arg(1))) PY_CHECK_ARG_TYPE(1, tp_int);
  py_i64 indent = py_isnone(py_arg(1)) ? 0 : py_toint(py_arg(1));
  if (indent > 100) return ValueError("an indent of more than 100");
  block_begin();
  if (!json_write(py_arg(0), (int)indent)) return false;
  py_newstrv(py_retval(), (c11_sv){block_data(), (int)block_length()});
  return true;
}

void json_add(void) {
  py_GlobalRef json = py_getmodule("json");
  py_bindfunc(json, "loads", loads);
  py_bind(json, "dumps(obj, indent=None)", dumps);
}
