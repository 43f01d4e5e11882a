package io.github.nicholasjackson.wasp.guest;

import org.teavm.interop.Address;
import org.teavm.interop.Export;
import org.teavm.interop.StaticInit;
import org.teavm.interop.Unmanaged;

/**
 * The memory that the host and the plugin pass to each other. TeaVM's collector moves what it owns, so these blocks are above its heap, which
 * has its whole size from the start.
 *
 * <p>A block has its size class and a mark in front. Each power of two has four classes, and each class a list of its free blocks.
 */
@StaticInit
@Unmanaged
public final class Blocks {
    private static final int HEADER = 8;
    private static final int USED = 0x77617370;
    private static final int CLASSES = 4 * 28;
    private static final int PAGE = 65536;

    /** Where the lists of free blocks begin, which the blocks are behind; 0 before the first block. */
    private static int lists;
    private static int top;
    private static int end;

    private Blocks() {
    }

    /** Returns a block, or 0 where none can be so large. */
    @Export(name = "allocate")
    public static int allocate(int size) {
        if (size < 0 || size > 1 << 30) {
            return 0;
        }
        int least = Math.max(size + HEADER, 16);
        int power = 31 - leadingZeros(least - 1);
        int quarter = (least - 1 >> power - 2) & 3;
        int sizeClass = 4 * (power - 3) + quarter;
        if (lists == 0) {
            lists = take(4 * CLASSES);
        }
        int list = lists + 4 * sizeClass;
        int block = word(list);
        if (block != 0) {
            put(list, word(block + HEADER));
        } else {
            block = take(5 + quarter << power - 2);
            if (block == 0) {
                return 0;
            }
            put(block, sizeClass);
        }
        put(block + 4, USED);
        return block + HEADER;
    }

    /** Frees a block. What is none is left alone: a host may be given text that was made once, for good. */
    @Export(name = "deallocate")
    public static void deallocate(int address, int size) {
        int block = address - HEADER;
        if (lists == 0 || block < lists + 4 * CLASSES || block >= top || (address & 3) != 0 || word(block + 4) != USED) {
            return;
        }
        int list = lists + 4 * word(block);
        put(block + 4, 0);
        put(address, word(list));
        put(list, block);
    }

    /** Returns how many bytes are before the NUL. */
    @Export(name = "get_string_size")
    public static int stringSize(int address) {
        int last = address;
        while (Address.fromInt(last).getByte() != 0) {
            last++;
        }
        return last - address;
    }

    /** Takes memory above all that was taken, which is zero; 0 where the host gives none. */
    private static int take(int size) {
        if (size > end - top) {
            int pages = (size - (end - top) + PAGE - 1) / PAGE;
            int before = grow(pages);
            if (before < 0) {
                return 0;
            }
            if (end == 0) {
                top = before * PAGE;
                end = top;
            }
            end += pages * PAGE;
        }
        top += size;
        return top - size;
    }

    /** Grows the memory by so many pages, and returns how many there were, or -1. */
    private static native int grow(int pages);

    private static int leadingZeros(int number) {
        int zeros = 0;
        while (number > 0) {
            number <<= 1;
            zeros++;
        }
        return number == 0 ? 32 : zeros;
    }

    private static int word(int address) {
        return Address.fromInt(address).getInt();
    }

    private static void put(int address, int word) {
        Address.fromInt(address).putInt(word);
    }
}
