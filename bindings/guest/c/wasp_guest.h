/*
 * wasp_guest.h: what a wasp plugin written in C or C++ needs. Include it; there is nothing to link.
 *
 * A string is a `char *`: UTF-8, ended by a NUL. Bytes are a `wasp_bytes *`. Numbers are int32_t, int64_t, float,
 * double.
 *
 * Ownership: the host frees every block that passes between it and the plugin, when the call is over. That is each
 * argument, each result, each argument and answer of a host function, and the message of an error. A plugin never frees
 * these blocks. What it hands over is made by the functions below or by malloc, and nothing else uses it afterwards; or
 * it is a literal or a static array, which is never freed. An array on the stack is
 * gone when its function returns. To keep something for a later call, copy it.
 *
 * A test of the plugin compiles it for the machine that it runs on, where there is no host: it calls the functions, and
 * defines those of WASP_IMPORT itself. wasp_test_error tells it what was raised.
 */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __wasm__
/* Before a function: the host may call it by this name. */
#define WASP_EXPORT(name) __attribute__((export_name(name), used))
/* Before a declaration: the host provides this function. */
#define WASP_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#else
#define WASP_EXPORT(name)
#define WASP_IMPORT(module, name)
#endif

/*
 * Lists the plugin's functions, once in a plugin and before they are defined:
 *
 *     WASP_FUNCTIONS(
 *         (hello, string, ((string, name)), "Greets"),
 *         (sum, i32, ((i32, a), (i32, b))),
 *         (fail, none, ()))
 *
 *     const char *hello(const char *name) { return wasp_string_concat("Hello ", name, NULL); }
 *
 * Each has a name, the kind of its result, its parameters, and what tools say about it, which may be left out. The
 * functions are ordinary ones: the compiler checks that their types are those of the list, and the host is told the
 * same signatures. Kinds and their types are i32 (int32_t), i64 (int64_t), f32 (float), f64 (double), string and json
 * (const char *), bytes (const wasp_bytes *), and none (void) for a result. There may be 80 functions with 20
 * parameters each.
 */
#define WASP_FUNCTIONS(...)                                                                                            \
    WASP_EACH(WASP_DECLARE, __VA_ARGS__)                                                                               \
    WASP_C WASP_EXPORT("wasp_signatures") const char *wasp_signatures(void) {                                          \
        return "" WASP_EACH(WASP_LINE, __VA_ARGS__);                                                                   \
    }

/* Bytes, as they pass between the host and the plugin. `data` holds `length` of them. */
__extension__ typedef struct { /* data[] is one in C++ */
    uint32_t length;
    uint8_t data[];
} wasp_bytes;

/* The types of the kinds, and how a result is listed. */
#define WASP_TYPE_i32 int32_t
#define WASP_TYPE_i64 int64_t
#define WASP_TYPE_f32 float
#define WASP_TYPE_f64 double
#define WASP_TYPE_string const char *
#define WASP_TYPE_json const char *
#define WASP_TYPE_bytes const wasp_bytes *
#define WASP_TYPE_none void
#define WASP_GIVES_i32 " i32"
#define WASP_GIVES_i64 " i64"
#define WASP_GIVES_f32 " f32"
#define WASP_GIVES_f64 " f64"
#define WASP_GIVES_string " string"
#define WASP_GIVES_json " json"
#define WASP_GIVES_bytes " bytes"
#define WASP_GIVES_none ""

/* How WASP_FUNCTIONS goes over its list: each step leaves the name of the next one, which the preprocessor expands as
 * often as it looks at it again. Lists of parameters are in it, and have steps of their own. */
