package io.github.nicholasjackson.wasp.guest;

import io.github.nicholasjackson.wasp.Json;
import org.teavm.backend.wasm.WasmHeap;
import org.teavm.interop.Address;
import org.teavm.runtime.Allocator;

/** Values as the host has them, and as Java has them: what the generated classes call. */
public final class Values {
    /** What is left for the rest. */
    private static final int RESERVE = 1 << 18;

    private Values() {
    }

    /** Copies a string of the host's. */
    public static String string(int address) {
        int size = Blocks.stringSize(address);
        // As units, and in the string that copies them.
        check("a string", size, 4);
        char[] units = new char[size];
        int count = Utf8.decode(Address.fromInt(address), size, units);
        return new String(units, 0, count);
    }

    /** Copies bytes of the host's. */
    public static byte[] bytes(int address) {
        Address block = Address.fromInt(address);
        int size = block.getInt();
        check("an array", size, 1);
        byte[] data = new byte[size];
        Allocator.moveMemoryBlock(block.add(4), Address.ofData(data), size);
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

    /** Refuses what can't be, as a full heap is the end of the instance. */
    private static void check(String what, int size, int factor) {
        if (size > (WasmHeap.heapSize - RESERVE) / factor) {
            throw new IllegalArgumentException(what + " of " + size + " bytes is too large for a heap of " + (WasmHeap.heapSize >> 20) + " MB");
        }
    }

    private static Address block(int size) {
        int address = Blocks.allocate(size);
        if (address == 0) {
            throw new OutOfMemoryError();
        }
        return Address.fromInt(address);
    }
}
