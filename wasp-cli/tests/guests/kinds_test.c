/* The test of a plugin in C, which is compiled for the machine at hand, and has two files. */
#include "wasp_guest.h"

#undef NDEBUG
#include <assert.h>

#ifdef __cplusplus
extern "C" {
#endif
const char *literal(void);
const wasp_bytes *array(void);
double mixed(int64_t a, float b, double c, const char *d, const wasp_bytes *e, const char *f);
const char *same(const char *value);
void fail(void);
const char *wasp_signatures(void);
#ifdef __cplusplus
}
#endif

int main(void) {
    assert(strcmp(literal(), "Hello") == 0);
    assert(array()->length == 3 && array()->data[2] == 3);
    assert(mixed(1, 2, 3, "four", wasp_bytes_new("five", 4), "[6]") == 17);
    assert(strcmp(same("[1]"), "[1]") == 0);
    assert(wasp_test_error() == NULL);
    fail();
    wasp_raise_error("again");
    assert(strcmp(wasp_test_error(), "again") == 0);
    assert(wasp_test_error() == NULL);
    assert(strstr(wasp_signatures(), "literal() string # Answers with a literal\n") != NULL);
}
