package io.github.nicholasjackson.wasp.build;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes a plugin of a module of TeaVM's: without what only TeaVM's JavaScript calls, and with memory that may grow. */
final class Module {
    private static final int IMPORTS = 2;
    private static final int MEMORIES = 5;
    private static final int EXPORTS = 7;
    private static final byte[] HEADER = {0, 'a', 's', 'm', 1, 0, 0, 0};

    private final byte[] bytes;
    private int at;

    private Module(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns the plugin, or throws where it needs JavaScript. */
    static byte[] link(byte[] bytes) {
        Module module = new Module(bytes);
        ByteArrayOutputStream linked = new ByteArrayOutputStream(bytes.length);
        linked.writeBytes(HEADER);
        module.at = HEADER.length;
        while (module.at < bytes.length) {
            int kind = module.bytes[module.at++];
            int size = module.number();
            int end = module.at + size;
            byte[] section = switch (kind) {
                case EXPORTS -> module.exports();
                case MEMORIES -> module.memories();
                default -> {
                    if (kind == IMPORTS) {
                        module.checkImports();
                    }
                    yield module.copy(end - size, end);
                }
            };
            module.at = end;
            linked.write(kind);
            put(linked, section.length);
            linked.writeBytes(section);
        }
        return linked.toByteArray();
    }

    private byte[] exports() {
        List<byte[]> kept = new ArrayList<>();
        for (int left = number(); left > 0; left--) {
            int start = at;
            String name = name();
            at++;
            number();
            if (!name.startsWith("teavm_") && !name.equals("start") && !name.equals("_start")) {
                kept.add(copy(start, at));
            }
        }
        ByteArrayOutputStream section = new ByteArrayOutputStream();
        put(section, kept.size());
        kept.forEach(section::writeBytes);
        return section.toByteArray();
    }

    /** TeaVM's one memory ends with its heap, and may grow beyond it here. */
    private byte[] memories() {
        number();
        at++;
        ByteArrayOutputStream section = new ByteArrayOutputStream();
        section.write(1);
        section.write(0);
        put(section, number());
        return section.toByteArray();
    }

    private void checkImports() {
        List<String> missing = new ArrayList<>();
        for (int left = number(); left > 0; left--) {
            String module = name();
            String name = name();
            at++;
            number();
            if (module.startsWith("teavm")) {
                missing.add("\"" + module + "\".\"" + name + "\"");
            }
        }
        if (!missing.isEmpty()) {
            throw new IllegalStateException("the plugin uses classes that need JavaScript, for " + String.join(", ", missing));
        }
    }

    private String name() {
        int size = number();
        at += size;
        return new String(bytes, at - size, size, StandardCharsets.UTF_8);
    }

    private int number() {
        int number = 0;
        for (int shift = 0;; shift += 7) {
            byte next = bytes[at++];
            number |= (next & 0x7F) << shift;
            if (next >= 0) {
                return number;
            }
        }
    }

    private byte[] copy(int start, int end) {
        return Arrays.copyOfRange(bytes, start, end);
    }

    private static void put(ByteArrayOutputStream to, int number) {
        for (; number > 0x7F; number >>>= 7) {
            to.write(number & 0x7F | 0x80);
        }
        to.write(number);
    }
}
