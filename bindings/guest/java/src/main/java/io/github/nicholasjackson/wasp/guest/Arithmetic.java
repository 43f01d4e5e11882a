package io.github.nicholasjackson.wasp.guest;

/** What WebAssembly's instructions trap at, and Java defines: the build has these methods in the place of operators. */
public final class Arithmetic {
    private Arithmetic() {
    }

    /** Divides. */
    public static int divide(int a, int b) {
        if (b == 0) {
            throw new ArithmeticException("/ by zero");
        }
        // The least number has no positive one.
        return b == -1 ? -a : a / b;
    }

    /** Divides. */
    public static long divide(long a, long b) {
        if (b == 0) {
            throw new ArithmeticException("/ by zero");
        }
        return b == -1 ? -a : a / b;
    }

    /** Returns what a division leaves. */
    public static int remainder(int a, int b) {
        if (b == 0) {
            throw new ArithmeticException("/ by zero");
        }
        return a % b;
    }

    /** Returns what a division leaves. */
    public static long remainder(long a, long b) {
        if (b == 0) {
            throw new ArithmeticException("/ by zero");
        }
        return a % b;
    }

    /** Returns the whole number, or the nearest that there is. */
    public static int toInt(double number) {
        if (number >= Integer.MAX_VALUE) {
            return Integer.MAX_VALUE;
        }
        return number > Integer.MIN_VALUE ? (int) number : number == number ? Integer.MIN_VALUE : 0;
    }

    /** Returns the whole number, or the nearest that there is. */
    public static long toLong(double number) {
        if (number >= Long.MAX_VALUE) {
            return Long.MAX_VALUE;
        }
        return number > Long.MIN_VALUE ? (long) number : number == number ? Long.MIN_VALUE : 0;
    }

    /** Returns the size of an array, if one can have it. */
    public static int size(int size) {
        if (size < 0) {
            throw new NegativeArraySizeException(String.valueOf(size));
        }
        return size;
    }
}
