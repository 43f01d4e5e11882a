/* The header, included twice, by itself, in each language: every shorthand, constant and type. HEADER_TEST names the
 * function of one language's build. */

#include <wasp.h>
#include <wasp.h>

int HEADER_TEST(void);

int HEADER_TEST(void) {
  const wasp_kind kinds[] = {WASP_NONE, WASP_I32, WASP_I64, WASP_F32, WASP_F64, WASP_STRING, WASP_BYTES};
  wasp_engine_options options = WASP_ENGINE_OPTIONS_INIT;
  const wasp_limits limits = WASP_LIMITS_INIT;
  wasp_engine *engine = NULL;
  wasp_error *error;
  int right = 1;
  options.compiler = WASP_COMPILER_SINGLEPASS;
  right &= options.size == sizeof options && options.log_free == NULL;
  right &= limits.size == sizeof limits && limits.idle_instances == 0;
  right &= kinds[0] == 0 && kinds[6] == 6;
  right &= wasp_value_i32(-1).of.i32 == -1 && wasp_value_i32(0).kind == WASP_I32;
  right &= wasp_value_i64(INT64_MIN).of.i64 == INT64_MIN && wasp_value_i64(0).kind == WASP_I64;
  right &= wasp_value_f32(0.5f).of.f32 == 0.5f && wasp_value_f32(0).kind == WASP_F32;
  right &= wasp_value_f64(0.25).of.f64 == 0.25 && wasp_value_f64(0).kind == WASP_F64;
  right &= wasp_value_string("abc").of.slice.len == 3 && wasp_value_string("").kind == WASP_STRING;
  right &= wasp_value_bytes("a\0c", 3).of.slice.len == 3 && wasp_value_bytes(NULL, 0).kind == WASP_BYTES;
  right &= wasp_str(NULL).len == 0 && wasp_str("ab").len == 2;
  right &= WASP_VERSION_NUMBER >= 100 && WASP_VERSION[0] != '\0';
  error = wasp_engine_new(&options, &engine);
  right &= error == NULL && engine != NULL;
  wasp_engine_free(engine);
  return right;
}
