/*
 * wasp_guest.hpp: what a wasp plugin written in C++17 or later needs. Include it; there is nothing to link.
 *
 *     #include "wasp_guest.hpp"
 *
 *     WASP_IMPORT_FUNCTION("env", call_me, std::string, ((std::string_view, name)))
 *
 *     std::string hello(std::string_view name) { return "Hello " + std::string(name); }
 *
 *     int32_t divide(int32_t a, int32_t b) {
 *         if (b == 0) return wasp::fail("nothing can be divided by 0");
 *         return a / b;
 *     }
 *
 *     WASP_EXPORT_FUNCTIONS((hello, (name), "Greets"), (divide, (a, b)))
 *
 * These types pass: integers, float, double and bool; std::string, std::string_view and const char * as strings;
 * std::vector<uint8_t>, const wasp_bytes * and, in C++20, std::span<const uint8_t> as bytes; wasp::json. A view is the
 * host's copy, for the time of the call; results are copied, but for const char * and const wasp_bytes *, for which
 * wasp_guest.h says what may be handed over.
 */
#pragma once

#include "wasp_guest.h"

#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>
#if defined(__has_include) && __cplusplus >= 202002L
#if __has_include(<span>)
#include <span>
#endif
#endif

/*
 * Lists the plugin's functions, once in a plugin and behind their declarations: the name of each, those of its
 * parameters, and what tools say about it, which may be left out. Their types are derived, and hosts are told the
 * signatures. There may be 80 functions with 20 parameters each.
 */
#define WASP_EXPORT_FUNCTIONS(...)                                                                                     \
    WASP_EACH(WASP_SHIM, __VA_ARGS__)                                                                                  \
    struct wasp_listing {                                                                                              \
        static constexpr void write(wasp::listing_writer &to) { WASP_EACH(WASP_WRITE, __VA_ARGS__) }                   \
    };                                                                                                                 \
    extern "C" WASP_EXPORT("wasp_signatures") const char *wasp_signatures(void) {                                      \
        return wasp::listing<wasp_listing>.data();                                                                     \
    }

/*
 * Declares a function that the host provides: its module, its name, its result, and the type and name of each
 * parameter. Where it fails, the plugin's call ends there and fails with it. In a native test it is a mere declaration,
 * of a function that the test defines.
 */
