/* docs/numbers.md, case by case. */

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "test.h"

/* The number as C has it. Returns false for an integer that is not of the kind i64: C has no kind for it. */
static bool parse(const char *type, const char *text, const char *to, wasp_value *number) {
  bool is_negative = text[0] == '-';
  char *end;
  if (strcmp(type, "float") == 0) {
    *number = wasp_value_f64(strtod(text, NULL));
    return true;
  }
  errno = 0;
  *number = wasp_value_i64(is_negative ? strtoll(text, &end, 10) : (int64_t)strtoull(text, &end, 10));
  CHECK(errno == 0 && *end == '\0');
  return is_negative || number->of.i64 >= 0 || strcmp(to, "i64") == 0;
}

static wasp_kind kind_of(const char *name) {
  if (strcmp(name, "i32") == 0) return WASP_I32;
  if (strcmp(name, "i64") == 0) return WASP_I64;
  return strcmp(name, "f32") == 0 ? WASP_F32 : WASP_F64;
}

static bool same(wasp_value got, const char *expected) {
  double wanted = strtod(expected, NULL), is = got.kind == WASP_F32 ? got.of.f32 : got.of.f64;
  char text[32];
  if (got.kind == WASP_F32 || got.kind == WASP_F64)
    return (isnan(is) && isnan(wanted)) || (is == wanted && signbit(is) == signbit(wanted));
  snprintf(text, sizeof text, "%" PRId64, got.kind == WASP_I32 ? got.of.i32 : got.of.i64);
  return strcmp(text, expected) == 0;
}

void test_numbers(void) {
  FILE *file = fopen("../../../docs/numbers.txt", "r");
  wasp_instance *echo = instance_of_file("echo.wat", NULL);
  char line[256], type[8], text[64], to[8], expected[64];
  int cases = 0;

  CHECK(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) {
    wasp_value number, result;
    if (line[0] == '#') continue;
    CHECK(sscanf(line, "%7s %63s %7s %63s", type, text, to, expected) == 4);
    if (!parse(type, text, to, &number)) continue;
    cases++;
    if (strcmp(expected, "refused") == 0) {
      FAILS(WASP_ERROR_SIGNATURE, "does not fit", wasp_call(echo, wasp_str(to), &number, 1, kind_of(to), &result));
      continue;
    }
    OK(wasp_call(echo, wasp_str(to), &number, 1, kind_of(to), &result));
    if (!same(result, expected)) fail(__FILE__, __LINE__, line);
  }
  CHECK(cases > 35);
  fclose(file);
  wasp_instance_free(echo);
}
