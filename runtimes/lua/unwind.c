/* Lua's errors, by the exceptions of unwind.wat. */

#include "unwind.h"
#include "wasp_guest.h"

WASP_IMPORT("unwind", "unwind_try")
int unwind_call(void (*body)(struct lua_State *, void *), struct lua_State *L, void *data);
WASP_IMPORT("unwind", "unwind_throw") void unwind_raise(void);

__asm__(".globaltype __stack_pointer, i32\n");

int unwind_try(void (*body)(struct lua_State *, void *), struct lua_State *L, void *data) {
  uintptr_t top;
  __asm__ volatile("global.get __stack_pointer\n\tlocal.set %0" : "=r"(top));
  int has_thrown = unwind_call(body, L, data);
  /* What was thrown past has left its frames on the linear stack. */
  __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer" ::"r"(top));
  return has_thrown;
}

void unwind_throw(void) {
  unwind_raise();
  __builtin_unreachable();
}
