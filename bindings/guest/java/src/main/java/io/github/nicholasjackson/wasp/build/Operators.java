package io.github.nicholasjackson.wasp.build;

import io.github.nicholasjackson.wasp.guest.Arithmetic;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.teavm.interop.Unmanaged;
import org.teavm.model.BasicBlock;
import org.teavm.model.ClassHolder;
import org.teavm.model.ClassHolderTransformer;
import org.teavm.model.ClassHolderTransformerContext;
import org.teavm.model.Instruction;
import org.teavm.model.MethodHolder;
import org.teavm.model.MethodReference;
import org.teavm.model.Program;
import org.teavm.model.Variable;
import org.teavm.model.instructions.BinaryInstruction;
import org.teavm.model.instructions.BinaryOperation;
import org.teavm.model.instructions.CastNumberInstruction;
import org.teavm.model.instructions.ConstructArrayInstruction;
import org.teavm.model.instructions.IntegerConstantInstruction;
import org.teavm.model.instructions.InvocationType;
import org.teavm.model.instructions.InvokeInstruction;
import org.teavm.model.instructions.LongConstantInstruction;
import org.teavm.model.instructions.NumericOperandType;

/** Has methods of {@link Arithmetic} in the place of operators that TeaVM leaves to WebAssembly, which traps where Java doesn't. */
final class Operators implements ClassHolderTransformer {
    @Override
    public void transformClass(ClassHolder type, ClassHolderTransformerContext context) {
        String name = type.getName();
        // These can't throw, and are what others throw with.
        if (name.startsWith("org.teavm.runtime.") || name.startsWith("org.teavm.backend.") || name.startsWith(Arithmetic.class.getPackageName())
                || type.getAnnotations().get(Unmanaged.class.getName()) != null) {
            return;
        }
        for (MethodHolder method : type.getMethods()) {
            if (method.getProgram() != null && method.getAnnotations().get(Unmanaged.class.getName()) == null) {
                transform(method.getProgram());
            }
        }
    }

    private static void transform(Program program) {
        Set<Variable> harmless = harmless(program);
        for (BasicBlock block : program.getBasicBlocks()) {
            for (Instruction instruction : block) {
                if (instruction instanceof BinaryInstruction operator && !harmless.contains(operator.getSecondOperand())) {
                    divide(operator);
                } else if (instruction instanceof CastNumberInstruction cast) {
                    convert(program, cast);
                } else if (instruction instanceof ConstructArrayInstruction array && !harmless.contains(array.getSize())) {
                    Variable size = program.createVariable();
                    array.insertPrevious(call(instruction, "size", int.class, size, array.getSize()));
                    array.setSize(size);
                }
            }
        }
    }

    /** Returns the variables that are a number from 1 on, which divides whatever there is, and may be a size. */
    private static Set<Variable> harmless(Program program) {
        Set<Variable> harmless = new HashSet<>();
        for (BasicBlock block : program.getBasicBlocks()) {
            for (Instruction instruction : block) {
                if (instruction instanceof IntegerConstantInstruction number && number.getConstant() > 0) {
                    harmless.add(number.getReceiver());
                } else if (instruction instanceof LongConstantInstruction number && number.getConstant() > 0) {
                    harmless.add(number.getReceiver());
                }
            }
        }
        return harmless;
    }

    private static void divide(BinaryInstruction operator) {
        boolean divides = operator.getOperation() == BinaryOperation.DIVIDE;
        Class<?> type = switch (operator.getOperandType()) {
            case INT -> int.class;
            case LONG -> long.class;
            default -> null;
        };
        if (type != null && (divides || operator.getOperation() == BinaryOperation.MODULO)) {
            operator.replace(call(operator, divides ? "divide" : "remainder", type, operator.getReceiver(), operator.getFirstOperand(),
                    operator.getSecondOperand()));
        }
    }

    private static void convert(Program program, CastNumberInstruction cast) {
        NumericOperandType from = cast.getSourceType();
        NumericOperandType to = cast.getTargetType();
        boolean whole = from == NumericOperandType.INT || from == NumericOperandType.LONG;
        if (whole || to == NumericOperandType.FLOAT || to == NumericOperandType.DOUBLE) {
            return;
        }
        Variable number = cast.getValue();
        if (from == NumericOperandType.FLOAT) {
            CastNumberInstruction wider = new CastNumberInstruction(NumericOperandType.FLOAT, NumericOperandType.DOUBLE);
            wider.setValue(number);
            number = program.createVariable();
            wider.setReceiver(number);
            wider.setLocation(cast.getLocation());
            cast.insertPrevious(wider);
        }
        cast.replace(call(cast, to == NumericOperandType.LONG ? "toLong" : "toInt", double.class, cast.getReceiver(), number));
    }

    /** Returns a call of a method whose parameters are of one type, as is its result but for a conversion's. */
    private static InvokeInstruction call(Instruction at, String name, Class<?> type, Variable receiver, Variable... arguments) {
        Class<?>[] signature = new Class<?>[arguments.length + 1];
        Arrays.fill(signature, type);
        signature[arguments.length] = switch (name) {
            case "toInt" -> int.class;
            case "toLong" -> long.class;
            default -> type;
        };
        InvokeInstruction call = new InvokeInstruction();
        call.setType(InvocationType.SPECIAL);
        call.setMethod(new MethodReference(Arithmetic.class, name, signature));
        call.setArguments(arguments);
        call.setReceiver(receiver);
        call.setLocation(at.getLocation());
        return call;
    }
}
