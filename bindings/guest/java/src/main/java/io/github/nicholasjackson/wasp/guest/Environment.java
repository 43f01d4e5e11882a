package io.github.nicholasjackson.wasp.guest;

import org.teavm.backend.wasm.runtime.WasiBuffer;
import org.teavm.backend.wasm.wasi.LongResult;
import org.teavm.backend.wasm.wasi.Wasi;

/** What TeaVM asks JavaScript for, and the host gives by WASI. */
public final class Environment {
    private static final int MONOTONIC = 1;

    private Environment() {
    }

    /** Returns the milliseconds of a clock that never goes back. */
    public static double milliseconds() {
        LongResult result = WasiBuffer.getBuffer().toStructure();
        Wasi.clockTimeGet(MONOTONIC, 1, result);
        return result.value / 1e6;
    }

    /** Returns a number from 0 to 1, without a seed that all instances would begin with. */
    public static double random() {
        Wasi.randomGet(WasiBuffer.getBuffer(), 8);
        return (WasiBuffer.getBuffer().getLong() >>> 11) * 0x1.0p-53;
    }
}
