package io.github.nicholasjackson.wasp;

/** A value as JSON text. Hosts pass and get the value itself. */
public record Json(String text) {
    /** Returns the text. */
    @Override
    public String toString() {
        return text;
    }
}
