/* The test of a plugin in C++, which is compiled for the machine at hand. */
#include "kinds.cc"

#undef NDEBUG
#include <cassert>

static int notes = 0;

std::string call_me(std::string_view name) { return std::string(name) + " is here"; }
void note() { ++notes; }

int main() {
    assert(callback() == "Nic is here!" && notes == 1);
    assert(reversed({1, 2}) == (std::vector<uint8_t>{2, 1}));
    assert(divide(6, 3) == 2 && wasp_test_error() == nullptr);
    divide(6, 0);
    assert(wasp_test_error() == std::string_view("nothing can be divided by 0"));
    assert(named("nobody").empty() && wasp_test_error() != nullptr && wasp_test_error() == nullptr);
    assert(std::string_view(wasp_signatures())
               .find("mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: f32) f64\n") !=
           std::string_view::npos);
}
