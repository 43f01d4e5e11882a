/* pocketpy's memory. */

#include "memory.h"
#include "runtime.h"
#include "pocketpy/interpreter/vm.h"

#include <malloc.h>

/* Sizes are of 32 bits with a sign in pocketpy, and grow by less than two at a time. */
enum { MOST = 1 << 30 };

/*
 * pocketpy collects garbage after so many objects, however large they are. Here that is due after so many bytes, too.
 */
enum { DUE = 16 << 20 };

static size_t since_collected;

static void count(size_t size) {
  if (size > MOST) __builtin_trap();
  since_collected += size;
  if (since_collected < DUE || pk_current_vm == NULL) return;
  since_collected = 0;
  ManagedHeap *heap = &pk_current_vm->heap;
  if (heap->gc_counter < heap->gc_threshold) heap->gc_counter = heap->gc_threshold;
}

void *memory_allocate(size_t size) {
  count(size);
  void *block = malloc(size);
  if (block == NULL) __builtin_trap();
  return block;
}

void *memory_resize(void *block, size_t size) {
  count(size);
  void *moved = realloc(block, size == 0 ? 1 : size);
  if (moved == NULL) __builtin_trap();
  return moved;
}

void memory_free(void *block) { free(block); }

void memory_tidy(void) {
  if (pk_current_vm->heap.gc_enabled) ManagedHeap__collect_hint(&pk_current_vm->heap);
}
