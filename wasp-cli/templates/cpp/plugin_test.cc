#include "plugin.cc"

#undef NDEBUG
#include <cassert>

int main() {
    assert(hello("Nic") == "Hello Nic");
    assert(divide(6, 3) == 2 && wasp_test_error() == nullptr);
    divide(6, 0);
    assert(wasp_test_error() == std::string_view("the result is no i32"));
}
