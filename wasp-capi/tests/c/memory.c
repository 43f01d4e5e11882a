/* Guest memory, for modules whose functions take and give addresses. */

#include "test.h"

/* Upper-cases the range in place, as far as it may. */
static void on_data(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  char text[16];
  size_t i, length = (size_t)args[1].of.i32;
  uint32_t address = (uint32_t)args[0].of.i32;
  CHECK(arg_count == 2 && wasp_caller_memory_size(caller) == 65536);
  OK(wasp_caller_read(caller, address, text, length));
  for (i = 0; i < length; i++) text[i] = (char)(text[i] - 'a' + 'A');
  OK(wasp_caller_write(caller, address, (wasp_slice){text, length}));
  FAILS(WASP_ERROR_INVALID, "are not in its memory of 65536 bytes", wasp_caller_read(caller, 65535, text, 2));
  FAILS(WASP_ERROR_INVALID, "are not in its memory of 65536 bytes", wasp_caller_write(caller, 65535, wasp_str("ab")));
  /* Its own instance is busy. */
  FAILS(WASP_ERROR_BUSY, "", wasp_instance_read(*(wasp_instance **)user_data, 0, text, 1));
  CHECK(wasp_instance_memory_size(*(wasp_instance **)user_data) == 0);
}

/* Is given the text at 64, which it can't write over. */
static void on_text(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  (void)user_data;
  CHECK(arg_count == 1 && equal(args[0].of.slice, "ABC"));
  FAILS(WASP_ERROR_INVALID, "a string or bytes that the callback was given",
        wasp_caller_write(caller, 66, wasp_str("x")));
  OK(wasp_caller_write(caller, 60, args[0].of.slice));
  CHECK(equal(args[0].of.slice, "ABC"));
}

void test_memory(void) {
  const wasp_kind range[] = {WASP_I32, WASP_I32}, text[] = {WASP_STRING};
  wasp_config *config = wasp_config_new();
  wasp_instance *it, *none;
  wasp_value args[2], result;
  char data[16] = "xxxxxxxxxxxxxxx", large[5000];

  wasp_config_add_callback(config, wasp_str("env"), wasp_str("on_data"), range, 2, WASP_NONE, on_data, &it, NULL);
  wasp_config_add_callback(config, wasp_str("env"), wasp_str("on_text"), text, 1, WASP_NONE, on_text, NULL, NULL);
  it = instance_of(WAT((module (import "env" "on_data" (func (param i32 i32)))
                       (import "env" "on_text" (func (param i32)))
                       (memory (export "memory") 1) (data (i32.const 64) "abc\00")
                       (func (export "run") (param i32 i32) (call 0 (local.get 0) (local.get 1)) (call 1 (local.get 0)))
                       (func (export "bytes") (param i32) (result i32) (local.get 0)))),
      config);
  wasp_config_free(config);
  CHECK(wasp_instance_memory_size(it) == 65536);
  OK(wasp_instance_read(it, 64, data, 3));
  CHECK(memcmp(data, "abcxxxxxxxxxxxx", 16) == 0);
  args[0] = wasp_value_i32(64), args[1] = wasp_value_i32(3);
  OK(wasp_call(it, wasp_str("run"), args, 2, WASP_NONE, NULL));
  OK(wasp_instance_read(it, 60, data, 7));
  CHECK(memcmp(data, "ABC\0ABC", 7) == 0);

  OK(wasp_instance_write(it, 65533, wasp_str("end")));
  FAILS(WASP_ERROR_INVALID, "3 bytes from 0xfffe on are not in its memory of 65536 bytes",
        wasp_instance_write(it, 65534, wasp_str("end")));
  FAILS(WASP_ERROR_INVALID, "are not in a memory of 65536 bytes", wasp_instance_read(it, 0, data, SIZE_MAX));
  FAILS(WASP_ERROR_INVALID, "2 bytes from 0xffffffff on", wasp_instance_read(it, UINT32_MAX, data, 2));
  OK(wasp_instance_read(it, 65536, NULL, 0));

  /* A result that is lent goes to where it is itself. */
  memset(large, 'y', sizeof large);
  memcpy(large, "\x80\x13\0\0", 4); /* 4992 bytes */
  OK(wasp_instance_write(it, 1000, (wasp_slice){large, sizeof large}));
  args[0] = wasp_value_i32(1000);
  OK(wasp_call(it, wasp_str("bytes"), args, 1, WASP_BYTES, &result));
  CHECK(result.of.slice.len == 4992);
  OK(wasp_instance_write(it, 1005, result.of.slice));
  OK(wasp_instance_read(it, 1005 + 4991, data, 1));
  CHECK(data[0] == 'y');

  OK(wasp_instance_reset(it));
  OK(wasp_instance_read(it, 60, data, 7));
  CHECK(memcmp(data, "\0\0\0\0abc", 7) == 0);
  wasp_instance_free(it);

  none = instance_of(WAT((module (memory 1))), NULL);
  CHECK(wasp_instance_memory_size(none) == 0);
  FAILS(WASP_ERROR_INVALID, "exports no memory", wasp_instance_write(none, 0, wasp_str("a")));
  wasp_instance_free(none);
}
