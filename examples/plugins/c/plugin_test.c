/* Tests of the plugin for the machine at hand, where it calls the test instead of a host: cc plugin_test.c */
#include "plugin.c"

#undef NDEBUG
#include <assert.h>

char *call_me(char *name) { return wasp_string_concat(name, " is here", NULL); }

int main(void) {
    assert(sum(INT32_MAX, 1) == INT32_MIN);
    assert(strcmp(hello("Nic"), "Hello Nic") == 0);
    const wasp_bytes *reversed = reverse(wasp_bytes_new("abc", 3));
    assert(reversed->length == 3 && memcmp(reversed->data, "cba", 3) == 0);
    assert(strcmp(callback(), "Nic is here") == 0);
    assert(wasp_test_error() == NULL);
    fail();
    assert(strcmp(wasp_test_error(), "this plugin always fails") == 0);
    assert(wasp_test_error() == NULL);
}
