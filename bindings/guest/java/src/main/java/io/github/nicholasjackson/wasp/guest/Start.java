package io.github.nicholasjackson.wasp.guest;

import org.teavm.backend.wasm.WasmHeap;
import org.teavm.backend.wasm.WasmRuntime;
import org.teavm.backend.wasm.runtime.WasmSupport;
import org.teavm.interop.Address;
import org.teavm.interop.Export;
import org.teavm.interop.StaticInit;
import org.teavm.interop.Unmanaged;

/** The start of the module. */
public final class Start {
    private Start() {
    }

    /** Runs the initialisers of all classes, and the generated main method. */
    @Export(name = "_initialize")
    public static void start() {
        WasmSupport.runWithoutArgs();
    }

    /** Makes the methods of this package known that the host calls. */
    public static void use() {
    }

    /** Lays out the memory as TeaVM does, but for a stack of references that WebAssembly's own is full before. */
    @StaticInit
    @Unmanaged
    public static final class Heap {
        private static final int STACK = 1 << 20;

        private Heap() {
        }

        /** Takes the place of {@code WasmHeap.initHeap}. */
        public static void start(Address start, int least, int most, int stackSize, int bufferSize) {
            WasmHeap.buffer = WasmRuntime.align(start, 16);
            WasmHeap.bufferSize = bufferSize;
            WasmHeap.stack = WasmRuntime.align(WasmHeap.buffer.add(bufferSize), 16);
            WasmHeap.stackAddress = WasmHeap.stack;
            WasmHeap.stackSize = STACK;
            WasmHeap.heapAddress = WasmRuntime.align(WasmHeap.stackAddress.add(STACK), 16);
            WasmHeap.memoryLimit = WasmRuntime.align(start, WasmHeap.PAGE_SIZE);
            WasmHeap.minHeapSize = least;
            WasmHeap.maxHeapSize = most;
            WasmHeap.resizeHeap(least);
        }
    }
}
