/*
 * A block of packed values that grows while it is written, which spares a runtime a copy of each text. There is one:
 * writing values calls neither the script nor the host. Whoever gives up halfway leaves it to the next one.
 */
#pragma once

#include "packed.h"

/* Forgets what was written, and begins anew. */
void block_begin(void);
/* Appends bytes; false where memory is full, as below. */
bool block_add(const void *data, size_t size);
/* Appends a number of kind `kind`. */
bool block_add_number(enum packed_kind kind, const void *number, size_t size);
/* Appends a string or bytes. */
bool block_add_text(enum packed_kind kind, const void *data, size_t length);
/* Opens a text of kind `kind`, which is what is appended until it is closed at what this puts into `at`. */
bool block_open_text(enum packed_kind kind, uint32_t *at);
void block_close_text(uint32_t at);
/* What was written, until more is. */
const char *block_data(void);
uint32_t block_length(void);
/* Hands over the block, made by malloc. */
wasp_bytes *block_take(void);
