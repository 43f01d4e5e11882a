/* Put in front of each file of pocketpy's: it trusts each allocation, so that one that fails is a trap. */
#pragma once

#include <stddef.h>

void *memory_allocate(size_t size);
void *memory_resize(void *block, size_t size);
void memory_free(void *block);

#define PK_MALLOC(size) memory_allocate(size)
#define PK_REALLOC(block, size) memory_resize(block, size)
#define PK_FREE(block) memory_free(block)

/* Stands for time_ns where random numbers are seeded. */
long long random_seed(void);
