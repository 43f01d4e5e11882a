package io.github.nicholasjackson.wasp.guest;

import org.teavm.interop.Address;

/** UTF-8 in the memory that the host sees. */
final class Utf8 {
    private Utf8() {
    }

    /** Returns how many bytes the text has. */
    static int size(String text) {
        int size = 0;
        for (int i = 0; i < text.length(); i++) {
            int point = point(text, i);
            size += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
            if (point >= 0x10000) {
                i++;
            }
        }
        return size;
    }

    /** Writes the text. */
    static void encode(String text, Address to) {
        for (int i = 0; i < text.length(); i++) {
            int point = point(text, i);
            if (point < 0x80) {
                to = put(to, point);
                continue;
            }
            if (point < 0x800) {
                to = put(to, 0xC0 | point >> 6);
            } else {
                if (point < 0x10000) {
                    to = put(to, 0xE0 | point >> 12);
                } else {
                    to = put(to, 0xF0 | point >> 18);
                    to = put(to, 0x80 | point >> 12 & 0x3F);
                    i++;
                }
                to = put(to, 0x80 | point >> 6 & 0x3F);
            }
            to = put(to, 0x80 | point & 0x3F);
        }
    }

    /** Reads bytes that are UTF-8, which the host made sure of, and returns how many units they are. */
    static int decode(Address from, int size, char[] units) {
        int count = 0;
        for (int i = 0; i < size;) {
            int first = from.add(i++).getByte() & 0xFF;
            int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
            int point = more == 0 ? first : first & 0x3F >> more;
            for (; more > 0; more--) {
                point = point << 6 | from.add(i++).getByte() & 0x3F;
            }
            if (point >= 0x10000) {
                units[count++] = Character.highSurrogate(point);
                units[count++] = Character.lowSurrogate(point);
            } else {
                units[count++] = (char) point;
            }
        }
        return count;
    }

    /** Returns the character that begins at a unit, or a question mark for half of one, as Java's own encoder has it. */
    private static int point(String text, int index) {
        char unit = text.charAt(index);
        if (unit < 0xD800 || unit > 0xDFFF) {
            return unit;
        }
        if (unit < 0xDC00 && index + 1 < text.length()) {
            char next = text.charAt(index + 1);
            if (next >= 0xDC00 && next <= 0xDFFF) {
                return (unit - 0xD800 << 10) + (next - 0xDC00) + 0x10000;
            }
        }
        return '?';
    }

    private static Address put(Address to, int value) {
        to.putByte((byte) value);
        return to.add(1);
    }
}
