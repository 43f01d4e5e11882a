package io.github.nicholasjackson.wasp.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** They give what a JDK's operators do. */
class ArithmeticTest {
    private static final long[] NUMBERS = {0, 1, -1, 2, -7, 1000, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE};
    private static final double[] FRACTIONS = {
        0, -0.0, 0.9, -0.9, -2.5, 1e300, -1e300, 2147483646.9, 2147483647.5, -2147483648.5, 9.3e18, -9.3e18, Double.NaN,
        Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Float.MAX_VALUE, Double.MIN_VALUE,
    };

    @Test
    void divides() {
        for (long a : NUMBERS) {
            for (long b : NUMBERS) {
                if (b != 0) {
                    assertEquals(a / b, Arithmetic.divide(a, b));
                    assertEquals(a % b, Arithmetic.remainder(a, b));
                }
                if ((int) b != 0) {
                    assertEquals((int) a / (int) b, Arithmetic.divide((int) a, (int) b));
                    assertEquals((int) a % (int) b, Arithmetic.remainder((int) a, (int) b));
                }
            }
        }
        assertEquals("/ by zero", assertThrows(ArithmeticException.class, () -> Arithmetic.divide(1, 0)).getMessage());
        assertThrows(ArithmeticException.class, () -> Arithmetic.divide(1L, 0L));
        assertThrows(ArithmeticException.class, () -> Arithmetic.remainder(1, 0));
        assertThrows(ArithmeticException.class, () -> Arithmetic.remainder(1L, 0L));
    }

    @Test
    void converts() {
        for (double number : FRACTIONS) {
            assertEquals((int) number, Arithmetic.toInt(number));
            assertEquals((long) number, Arithmetic.toLong(number));
            assertEquals((int) (float) number, Arithmetic.toInt((float) number));
            assertEquals((long) (float) number, Arithmetic.toLong((float) number));
        }
    }
}
