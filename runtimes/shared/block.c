/* A block of packed values that grows while it is written. */

#include "block.h"

static wasp_bytes *block;
static uint32_t room;

/* What nobody took is kept up to this size. */
enum { MOST_KEPT = 64 << 10 };

void block_begin(void) {
  if (room > MOST_KEPT) free(block_take());
  if (block != NULL) block->length = 0;
}

/* Makes the block longer, and returns where that begins; NULL where memory is full. */
static uint8_t *grow(size_t size) {
  uint32_t length = block_length();
  if (size > room - length) {
    if (size > INT32_MAX - sizeof *block - length) return NULL;
    uint32_t least = length + (uint32_t)size, more = room + room / 2 + 64;
    uint32_t larger = more > least ? more : least;
    wasp_bytes *moved = realloc(block, sizeof *block + larger);
    if (moved == NULL) return NULL;
    block = moved, room = larger;
  }
  block->length = length + (uint32_t)size;
  return block->data + length;
}

bool block_add(const void *data, size_t size) {
  uint8_t *end = grow(size);
  if (end != NULL) memcpy(end, data, size);
  return end != NULL;
}

bool block_add_number(enum packed_kind kind, const void *number, size_t size) {
  uint8_t *end = grow(1 + size);
  if (end == NULL) return false;
  *end = (uint8_t)kind;
  memcpy(end + 1, number, size);
  return true;
}

bool block_open_text(enum packed_kind kind, uint32_t *at) {
  uint32_t length = 0;
  bool is_open = block_add_number(kind, &length, sizeof length);
  *at = block_length();
  return is_open;
}

void block_close_text(uint32_t at) {
  uint32_t length = block->length - at;
  memcpy(block->data + at - sizeof length, &length, sizeof length);
}

bool block_add_text(enum packed_kind kind, const void *data, size_t length) {
  uint32_t at;
  if (!block_open_text(kind, &at) || !block_add(data, length)) return false;
  block_close_text(at);
  return true;
}

const char *block_data(void) { return block == NULL ? "" : (const char *)block->data; }

uint32_t block_length(void) { return block == NULL ? 0 : block->length; }

wasp_bytes *block_take(void) {
  wasp_bytes *taken = block;
  block = NULL, room = 0;
  return taken;
}
