package kinds;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.nicholasjackson.wasp.Export;
import io.github.nicholasjackson.wasp.Json;
import java.nio.charset.StandardCharsets;
import java.util.NoSuchElementException;

/** All kinds, both ways. */
public final class Kinds {
    public static Env env = new EnvHost();

    private Kinds() {
    }

    /**
     * Greets
     * somebody.
     *
     * <p>Not in the listing.
     */
    @Export
    public static String hello(String name) {
        if (name.equals("nobody")) {
            throw new NoSuchElementException("nobody is there");
        }
        return "Hello " + name;
    }

    @Export
    static double mixed(long a, int b, double c, String d, byte[] e, boolean yes, long f, float g) {
        return a + b * 2.0 + c + d.length() + e.length + (yes ? 1 : 0) + f + g;
    }

    @Export
    static boolean isEmpty(String text) {
        return text.isEmpty();
    }

    @Export
    static String literal() {
        return "Hello";
    }

    @Export
    static byte[] none() {
        return null;
    }

    @Export("utf_8")
    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Makes people {@code by} years older. */
    @Export
    static Json older(Json people, int by) {
        JsonArray array = com.eclipsesource.json.Json.parse(people.text()).asArray();
        for (JsonValue value : array) {
            JsonObject person = value.asObject();
            person.set("age", person.getInt("age", 0) + by);
        }
        return new Json(array.toString());
    }

    @Export
    static int callback() {
        env.store(env.callMe("Nic"), new byte[] {1, 0, 2}, -1L, true);
        return com.eclipsesource.json.Json.parse(env.lookup("Nic").text()).asObject().getInt("age", 0);
    }

    @Export
    static void fail(String why) {
        throw new IllegalArgumentException("on purpose: " + why);
    }

    @Export
    static String nul() {
        return "a\0b";
    }

    @Export
    static void failWithNul() {
        throw new IllegalArgumentException("before\0after");
    }

    @Export
    static int at(String text, int index) {
        return text.toCharArray()[index];
    }

    @Export
    static void claim(boolean what) {
        if (!what) {
            throw new AssertionError("it isn't so");
        }
    }
}
