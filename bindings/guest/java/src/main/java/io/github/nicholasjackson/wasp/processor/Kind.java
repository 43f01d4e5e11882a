package io.github.nicholasjackson.wasp.processor;

import java.util.Optional;
import javax.lang.model.type.TypeMirror;

/** A type that passes between the host and a plugin. */
enum Kind {
    NONE("void", "", "void"),
    STRING("java.lang.String", "string", "int"),
    BYTES("byte[]", "bytes", "int"),
    JSON("io.github.nicholasjackson.wasp.Json", "json", "int"),
    BOOLEAN("boolean", "i32", "int"),
    INT("int", "i32", "int"),
    LONG("long", "i64", "long"),
    FLOAT("float", "f32", "float"),
    DOUBLE("double", "f64", "double");

    static final String ACCEPTED = "String, byte[], Json, int, long, float, double and boolean are accepted";
    private static final String VALUES = "io.github.nicholasjackson.wasp.guest.Values.";

    /** Its name in Java. */
    final String type;
    /** Its name in a listing. */
    final String signature;
    /** What passes for it. */
    final String raw;

    Kind(String type, String signature, String raw) {
        this.type = type;
        this.signature = signature;
        this.raw = raw;
    }

    /** Returns the kind of a type. */
    static Optional<Kind> of(TypeMirror mirror) {
        String type = mirror.toString();
        for (Kind kind : values()) {
            if (kind.type.equals(type)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /** Returns code that makes the type's value of what passes. */
    String take(String code) {
        return switch (this) {
            case STRING -> VALUES + "string(" + code + ")";
            case BYTES -> VALUES + "bytes(" + code + ")";
            case JSON -> VALUES + "json(" + code + ")";
            case BOOLEAN -> code + " != 0";
            default -> code;
        };
    }

    /** Returns code that makes what passes of the type's value. */
    String give(String code) {
        return switch (this) {
            case STRING, BYTES, JSON -> VALUES + "give(" + code + ")";
            case BOOLEAN -> code + " ? 1 : 0";
            default -> code;
        };
    }
}
