/* The plugin by hand: it declares what it imports itself, as section "Names" of docs/from-extism.md lists it. */

#include <stddef.h>
#include <stdint.h>

#define ENV(name) __attribute__((import_module("extism:host/env"), import_name(#name)))
#define USER(name) __attribute__((import_module("extism:host/user"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name), used)) int32_t name(void)

ENV(alloc) uint64_t alloc(uint64_t length);
ENV(length) uint64_t length(uint64_t block);
ENV(store_u8) void store_u8(uint64_t at, uint32_t byte);
ENV(store_u64) void store_u64(uint64_t at, uint64_t bytes);
ENV(load_u8) uint32_t load_u8(uint64_t at);
ENV(input_length) uint64_t input_length(void);
ENV(input_load_u8) uint32_t input_load_u8(uint64_t at);
ENV(input_load_u64) uint64_t input_load_u64(uint64_t at);
ENV(output_set) void output_set(uint64_t block, uint64_t length);
ENV(error_set) void error_set(uint64_t block);
ENV(config_get) uint64_t config_get(uint64_t key);
ENV(var_get) uint64_t var_get(uint64_t key);
ENV(var_set) void var_set(uint64_t key, uint64_t value);
ENV(log_debug) void log_debug(uint64_t block);
ENV(log_info) void log_info(uint64_t block);
ENV(log_warn) void log_warn(uint64_t block);
ENV(log_error) void log_error(uint64_t block);
ENV(http_request) uint64_t http_request(uint64_t request, uint64_t body);
USER(shout) uint64_t shout(uint64_t text);

/* A block with text before, what the input is, and text behind. */
static uint64_t block(const char *before, int with_input, const char *behind) {
  uint64_t size = 0, at = 0;
  for (const char *c = before; *c; c++) size++;
  for (const char *c = behind; *c; c++) size++;
  uint64_t input = with_input ? input_length() : 0, made = alloc(size + input);
  for (const char *c = before; *c; c++) store_u8(made + at++, (uint8_t)*c);
  uint64_t i = 0;
  for (; i + 8 <= input; i += 8) store_u64(made + at + i, input_load_u64(i));
  for (; i < input; i++) store_u8(made + at + i, input_load_u8(i));
  at += input;
  for (const char *c = behind; *c; c++) store_u8(made + at++, (uint8_t)*c);
  return made;
}

static int32_t answer(uint64_t made) {
  output_set(made, length(made));
  return 0;
}

EXPORT(count_vowels) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < input_length(); i++) {
    switch (input_load_u8(i) | 32) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u': count++;
    }
  }
  char digits[24];
  size_t at = sizeof digits;
  digits[--at] = 0;
  digits[--at] = '}';
  do digits[--at] = (char)('0' + count % 10);
  while (count /= 10);
  return answer(block("{\"count\":", 0, &digits[at]));
}

EXPORT(echo) { return answer(block("", 1, "")); }

EXPORT(config) { return answer(config_get(block("", 1, ""))); }

/* Answers what the call before was given. */
EXPORT(remember) {
  uint64_t before = var_get(block("last", 0, ""));
  if (before) answer(before);
  var_set(block("last", 0, ""), block("", 1, ""));
  return 0;
}

EXPORT(call_host) { return answer(shout(block("", 1, ""))); }

EXPORT(fail) {
  error_set(block("no: ", 1, ""));
  return 1;
}

EXPORT(log) {
  log_debug(block("", 1, ""));
  log_info(block("", 1, ""));
  log_warn(block("", 1, ""));
  log_error(block("", 1, ""));
  return 0;
}

EXPORT(get) { return answer(http_request(block("{\"url\": \"", 1, "\", \"method\": \"GET\", \"headers\": {}}"), 0)); }
