package kinds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.nicholasjackson.wasp.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KindsTest {
    @Test
    void callsAMock() {
        List<String> stored = new ArrayList<>();
        Kinds.env = new Env() {
            @Override
            public String callMe(String name) {
                return name + "!";
            }

            @Override
            public void store(String key, byte[] data, long time, boolean forever) {
                stored.add(key + data.length + time + forever);
            }

            @Override
            public Json lookup(String key) {
                return new Json("{\"age\": 41}");
            }
        };
        assertEquals(41, Kinds.callback());
        assertEquals(List.of("Nic!3-1true"), stored);
    }

    @Test
    void hasNoHost() {
        Env env = new EnvHost();
        String message = assertThrows(IllegalStateException.class, () -> env.callMe("Nic")).getMessage();
        assertEquals("there is no host here that has \"env\".\"call_me\": a test assigns its own implementation", message);
    }

    @Test
    void churnsAsThePluginDoes() {
        assertEquals(-2107173822613648658L, Library.churn(3_000_000));
    }
}
