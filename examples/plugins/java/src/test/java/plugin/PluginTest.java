package plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PluginTest {
    @Test
    void asksTheHost() {
        Plugin.env = name -> "Hello " + name;
        assertEquals("Hello Nic", Plugin.callback());
    }

    @Test
    void alwaysFails() {
        assertEquals("this plugin always fails", assertThrows(IllegalStateException.class, Plugin::fail).getMessage());
    }
}
