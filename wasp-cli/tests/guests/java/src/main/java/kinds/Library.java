package kinds;

import io.github.nicholasjackson.wasp.Export;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What Java's own library is like in a plugin. */
final class Library {
    private static final Map<String, Integer> COUNTS = new HashMap<>(Map.of("first", 1));

    record Point(int x, int y) {
    }

    private Library() {
    }

    @Export
    static int count(String word) {
        return COUNTS.merge(word, 1, (a, b) -> a + b);
    }

    @Export
    static String format(String name, double number) {
        return String.format("%s %.3f %05d %s", name, number, 42, new Point(1, 2));
    }

    @Export
    static String words(String text) {
        Map<String, List<String>> counts = java.util.Arrays.stream(text.split(" "))
                .collect(Collectors.groupingBy(word -> word, TreeMap::new, Collectors.toList()));
        return counts + " " + IntStream.range(0, 5).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }

    @Export
    static double maths(double x) {
        return Math.sin(x) + Math.cos(x) + Math.tan(x) + Math.asin(x) + Math.acos(x) + Math.atan(x) + Math.atan2(x, 2) + Math.exp(x) + Math.log(x)
                + Math.pow(x, 1.5) + Math.sqrt(x) + Math.floor(x) + Math.ceil(x);
    }

    @Export
    static boolean clocks() {
        double random = Math.random();
        long before = System.nanoTime();
        return System.currentTimeMillis() > 1_600_000_000_000L && System.nanoTime() >= before && random >= 0 && random < 1 && random != Math.random();
    }

    @Export
    static void print(String text) {
        System.out.println(text);
        System.err.println(text);
    }

    @Export
    static int deep(int depth) {
        Point point = new Point(depth, 1);
        return depth == 0 ? 0 : deep(depth - 1) + point.y();
    }

    @Export
    static int fill(int most) {
        List<int[]> all = new ArrayList<>();
        while (all.size() < most) {
            all.add(new int[1024]);
        }
        return all.size();
    }

    @Export
    static String caught(String number) {
        try {
            return "" + Integer.parseInt(number);
        } catch (NumberFormatException wrong) {
            return "no number";
        } finally {
            COUNTS.put("caught", 1);
        }
    }

    @Export
    static int divide(int a, int b) {
        return a / b;
    }

    @Export
    static int divideBySome(boolean zero) {
        int b = 3;
        if (zero) {
            b = 0;
        }
        return 6 / b;
    }

    @Export
    static long remainder(long a, long b) {
        return a % b;
    }

    @Export
    static int whole(double number) {
        return (int) number;
    }

    @Export
    static long wholeOfFloat(float number) {
        return (long) number;
    }

    @Export
    static int cast(boolean wrong) {
        Object value = wrong ? "text" : Integer.valueOf(5);
        return (Integer) value;
    }

    @Export
    static int length(int size) {
        return new byte[size].length;
    }

    @Export
    static String letter(String text, int index) {
        return text.substring(index, index + 1);
    }

    /** Keeps some thousands of strings, replaces them over and over, and sums up what they are. */
    @Export
    static synchronized long churn(int rounds) {
        Map<Integer, List<String>> kept = new HashMap<>();
        int number = 1;
        for (int round = 0; round < rounds; round++) {
            number = number * 1103515245 + 12345;
            List<String> list = kept.computeIfAbsent((number >>> 8) % 1000, key -> new ArrayList<>());
            list.add("number " + number);
            if (list.size() > 20) {
                list.subList(0, 10).clear();
            }
        }
        long sum = 0;
        for (Map.Entry<Integer, List<String>> entry : kept.entrySet()) {
            for (String text : entry.getValue()) {
                sum = sum * 31 + text.hashCode() + entry.getKey();
            }
        }
        return sum;
    }
}
