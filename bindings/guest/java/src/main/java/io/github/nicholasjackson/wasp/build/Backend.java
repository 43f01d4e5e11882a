package io.github.nicholasjackson.wasp.build;

import io.github.nicholasjackson.wasp.guest.Blocks;
import java.util.Map;
import org.teavm.ast.InvocationExpr;
import org.teavm.backend.wasm.TeaVMWasmHost;
import org.teavm.backend.wasm.intrinsics.WasmIntrinsic;
import org.teavm.backend.wasm.intrinsics.WasmIntrinsicManager;
import org.teavm.backend.wasm.model.expression.WasmExpression;
import org.teavm.backend.wasm.model.expression.WasmFloatType;
import org.teavm.backend.wasm.model.expression.WasmFloatUnary;
import org.teavm.backend.wasm.model.expression.WasmFloatUnaryOperation;
import org.teavm.backend.wasm.model.expression.WasmMemoryGrow;
import org.teavm.backend.wasm.transformation.WasiFileSystemProviderTransformer;
import org.teavm.model.MethodReference;
import org.teavm.vm.spi.TeaVMHost;
import org.teavm.vm.spi.TeaVMPlugin;

/** Teaches TeaVM what a plugin's module is made of. */
public final class Backend implements TeaVMPlugin {
    @Override
    public void install(TeaVMHost host) {
        TeaVMWasmHost target = host.getExtension(TeaVMWasmHost.class);
        if (target != null) {
            host.add(new Replacements());
            host.add(new Operators());
            host.add(new WasiFileSystemProviderTransformer());
            target.add(context -> new Instructions());
        }
    }

    /** The methods that are an instruction of WebAssembly each, for which TeaVM asks JavaScript. */
    private static final class Instructions implements WasmIntrinsic {
        private static final MethodReference GROW = new MethodReference(Blocks.class, "grow", int.class, int.class);
        private static final Map<MethodReference, WasmFloatUnaryOperation> MATH = Map.of(
                math("sqrt"), WasmFloatUnaryOperation.SQRT,
                math("floor"), WasmFloatUnaryOperation.FLOOR,
                math("ceil"), WasmFloatUnaryOperation.CEIL);

        private static MethodReference math(String name) {
            return new MethodReference(Math.class, name, double.class, double.class);
        }

        @Override
        public boolean isApplicable(MethodReference method) {
            return method.equals(GROW) || MATH.containsKey(method);
        }

        @Override
        public WasmExpression apply(InvocationExpr invocation, WasmIntrinsicManager manager) {
            WasmExpression operand = manager.generate(invocation.getArguments().get(0));
            WasmFloatUnaryOperation operation = MATH.get(invocation.getMethod());
            return operation == null ? new WasmMemoryGrow(operand) : new WasmFloatUnary(WasmFloatType.FLOAT64, operation, operand);
        }
    }
}
