#include "wasp_guest.hpp"

std::string hello(std::string_view name) { return "Hello " + std::string(name); }

int32_t divide(int32_t a, int32_t b) {
    if (b == 0 || (a == INT32_MIN && b == -1)) return wasp::fail("the result is no i32");
    return a / b;
}

WASP_EXPORT_FUNCTIONS((hello, (name), "Greets"), (divide, (a, b)))
