package io.github.nicholasjackson.wasp.build;

import java.util.Map;
import org.teavm.interop.Import;
import org.teavm.model.ClassHolder;
import org.teavm.model.ClassHolderTransformer;
import org.teavm.model.ClassHolderTransformerContext;
import org.teavm.model.ElementModifier;
import org.teavm.model.MethodDescriptor;
import org.teavm.model.MethodHolder;
import org.teavm.model.MethodReference;
import org.teavm.model.ValueType;
import org.teavm.model.emit.ProgramEmitter;
import org.teavm.model.emit.ValueEmitter;

/** Has other methods in the place of those of TeaVM that import from JavaScript, and of its layout of the memory. */
public final class Replacements implements ClassHolderTransformer {
    private static final String GUEST = "io.github.nicholasjackson.wasp.guest.";
    private static final String WASI = "org.teavm.backend.wasm.runtime.WasiSupport";
    private static final String MATH = "org.apache.commons.math3.util.FastMath";

    /** For each class, the methods, and which take their place: those of the same types. */
    private static final Map<String, Map<String, String>> METHODS = Map.of(
            "org.teavm.backend.wasm.runtime.WasmSupport", Map.of(
                    "putCharsStdout", WASI + ".putCharsStdout",
                    "putCharsStderr", WASI + ".putCharsStderr",
                    "currentTimeMillis", WASI + ".currentTimeMillis",
                    "printString", GUEST + "Failure.ignore",
                    "printInt", GUEST + "Failure.ignore",
                    "pow", WASI + ".pow",
                    "random", GUEST + "Environment.random",
                    "printOutOfMemory", GUEST + "Failure.outOfMemory"),
            "org.teavm.backend.wasm.WasmHeap", Map.of("initHeap", GUEST + "Start$Heap.start"),
            "java.lang.System", Map.of("nanoTimeWasm", GUEST + "Environment.milliseconds"),
            "java.lang.Math", Map.of(
                    "sin", MATH + ".sin",
                    "cos", MATH + ".cos",
                    "tan", MATH + ".tan",
                    "asin", MATH + ".asin",
                    "acos", MATH + ".acos",
                    "atan", MATH + ".atan",
                    "atan2", MATH + ".atan2",
                    "exp", MATH + ".exp",
                    "log", MATH + ".log"));

    @Override
    public void transformClass(ClassHolder type, ClassHolderTransformerContext context) {
        Map<String, String> methods = METHODS.get(type.getName());
        if (methods == null) {
            return;
        }
        for (MethodHolder method : type.getMethods()) {
            String replacement = methods.get(method.getName());
            if (replacement != null) {
                replace(method, replacement, context);
            }
        }
    }

    private static void replace(MethodHolder method, String replacement, ClassHolderTransformerContext context) {
        method.getModifiers().remove(ElementModifier.NATIVE);
        method.getAnnotations().remove(Import.class.getName());
        method.getAnnotations().remove("org.teavm.backend.javascript.spi.GeneratedBy");
        ProgramEmitter code = ProgramEmitter.create(method, context.getHierarchy());
        ValueEmitter[] arguments = new ValueEmitter[method.parameterCount()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = code.var(i + 1, method.parameterType(i));
        }
        int dot = replacement.lastIndexOf('.');
        MethodDescriptor descriptor = new MethodDescriptor(replacement.substring(dot + 1), method.getSignature());
        ValueEmitter result = code.invoke(new MethodReference(replacement.substring(0, dot), descriptor), arguments);
        if (method.getResultType() == ValueType.VOID) {
            code.exit();
        } else {
            result.returnValue();
        }
    }
}
