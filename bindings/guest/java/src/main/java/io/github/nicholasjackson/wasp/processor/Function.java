package io.github.nicholasjackson.wasp.processor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.VariableElement;

/** A method that the host calls, or that calls the host. */
record Function(String name, ExecutableElement method, List<Parameter> parameters, Kind result) {
    record Parameter(String name, Kind kind) {
    }

    /** Thrown where a method's types don't pass. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    /** Returns the function that a method is. */
    static Function of(String name, ExecutableElement method) throws Refused {
        if (!method.getTypeParameters().isEmpty() || method.isVarArgs()) {
            throw new Refused(name + ": it is generic, or takes any number of arguments");
        }
        List<Parameter> parameters = new ArrayList<>();
        for (VariableElement parameter : method.getParameters()) {
            Kind kind = Kind.of(parameter.asType()).filter(found -> found != Kind.NONE).orElseThrow(
                    () -> new Refused(name + ": the parameter " + parameter.getSimpleName() + " is " + parameter.asType() + ", and " + Kind.ACCEPTED));
            parameters.add(new Parameter(parameter.getSimpleName().toString(), kind));
        }
        Optional<Kind> result = Kind.of(method.getReturnType());
        return new Function(name, method, parameters,
                result.orElseThrow(() -> new Refused(name + ": its result is " + method.getReturnType() + ", and " + Kind.ACCEPTED)));
    }

    /** Returns the line of the listing, with the first paragraph of the documentation. */
    String line(String documentation) {
        StringJoiner line = new StringJoiner(", ", name + "(", ")");
        for (Parameter parameter : parameters) {
            line.add(parameter.name + ": " + parameter.kind.signature);
        }
        String text = line + (result == Kind.NONE ? "" : " " + result.signature);
        String paragraph = paragraph(documentation);
        return paragraph.isEmpty() ? text : text + " # " + paragraph;
    }

    private static String paragraph(String documentation) {
        if (documentation == null) {
            return "";
        }
        String first = documentation.strip().split("\\n\\s*\\n|<p>|(?m)^\\s*@", 2)[0];
        return first.replaceAll("\\{@\\w+\\s+([^}]*)}", "$1").replaceAll("\\s+", " ").strip();
    }

    /** Returns the parameters as code declares them, of the types in Java, or of those that pass: {@code $0} and so on, which hide no name. */
    String declared(boolean raw) {
        StringJoiner declared = new StringJoiner(", ", "(", ")");
        for (int i = 0; i < parameters.size(); i++) {
            Kind kind = parameters.get(i).kind;
            declared.add((raw ? kind.raw : kind.type) + " $" + i);
        }
        return declared.toString();
    }

    /** Returns the arguments of a call in Java, or of one of the host. */
    String passed(boolean raw) {
        StringJoiner passed = new StringJoiner(", ", "(", ")");
        for (int i = 0; i < parameters.size(); i++) {
            Kind kind = parameters.get(i).kind;
            passed.add(raw ? kind.give("$" + i) : kind.take("$" + i));
        }
        return passed.toString();
    }
}