#ifdef __cplusplus
#define WASP_C extern "C"
#else
#define WASP_C
#endif
#define WASP_DECLARE(...) WASP_DECLARE_OF(__VA_ARGS__, )
#define WASP_DECLARE_OF(name, result, params, ...)                                                                     \
    WASP_C WASP_EXPORT(#name) WASP_TYPE_##result name(WASP_PARAMS(WASP_PARAM, WASP_NO_PARAM, WASP_BARE params));
#define WASP_LINE(...) WASP_LINE_OF(__VA_ARGS__, , )
#define WASP_LINE_OF(name, result, params, docs, ...)                                                                  \
    #name "(" WASP_PARAMS(WASP_NAMED, WASP_NOTHING, WASP_BARE params) ")" WASP_GIVES_##result WASP_DOCS(docs) "\n"
#define WASP_DOCS(...) __VA_OPT__(" # " __VA_ARGS__)
#define WASP_PARAM(kind, name) WASP_TYPE_##kind name
#define WASP_PARAM_BETWEEN ,
#define WASP_NO_PARAM void
#define WASP_NAMED(kind, name) #name ": " #kind
#define WASP_NAMED_BETWEEN ", "
#define WASP_NOTHING
#define WASP_BARE(...) __VA_ARGS__
#define WASP_PARENS ()
#define WASP_EACH(macro, ...) WASP_LOOK4(WASP_STEP(macro, __VA_ARGS__, ))
#define WASP_STEP(macro, item, ...) macro item __VA_OPT__(WASP_NEXT_STEP WASP_PARENS(macro, __VA_ARGS__))
#define WASP_NEXT_STEP() WASP_STEP
#define WASP_LOOK4(...) WASP_LOOK3(WASP_LOOK3(WASP_LOOK3(WASP_LOOK3(__VA_ARGS__))))
#define WASP_LOOK3(...) WASP_LOOK2(WASP_LOOK2(WASP_LOOK2(WASP_LOOK2(__VA_ARGS__))))
#define WASP_LOOK2(...) WASP_LOOK1(WASP_LOOK1(WASP_LOOK1(WASP_LOOK1(__VA_ARGS__))))
#define WASP_LOOK1(...) __VA_ARGS__
#define WASP_PARAMS(macro, none, ...) WASP_PARAMS_OF(macro, none, __VA_ARGS__)
#define WASP_PARAMS_OF(macro, none, ...)                                                                               \
    WASP_SECOND(__VA_OPT__(, WASP_SOME_PARAMS, ) WASP_FIRST_OF, WASP_FIRST_OF, )(none, macro, __VA_ARGS__)
#define WASP_SECOND(...) WASP_SECOND_OF(__VA_ARGS__)
#define WASP_SECOND_OF(first, second, ...) second
#define WASP_FIRST_OF(first, ...) first
#define WASP_SOME_PARAMS(none, macro, ...) WASP_WALK(WASP_PARAM_STEP(macro, __VA_ARGS__, ))
#define WASP_WALK(...) WASP_WALK1(WASP_WALK1(WASP_WALK1(WASP_WALK1(__VA_ARGS__))))
#define WASP_WALK1(...) WASP_WALK0(WASP_WALK0(WASP_WALK0(WASP_WALK0(__VA_ARGS__))))
#define WASP_WALK0(...) __VA_ARGS__
#define WASP_PARAM_STEP(macro, item, ...)                                                                              \
    macro item __VA_OPT__(macro##_BETWEEN WASP_NEXT_PARAM WASP_PARENS(macro, __VA_ARGS__))
#define WASP_NEXT_PARAM() WASP_PARAM_STEP

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

#ifdef __wasm__

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

/* Where memory for malloc begins: the linker knows. */
extern unsigned char __heap_base;

/* The host's way to free what `allocate` gave it and what the plugin handed over. Literals and arrays lie below the
 * heap, and stay. */
WASP_HOST_EXPORT("deallocate") void wasp_deallocate(void *block, size_t size) {
    (void)size;
    if ((uintptr_t)block >= (uintptr_t)&__heap_base) free(block);
}

/* The length of a string in bytes, without its NUL. */
WASP_HOST_EXPORT("get_string_size") size_t wasp_get_string_size(const char *text) { return strlen(text); }

#else

/* What was raised last, and whether the test has yet to ask. Weak, as all files share it. */
__attribute__((weak)) char *wasp_test_raised;
__attribute__((weak)) int wasp_test_raised_new;

static inline void wasp_raise_error(const char *message) {
    free(wasp_test_raised);
    wasp_test_raised = wasp_string_new(message);
    wasp_test_raised_new = 1;
}

/* For tests: what the plugin raised last, or NULL if it raised nothing since this was asked. The text stays until the
 * plugin raises another. */
static inline const char *wasp_test_error(void) {
    const char *raised = wasp_test_raised_new ? wasp_test_raised : NULL;
    wasp_test_raised_new = 0;
    return raised;
}

#endif

#ifdef __cplusplus
}
#endif
