#include "wasp_guest.hpp"

WASP_IMPORT_FUNCTION("env", call_me, std::string, ((std::string_view, name)))
WASP_IMPORT_FUNCTION("env", note, void, ())

static std::string hello(std::string_view name) { return "Hello " + std::string(name); }

static double mixed(int64_t a, unsigned b, double c, const std::string &d, const std::vector<uint8_t> &e, bool yes,
                    float f) {
    double sum = double(a) + b + c + double(d.size()) + double(e.size()) + double(f);
    return yes ? -sum : sum;
}

static std::vector<uint8_t> reversed(std::vector<uint8_t> data) { return {data.rbegin(), data.rend()}; }

static int32_t small(int8_t a, uint16_t b) { return a + b; }

static wasp::json same(wasp::json value) { return value; }

static const char *literal() { return "Hello"; }

static const wasp_bytes *first(const wasp_bytes *data) { return wasp_bytes_new(data->data, data->length ? 1 : 0); }

static std::string callback() {
    note();
    return call_me("Nic") + "!";
}

static int32_t divide(int32_t a, int32_t b) {
    if (b == 0) return wasp::fail("nothing can be divided by 0");
    return a / b;
}

static std::string named(std::string_view name) {
    if (name == "nobody") return wasp::fail("nobody is there");
    return std::string(name);
}

static void fail() { wasp::raise_error("on purpose"); }

static std::string nul() { return std::string("a\0b", 3); }

WASP_EXPORT_FUNCTIONS((hello, (name), "Greets"), (mixed, (a, b, c, d, e, yes, f)), (reversed, (data)), (small, (a, b)),
                      (same, (value)), (literal, (), "Answers with a literal"), (first, (data)), (callback, ()),
                      (divide, (a, b)), (named, (name)), (fail, ()), (nul, ()))
