/*
 * wasp_guest.h: what a wasp plugin written in C or C++ needs. Include it; there is nothing to link.
 *
 * A string is a `char *`: UTF-8, ended by a NUL. Bytes are a `wasp_bytes *`. Numbers are int32_t, int64_t, float,
 * double.
 *
 * Ownership: the host frees every block that passes between it and the plugin, when the call is over. That is each
 * argument, each result, each argument and answer of a host function, and the message of an error. A plugin never frees
 * these blocks, and never hands over memory that the functions below did not make (a literal, an array on the stack).
 * To keep something for a later call, copy it.
 */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Before a function: the host may call it by this name. */
#define WASP_EXPORT(name) __attribute__((export_name(name), used))

/* Before a declaration: the host provides this function. */
#define WASP_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

/* Bytes, as they pass between the host and the plugin. `data` holds `length` of them. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc99-extensions" /* data[], in C++ */
typedef struct {
    uint32_t length;
    uint8_t data[];
} wasp_bytes;
#pragma clang diagnostic pop

/* For the functions below: a block of length + extra bytes. A full memory is a trap, so no caller has to check. */
static inline void *wasp_block_new(size_t length, size_t extra) {
    void *block = length <= SIZE_MAX - extra ? malloc(length + extra) : NULL;
    if (block == NULL) __builtin_trap();
    return block;
}

/* A copy of `text` to hand to the host. */
static inline char *wasp_string_new(const char *text) {
    size_t size = strlen(text) + 1;
    return (char *)memcpy(wasp_block_new(size, 0), text, size);
}

/* All the strings in one, to hand to the host: wasp_string_concat("Hello ", name, NULL). The list ends with NULL. */
__attribute__((sentinel)) static inline char *wasp_string_concat(const char *first, ...) {
    va_list parts;
    size_t length = 0;
    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *)) length += strlen(part);
    va_end(parts);

    char *text = (char *)wasp_block_new(length, 1), *end = text;
    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *)) {
        size_t size = strlen(part);
        memcpy(end, part, size);
        end += size;
    }
    va_end(parts);
    *end = '\0';
    return text;
}

/* Bytes to hand to the host: a copy of `data`, or, where `data` is NULL, room for the plugin to fill. */
static inline wasp_bytes *wasp_bytes_new(const void *data, uint32_t length) {
    wasp_bytes *bytes = (wasp_bytes *)wasp_block_new(length, sizeof(wasp_bytes));
    bytes->length = length;
    if (data != NULL) memcpy(bytes->data, data, length);
    return bytes;
}

WASP_IMPORT("env", "raise_error") void wasp_host_raise_error(char *message);

/*
 * Makes the running call fail with a copy of `message`. It does return: the plugin goes on, and what its function
 * returns is ignored, so return 0 or NULL. The next call is a new one.
 */
static inline void wasp_raise_error(const char *message) { wasp_host_raise_error(wasp_string_new(message)); }

/*
 * What the host calls to pass strings and bytes. Weak, so that every file of a plugin may include this header.
 */
#define WASP_HOST_EXPORT(name) __attribute__((export_name(name), used, weak))

/* Room for `size` bytes that the host is about to write, or NULL. */
WASP_HOST_EXPORT("allocate") void *wasp_allocate(size_t size) { return malloc(size); }

/* The host's way to free what `allocate` gave it and what the plugin handed over. */
WASP_HOST_EXPORT("deallocate") void wasp_deallocate(void *block, size_t size) {
    (void)size;
    free(block);
}

/* The length of a string in bytes, without its NUL. */
WASP_HOST_EXPORT("get_string_size") size_t wasp_get_string_size(const char *text) { return strlen(text); }

#ifdef __cplusplus
}
#endif
