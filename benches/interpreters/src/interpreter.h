/* What the benchmark does with an interpreter. What fails ends the program: a benchmark has nobody to report to. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *(*version)(void);
  /* Makes an interpreter that has run the script, whose functions may then be called. */
  void *(*open)(const char *source, size_t length);
  /* Calls a function with a text. The answer lasts until the next call. */
  const char *(*text)(void *self, const char *function, const char *text, size_t length, size_t *answer_length);
  /* Calls a function with a number. */
  int32_t (*number)(void *self, const char *function, int32_t n);
  void (*close)(void *self);
} interpreter;

static inline _Noreturn void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  abort();
}
