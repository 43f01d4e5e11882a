package plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PluginTest {
    @Test
    void greets() {
        assertEquals("Hello Nic", Plugin.hello("Nic"));
    }

    @Test
    void dividesNothingByZero() {
        assertEquals(2, Plugin.divide(6, 3));
        assertThrows(ArithmeticException.class, () -> Plugin.divide(6, 0));
    }
}
