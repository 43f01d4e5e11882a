package plugin;

import io.github.nicholasjackson.wasp.Export;
import io.github.nicholasjackson.wasp.Import;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

final class Plugin {
    private static final String INPUT = "/workspace/in.txt";
    private static final String OUTPUT = "/workspace/out.txt";

    @Import("env")
    interface Env {
        @Import.Name("call_me")
        String callMe(String name);
    }

    static Env env = new EnvHost();

    private Plugin() {
    }

    @Export
    static int sum(int a, int b) {
        return a + b;
    }

    /** Greets */
    @Export
    static String hello(String name) {
        return "Hello " + name;
    }

    @Export
    static byte[] reverse(byte[] data) {
        byte[] reversed = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            reversed[i] = data[data.length - 1 - i];
        }
        return reversed;
    }

    @Export
    static String callback() {
        return env.callMe("Nic");
    }

    @Export
    static void fail() {
        throw new IllegalStateException("this plugin always fails");
    }

    @Export
    static String workspace(String argument) throws IOException {
        String contents;
        try (FileInputStream file = new FileInputStream(INPUT)) {
            contents = new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new IOException("workspace: can't read \"" + INPUT + "\"");
        }
        String text = argument + " " + contents;
        try (FileOutputStream file = new FileOutputStream(OUTPUT)) {
            file.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException failed) {
            throw new IOException("workspace: can't write \"" + OUTPUT + "\"");
        }
        return text;
    }
}
