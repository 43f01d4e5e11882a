/*
 * Put in front of each file of Lua's: how its errors unwind, and where it draws randomness from. Lua would use setjmp,
 * which there is none of in WASI.
 */
#pragma once

struct lua_State;

/* Calls `body`, and returns whether it threw. The linear stack is then as it was. */
int unwind_try(void (*body)(struct lua_State *, void *), struct lua_State *L, void *data);
_Noreturn void unwind_throw(void);

#define luai_jmpbuf int
#define LUAI_THROW(L, c) unwind_throw()
#define LUAI_TRY(L, c, a)                                                                                              \
  do {                                                                                                                 \
    if (unwind_try(f, L, ud) && (c)->status == 0) (c)->status = -1;                                                    \
  } while (0)

/* Returns 32 bits of the system's randomness. Tables hash strings by such a seed, so that nobody can choose their keys
 * to collide. */
unsigned random_word(void);
#define luai_makeseed(L) random_word()
