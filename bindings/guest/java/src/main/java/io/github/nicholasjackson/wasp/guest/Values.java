package io.github.nicholasjackson.wasp.guest;

import io.github.nicholasjackson.wasp.Json;
import org.teavm.interop.Address;
import org.teavm.runtime.Allocator;

/** Values as the host has them, and as Java has them: what the generated classes call. */
public final class Values {
    private Values() {
    }

    /** Copies a string of the host's. */
    public static String string(int address) {
        int size = Blocks.stringSize(address);
        char[] units = new char[size];
        int count = Utf8.decode(Address.fromInt(address), size, units);
        return new String(units, 0, count);
    }

    /** Copies bytes of the host's. */
    public static byte[] bytes(int address) {
        Address block = Address.fromInt(address);
        byte[] data = new byte[block.getInt()];
        Allocator.moveMemoryBlock(block.add(4), Address.ofData(data), data.length);
        return data;
    }

    /** Copies JSON of the host's. */
    public static Json json(int address) {
        return new Json(string(address));
    }

    /** Copies a string for the host. */
    public static int give(String text) {
        if (text == null) {
            throw new NullPointerException("a string for the host is null");
        }
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a string for the host holds a NUL byte");
        }
        int size = Utf8.size(text);
        Address block = block(size + 1);
        Utf8.encode(text, block);
        block.add(size).putByte((byte) 0);
        return block.toInt();
    }

    /** Copies bytes for the host. */
    public static int give(byte[] data) {
        if (data == null) {
            throw new NullPointerException("bytes for the host are null");
        }
        Address block = block(data.length + 4);
        block.putInt(data.length);
        Allocator.moveMemoryBlock(Address.ofData(data), block.add(4), data.length);
        return block.toInt();
    }

    /** Copies JSON for the host. */
    public static int give(Json json) {
        if (json == null) {
            throw new NullPointerException("JSON for the host is null");
        }
        return give(json.text());
    }

    private static Address block(int size) {
        int address = Blocks.allocate(size);
        if (address == 0) {
            throw new OutOfMemoryError();
        }
        return Address.fromInt(address);
    }
}
