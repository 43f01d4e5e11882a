package kinds;

import io.github.nicholasjackson.wasp.Import;
import io.github.nicholasjackson.wasp.Json;

@Import("env")
public interface Env {
    @Import.Name("call_me")
    String callMe(String name);

    void store(String key, byte[] data, long time, boolean forever);

    Json lookup(String key);
}
