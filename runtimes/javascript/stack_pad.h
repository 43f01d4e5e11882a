/* Included in front of the sources of quickjs-ng. */
#pragma once

/*
 * Makes the frame of a function that recurses larger on the stack in linear memory, which quickjs-ng checks. The one of
 * WebAssembly can't be looked at, and a function may take twenty times as much of it: without this it would be
 * exhausted first, which is a trap where a script should get a RangeError. The sizes are measured, with both compilers.
 */
#define STACK_PAD(size)                                                                                                \
  do {                                                                                                                 \
    char pad[size];                                                                                                    \
    __asm__ volatile("" : : "r"(pad) : "memory");                                                                      \
  } while (0)
