#include "wasp_guest.h"

WASP_FUNCTIONS((literal, string, (), "Answers with a literal"), (array, bytes, ()), (sum, i32, ((i32, a), (i32, b))),
               (mixed, f64, ((i64, a), (f32, b), (f64, c), (string, d), (bytes, e), (json, f))),
               (same, json, ((json, value))), (fail, none, ()))

const char *literal(void) { return "Hello"; }

static struct {
    uint32_t length;
    uint8_t data[3];
} three = {3, {1, 2, 3}};
const wasp_bytes *array(void) { return (const wasp_bytes *)&three; }

int32_t sum(int32_t a, int32_t b) { return a + b; }

double mixed(int64_t a, float b, double c, const char *d, const wasp_bytes *e, const char *f) {
    return (double)a + (double)b + c + (double)strlen(d) + (double)e->length + (double)strlen(f);
}

const char *same(const char *value) { return wasp_string_new(value); }

void fail(void) { wasp_raise_error("on purpose"); }
