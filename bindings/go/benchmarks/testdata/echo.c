// echo returns a copy of its bytes. Built by: clang --target=wasm32 -nostdlib -O2 -mbulk-memory -Wl,--no-entry
// -Wl,--strip-all -o echo.wasm echo.c
#define EXPORT(name) __attribute__((export_name(name)))
typedef unsigned int u32;

extern unsigned char __heap_base;
static u32 top, live;

EXPORT("allocate") u32 allocate(u32 size) {
  if (live++ == 0) top = (u32)&__heap_base;
  u32 block = top;
  top += (size + 15) & ~15u;
  while (top > __builtin_wasm_memory_size(0) << 16)
    if (__builtin_wasm_memory_grow(0, 1) == (u32)-1) return 0;
  return block;
}

EXPORT("deallocate") void deallocate(u32 block, u32 size) { live--; }

EXPORT("echo") u32 echo(u32 bytes) {
  u32 size = *(u32 *)bytes + 4;
  u32 copy = allocate(size);
  __builtin_memcpy((void *)copy, (void *)bytes, size);
  return copy;
}