#ifdef __wasm__
#define WASP_IMPORT_FUNCTION(module, name, result, params)                                                             \
    extern "C" WASP_IMPORT(module, #name) wasp::raw<result> wasp_import_##name(                                        \
        WASP_PARAMS(WASP_RAW, WASP_NOTHING, WASP_BARE params));                                                        \
    inline result name(WASP_PARAMS(WASP_TYPED, WASP_NOTHING, WASP_BARE params)) {                                      \
        return wasp::answer<result>(                                                                                   \
            [&] { return wasp_import_##name(WASP_PARAMS(WASP_HANDED, WASP_NOTHING, WASP_BARE params)); });             \
    }
#else
#define WASP_IMPORT_FUNCTION(module, name, result, params)                                                             \
    result name(WASP_PARAMS(WASP_TYPED, WASP_NOTHING, WASP_BARE params));
#endif

namespace wasp {

/* Makes the running call fail with this message. It does return: the plugin goes on, and what its function returns is
 * ignored. The next call is a new one. */
inline void raise_error(std::string_view message) { wasp_raise_error(std::string(message).c_str()); }

/* What a function that failed may return, whatever its result is. */
struct failure {
    template <class T> operator T() const { return T(); }
};

/* raise_error, for `return wasp::fail("why");`. */
inline failure fail(std::string_view message) {
    raise_error(message);
    return {};
}

/* A string that is JSON: hosts pass and get its value. */
struct json {
    std::string text;
};

/* How a type passes: its kind in the listing, its type in the function's WebAssembly signature, and the ways there and
 * back. */
template <class T, class = void> struct pass {
    static_assert(sizeof(T) == 0, "this type can't pass: wasp_guest.hpp begins with those that can");
};

template <> struct pass<void> {
    static constexpr std::string_view kind = "";
    using raw = void;
};

template <class T> struct pass_as_is {
    using raw = T;
    static T from_host(T value) { return value; }
    static T to_host(T value) { return value; }
};

template <> struct pass<float> : pass_as_is<float> {
    static constexpr std::string_view kind = "f32";
};

template <> struct pass<double> : pass_as_is<double> {
    static constexpr std::string_view kind = "f64";
};

template <> struct pass<bool> {
    static constexpr std::string_view kind = "i32";
    using raw = int32_t;
    static bool from_host(int32_t value) { return value != 0; }
    static int32_t to_host(bool value) { return value; }
};

template <class T>
inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T> struct pass<T, std::enable_if_t<std::is_integral_v<T> && !is_character<T>>> {
    static constexpr std::string_view kind = sizeof(T) == 8 ? "i64" : "i32";
    using raw = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
    static T from_host(raw value) { return static_cast<T>(value); }
    static raw to_host(T value) { return static_cast<raw>(value); }
};

/* Text with a NUL inside is no string. */
inline const char *copy_of_text(std::string_view text) {
    if (text.find('\0') != text.npos) {
        raise_error("a string for the host holds a NUL byte");
        text = {};
    }
    char *copy = static_cast<char *>(wasp_block_new(text.size(), 1));
    text.copy(copy, text.size());
    copy[text.size()] = '\0';
    return copy;
}

inline const wasp_bytes *copy_of_bytes(const uint8_t *data, size_t length) {
    wasp_bytes *copy = wasp_bytes_new(nullptr, static_cast<uint32_t>(length));
    if (length != 0) memcpy(copy->data, data, length);
    return copy;
}

template <> struct pass<const char *> : pass_as_is<const char *> {
    static constexpr std::string_view kind = "string";
};

template <class T> struct pass_text {
    static constexpr std::string_view kind = "string";
    using raw = const char *;
    static T from_host(raw text) { return T(text); }
    static raw to_host(const T &text) { return copy_of_text(text); }
};

template <> struct pass<std::string> : pass_text<std::string> {};
template <> struct pass<std::string_view> : pass_text<std::string_view> {};

template <> struct pass<json> {
    static constexpr std::string_view kind = "json";
    using raw = const char *;
    static json from_host(raw text) { return {text}; }
    /* A function that failed has none. */
    static raw to_host(const json &value) { return copy_of_text(value.text.empty() ? "null" : value.text); }
};

template <> struct pass<const wasp_bytes *> : pass_as_is<const wasp_bytes *> {
    static constexpr std::string_view kind = "bytes";
};

template <> struct pass<std::vector<uint8_t>> {
    static constexpr std::string_view kind = "bytes";
    using raw = const wasp_bytes *;
    static std::vector<uint8_t> from_host(raw bytes) { return {bytes->data, bytes->data + bytes->length}; }
    static raw to_host(const std::vector<uint8_t> &bytes) { return copy_of_bytes(bytes.data(), bytes.size()); }
};

#ifdef __cpp_lib_span
template <> struct pass<std::span<const uint8_t>> {
    static constexpr std::string_view kind = "bytes";
    using raw = const wasp_bytes *;
    static std::span<const uint8_t> from_host(raw bytes) { return {bytes->data, bytes->length}; }
    static raw to_host(std::span<const uint8_t> bytes) { return copy_of_bytes(bytes.data(), bytes.size()); }
};
#endif

template <class T> using pass_of = pass<std::remove_cv_t<std::remove_reference_t<T>>>;
template <class T> using raw = typename pass_of<T>::raw;

/* The parts of a function's type. */
template <class F> struct function;
template <class R, class... A> struct function<R (*)(A...)> {
    static constexpr size_t arity = sizeof...(A);
    using result = raw<R>;
    template <size_t I> using param = raw<std::tuple_element_t<I, std::tuple<A...>>>;
};

/* Returns whether an argument is one of its type, and makes the call fail if not. */
template <class T> bool accepts([[maybe_unused]] const char *name, [[maybe_unused]] raw<T> value) {
    using type = std::remove_cv_t<std::remove_reference_t<T>>;
    if constexpr (std::is_integral_v<type> && sizeof(type) < 4 && !std::is_same_v<type, bool>) {
        using limits = std::numeric_limits<type>;
        if (value < limits::min() || value > limits::max()) {
            raise_error("the argument \"" + std::string(name) + "\" is " + std::to_string(value) + ", and " +
                        std::to_string(limits::min()) + " to " + std::to_string(limits::max()) + " are accepted");
            return false;
        }
    }
    return true;
}

/* Calls a function of the plugin for the host. */
template <class R, class... A> raw<R> call(R (*target)(A...), const char *const *names, raw<A>... args) {
    [[maybe_unused]] size_t next = 0;
    if (!(accepts<A>(names[next++], args) && ...)) return raw<R>();
    if constexpr (std::is_void_v<R>) {
        target(pass_of<A>::from_host(args)...);
    } else {
        return pass_of<R>::to_host(target(pass_of<A>::from_host(args)...));
    }
}

/* Calls a function of the host. */
template <class R, class F> R answer(F function) {
    if constexpr (std::is_void_v<R>) {
        function();
    } else {
        return pass_of<R>::from_host(function());
    }
}

/* Writes the listing; without a buffer, it counts. */
struct listing_writer {
    char *buffer;
    size_t length = 0;

    constexpr void put(std::string_view text) {
        for (char each : text) {
            if (buffer != nullptr) buffer[length] = each;
            ++length;
        }
    }

    template <class R, class... A>
    constexpr void function(R (*)(A...), std::string_view name, const char *const *names, std::string_view docs) {
        put(name);
        put("(");
        [[maybe_unused]] size_t next = 0;
        (param(next++, *names++, pass_of<A>::kind), ...);
        put(")");
        if (!pass_of<R>::kind.empty()) put(" ");
        put(pass_of<R>::kind);
        put(docs);
        put("\n");
    }

    constexpr void param(size_t index, std::string_view name, std::string_view kind) {
        if (index != 0) put(", ");
        put(name);
        put(": ");
        put(kind);
    }
};

template <class L> constexpr size_t listing_length() {
    listing_writer counting{nullptr};
    L::write(counting);
    return counting.length;
}

template <class L> constexpr auto listing_of() {
    std::array<char, listing_length<L>() + 1> text{};
    listing_writer writing{text.data()};
    L::write(writing);
    return text;
}

template <class L> inline constexpr auto listing = listing_of<L>();

} // namespace wasp

/* The steps of the macros: those of wasp_guest.h go over the lists. */
#define WASP_SHIM(...) WASP_SHIM_OF(__VA_ARGS__, )
#define WASP_SHIM_OF(name, params, ...)                                                                                \
    namespace wasp_export_##name {                                                                                     \
        using wasp_function = decltype(&name);                                                                         \
        constexpr wasp_function wasp_target = &name;                                                                   \
        enum : size_t { WASP_NAMES(WASP_INDEX, WASP_BARE params) wasp_count };                                         \
        constexpr const char *wasp_names[] = {WASP_NAMES(WASP_QUOTED, WASP_BARE params) nullptr};                      \
        static_assert(wasp::function<wasp_function>::arity == wasp_count, #name ": a name for each parameter");        \
        extern "C" WASP_EXPORT(#name) wasp::function<wasp_function>::result wasp_shim_of_##name(                       \
            WASP_NAMES(WASP_RAW_PARAM, WASP_BARE params)) {                                                            \
            return wasp::call(wasp_target, wasp_names WASP_NAMES(WASP_ANOTHER, WASP_BARE params));                     \
        }                                                                                                              \
    }
#define WASP_WRITE(...) WASP_WRITE_OF(__VA_ARGS__, , )
#define WASP_WRITE_OF(name, params, docs, ...)                                                                         \
    to.function(wasp_export_##name::wasp_target, #name, wasp_export_##name::wasp_names, "" WASP_DOCS(docs));
#define WASP_INDEX(name) name,
#define WASP_INDEX_BETWEEN
#define WASP_QUOTED(name) #name,
#define WASP_QUOTED_BETWEEN
#define WASP_RAW_PARAM(name) wasp::function<wasp_function>::param<name> name
#define WASP_RAW_PARAM_BETWEEN ,
#define WASP_ANOTHER(name) , name
#define WASP_ANOTHER_BETWEEN
#define WASP_RAW(type, name) wasp::raw<type> name
#define WASP_RAW_BETWEEN ,
#define WASP_TYPED(type, name) type name
#define WASP_TYPED_BETWEEN ,
#define WASP_HANDED(type, name) wasp::pass_of<type>::to_host(name)
#define WASP_HANDED_BETWEEN ,
#define WASP_NAMES(macro, ...) __VA_OPT__(WASP_WALK(WASP_NAME_STEP(macro, __VA_ARGS__)))
#define WASP_NAME_STEP(macro, name, ...)                                                                               \
    macro(name) __VA_OPT__(macro##_BETWEEN WASP_NEXT_NAME WASP_PARENS(macro, __VA_ARGS__))
#define WASP_NEXT_NAME() WASP_NAME_STEP
