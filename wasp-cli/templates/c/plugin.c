#include "wasp_guest.h"

WASP_FUNCTIONS((hello, string, ((string, name)), "Greets"), (divide, i32, ((i32, a), (i32, b))))

const char *hello(const char *name) { return wasp_string_concat("Hello ", name, NULL); }

int32_t divide(int32_t a, int32_t b) {
    if (b == 0 || (a == INT32_MIN && b == -1)) {
        wasp_raise_error("the result is no i32");
        return 0;
    }
    return a / b;
}
