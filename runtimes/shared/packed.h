/*
 * Packed values: how the arguments and the result of a script's function, and those of a callback, pass between the
 * host and a script runtime (section 7 of docs/guest-abi.md). A count, then for each value a byte for its kind and what
 * belongs to it; numbers are little endian, and nothing is aligned.
 */
#pragma once

#include "wasp_guest.h"

#include <stdbool.h>

/* The kinds of values, as in wasp.h. */
enum packed_kind {
  PACKED_NONE = 0,
  PACKED_I32 = 1,
  PACKED_I64 = 2,
  PACKED_F32 = 3,
  PACKED_F64 = 4,
  PACKED_STRING = 5,
  PACKED_BYTES = 6,
  PACKED_JSON = 7,
  PACKED_ERROR = 255, /* in the answer of a callback: its text is what the script's exception says */
};

/* One value. Text and bytes are borrowed from the block that they were read from, and have no NUL at their end. */
typedef struct {
  enum packed_kind kind;
  union {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
  };
  const char *data; /* of a string, bytes, json or an error */
  uint32_t length;
} packed_value;

/* Where the next value is read. */
typedef struct {
  const uint8_t *next;
  uint32_t left;
} packed_reader;

/* Begins to read a block, and returns how many values are in it; the host made it, so what it says is true. */
static inline uint32_t packed_begin(packed_reader *reader, const wasp_bytes *block) {
  uint32_t count = 0;
  memcpy(&count, block->data, sizeof count);
  *reader = (packed_reader){block->data + sizeof count, block->length - (uint32_t)sizeof count};
  return count;
}

static inline void packed_take(packed_reader *reader, void *into, uint32_t size) {
  if (reader->left < size) __builtin_trap();
  memcpy(into, reader->next, size);
  reader->next += size;
  reader->left -= size;
}

/* Reads the next value. A block that ends too early is a trap: the host never makes one. */
static inline packed_value packed_next(packed_reader *reader) {
  packed_value value = {PACKED_NONE, {0}, NULL, 0};
  uint8_t kind = 0;
  packed_take(reader, &kind, 1);
  value.kind = (enum packed_kind)kind;
  switch (value.kind) {
  case PACKED_NONE: break;
  case PACKED_I32: packed_take(reader, &value.i32, 4); break;
  case PACKED_I64: packed_take(reader, &value.i64, 8); break;
  case PACKED_F32: packed_take(reader, &value.f32, 4); break;
  case PACKED_F64: packed_take(reader, &value.f64, 8); break;
  default:
    packed_take(reader, &value.length, 4);
    if (reader->left < value.length) __builtin_trap();
    value.data = (const char *)reader->next;
    reader->next += value.length;
    reader->left -= value.length;
  }
  return value;
}

/* Returns how many bytes `value` takes in a block. */
static inline uint32_t packed_size(const packed_value *value) {
  switch (value->kind) {
  case PACKED_NONE: return 1;
  case PACKED_I32:
  case PACKED_F32: return 5;
  case PACKED_I64:
  case PACKED_F64: return 9;
  default: return 5 + value->length;
  }
}

/* Returns a block with these values, made by malloc. */
static inline wasp_bytes *packed_new(const packed_value *values, uint32_t count) {
  uint64_t size = sizeof count;
  for (uint32_t i = 0; i < count; i++) size += packed_size(&values[i]);
  if (size > UINT32_MAX) __builtin_trap();
  wasp_bytes *block = wasp_bytes_new(NULL, (uint32_t)size);
  uint8_t *end = block->data;
  memcpy(end, &count, sizeof count);
  end += sizeof count;
  for (uint32_t i = 0; i < count; i++) {
    const packed_value *value = &values[i];
    *end++ = (uint8_t)value->kind;
    uint32_t rest = packed_size(value) - 1;
    if (value->kind < PACKED_STRING) { /* a number, whose bytes are in place: all targets are little endian */
      memcpy(end, &value->i32, rest);
    } else {
      memcpy(end, &value->length, 4);
      memcpy(end + 4, value->data, value->length);
    }
    end += rest;
  }
  return block;
}
