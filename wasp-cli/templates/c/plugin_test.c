#include "plugin.c"

#undef NDEBUG
#include <assert.h>

int main(void) {
    assert(strcmp(hello("Nic"), "Hello Nic") == 0);
    assert(divide(6, 3) == 2 && wasp_test_error() == NULL);
    divide(6, 0);
    assert(strcmp(wasp_test_error(), "the result is no i32") == 0);
}
