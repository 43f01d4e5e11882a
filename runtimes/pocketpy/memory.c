/* pocketpy's memory. */

#include "memory.h"
#include "runtime.h"
#include "pocketpy/interpreter/vm.h"

#include <malloc.h>

/* Sizes are of 32 bits with a sign in pocketpy, and grow by less than two at a time. */
enum { MOST = 1 << 30 };

/*
 * pocketpy collects garbage after so many objects, however large they are. Here that is due after so many bytes, too,
 * and half of those in use, so that much memory is not looked through too often.
 */
enum { DUE = 2 << 20 };

static size_t used, since_collected;

/* Counts a block that was made, or resized from one of `old` bytes. */
static void *count(void *block, size_t old) {
  if (block == NULL) __builtin_trap();
  size_t size = malloc_usable_size(block);
  used += size - old;
  since_collected += size;
  if (since_collected < DUE + used / 2 || pk_current_vm == NULL) return block;
  since_collected = 0;
  ManagedHeap *heap = &pk_current_vm->heap;
  if (heap->gc_counter < heap->gc_threshold) heap->gc_counter = heap->gc_threshold;
  return block;
}

void *memory_allocate(size_t size) { return count(size > MOST ? NULL : malloc(size), 0); }

void *memory_resize(void *block, size_t size) {
  size_t old = block == NULL ? 0 : malloc_usable_size(block);
  return count(size > MOST ? NULL : realloc(block, size == 0 ? 1 : size), old);
}

void memory_free(void *block) {
  if (block != NULL) used -= malloc_usable_size(block);
  free(block);
}

void memory_tidy(void) {
  if (pk_current_vm->heap.gc_enabled) ManagedHeap__collect_hint(&pk_current_vm->heap);
}
