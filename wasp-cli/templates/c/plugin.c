#include "wasp_guest.h"

WASP_EXPORT("wasp_signatures") const char *signatures(void) {
    return "hello(name: string) string # Greets\n"
           "divide(a: i32, b: i32) i32\n";
}

WASP_EXPORT("hello") char *hello(const char *name) { return wasp_string_concat("Hello ", name, NULL); }

WASP_EXPORT("divide") int32_t divide(int32_t a, int32_t b) {
    if (b == 0 || (a == INT32_MIN && b == -1)) {
        wasp_raise_error("the result is no i32");
        return 0;
    }
    return a / b;
}
