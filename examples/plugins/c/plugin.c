#include "wasp_guest.h"

#include <stdio.h>

#define IN "/workspace/in.txt"
#define OUT "/workspace/out.txt"

WASP_FUNCTIONS((sum, i32, ((i32, a), (i32, b))), (hello, string, ((string, name)), "Greets"),
               (reverse, bytes, ((bytes, in))), (callback, string, ()), (fail, none, ()),
               (workspace, string, ((string, argument))))

int32_t sum(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b); /* wraps, where a signed overflow would be undefined */
}

const char *hello(const char *name) { return wasp_string_concat("Hello ", name, NULL); }

const wasp_bytes *reverse(const wasp_bytes *in) {
    wasp_bytes *out = wasp_bytes_new(NULL, in->length);
    for (uint32_t i = 0; i < in->length; i++) out->data[i] = in->data[in->length - 1 - i];
    return out;
}

WASP_IMPORT("env", "call_me") char *call_me(char *name);

const char *callback(void) { return call_me(wasp_string_new("Nic")); }

void fail(void) { wasp_raise_error("this plugin always fails"); }

/* The whole file as a string that the caller frees, or NULL. */
static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = size < 0 ? NULL : (char *)malloc((size_t)size + 1);
    if (text != NULL) text[fread(text, 1, (size_t)size, file)] = '\0';
    if (ferror(file)) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static int write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) return 0;
    int written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written;
}

const char *workspace(const char *argument) {
    char *contents = read_file(IN);
    if (contents == NULL) {
        wasp_raise_error("workspace: can't read \"" IN "\"");
        return NULL;
    }
    char *text = wasp_string_concat(argument, " ", contents, NULL);
    free(contents);
    if (!write_file(OUT, text)) {
        free(text); /* not handed over, so still the plugin's */
        wasp_raise_error("workspace: can't write \"" OUT "\"");
        return NULL;
    }
    return text;
}
