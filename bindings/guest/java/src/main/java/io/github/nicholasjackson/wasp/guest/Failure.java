package io.github.nicholasjackson.wasp.guest;

import org.teavm.interop.Address;
import org.teavm.interop.Import;
import org.teavm.interop.Unmanaged;

/** How a call fails. */
public final class Failure {
    private Failure() {
    }

    /**
     * Makes the call fail, when the plugin's function returns, with the message of an exception. An {@code Error} ends the call at once, and
     * the host must reset the instance.
     */
    public static void raise(Throwable thrown) {
        if (thrown instanceof Error) {
            abort(thrown.toString());
        }
        String message = thrown.getMessage();
        if (message == null || message.isEmpty()) {
            message = name(thrown);
        }
        int end = message.indexOf('\0');
        raiseError(Values.give(end < 0 ? message : message.substring(0, end)));
    }

    /** Returns the name of an exception's class, which TeaVM doesn't know of those that it throws itself. */
    private static String name(Throwable thrown) {
        if (thrown instanceof NullPointerException) {
            return "java.lang.NullPointerException";
        }
        if (thrown instanceof ArrayIndexOutOfBoundsException) {
            return "java.lang.ArrayIndexOutOfBoundsException";
        }
        if (thrown instanceof ClassCastException) {
            return "java.lang.ClassCastException";
        }
        return thrown.getClass().getName();
    }

    /** Ends the call at once. The strings are AssemblyScript's, which this import is from: UTF-16 after its length in bytes. */
    private static void abort(String reason) {
        int size = 2 * reason.length();
        Address text = Address.fromInt(Blocks.allocate(4 + size));
        text.putInt(size);
        for (int i = 0; i < reason.length(); i++) {
            text.add(4 + 2 * i).putChar(reason.charAt(i));
        }
        abort(text.toInt() + 4, 0, 0, 0);
    }

    /** Ends the call where the heap is full, and nothing can be made on it. */
    @Unmanaged
    public static void outOfMemory() {
        Address text = Address.fromInt(Blocks.allocate(64));
        text.putInt(2 * 26);
        // "java.lang.OutOfMemoryError", in parts, as there is no heap for a string.
        put(text.add(4), 'j', 'a', 'v', 'a', '.', 'l', 'a', 'n', 'g', '.');
        put(text.add(24), 'O', 'u', 't', 'O', 'f', 'M', 'e', 'm', 'o', 'r');
        put(text.add(44), 'y', 'E', 'r', 'r', 'o', 'r', '\0', '\0', '\0', '\0');
        abort(text.toInt() + 4, 0, 0, 0);
    }

    @Unmanaged
    private static void put(Address to, char a, char b, char c, char d, char e, char f, char g, char h, char i, char j) {
        to.putChar(a);
        to.add(2).putChar(b);
        to.add(4).putChar(c);
        to.add(6).putChar(d);
        to.add(8).putChar(e);
        to.add(10).putChar(f);
        to.add(12).putChar(g);
        to.add(14).putChar(h);
        to.add(16).putChar(i);
        to.add(18).putChar(j);
    }

    /** Takes the place of what prints a stack without names of methods when the heap is full. */
    @Unmanaged
    public static void ignore(String text) {
    }

    /** Takes the place of what prints numbers in it. */
    @Unmanaged
    public static void ignore(int number) {
    }

    /** Says that a plugin's function that calls the host was called without one. */
    public static IllegalStateException noHost(String module, String name) {
        return new IllegalStateException("there is no host here that has \"" + module + "\".\"" + name + "\": a test assigns its own implementation");
    }

    @Import(module = "env", name = "raise_error")
    @Unmanaged
    private static native void raiseError(int message);

    @Import(module = "env", name = "abort")
    @Unmanaged
    private static native void abort(int message, int file, int line, int column);
}
