package plugin;

import io.github.nicholasjackson.wasp.Export;

/** A wasp plugin. */
final class Plugin {
    private Plugin() {
    }

    /** Greets somebody. */
    @Export
    static String hello(String name) {
        return "Hello " + name;
    }

    @Export
    static int divide(int a, int b) {
        return a / b;
    }
}
