package io.github.nicholasjackson.wasp.processor;

import java.util.List;

/** The text of generated classes. */
final class Generated {
    static final String PLUGIN = "io.github.nicholasjackson.wasp.generated.Plugin";
    private static final String FAILURE = "io.github.nicholasjackson.wasp.guest.Failure";

    private Generated() {
    }

    /** Returns the class that the host calls for the methods of another. */
    static String exports(String packageName, String name, String of, List<Function> functions) {
        StringBuilder text = begin(packageName).append("/** What the host calls. */\npublic final class ").append(name).append(" {\n");
        text.append("    private ").append(name).append("() {\n    }\n\n    /** Makes the methods known. */\n    public static void use() {\n    }\n");
        for (Function function : functions) {
            String call = of + "." + function.method().getSimpleName() + function.passed(false);
            boolean none = function.result() == Kind.NONE;
            text.append("\n    @org.teavm.interop.Export(name = ").append(quoted(function.name())).append(")\n");
            text.append("    static ").append(function.result().raw).append(" export").append(functions.indexOf(function));
            text.append(function.declared(true)).append(" {\n        try {\n            ");
            text.append(none ? call : "return " + function.result().give(call)).append(";\n");
            text.append("        } catch (java.lang.Throwable $thrown) {\n            ").append(FAILURE).append(".raise($thrown);\n");
            text.append(none ? "" : "            return 0;\n").append("        }\n    }\n");
        }
        return text.append("}\n").toString();
    }

    /** Returns the class that has the host's functions behind an interface. */
    static String imports(String packageName, String name, String of, String module, List<Function> functions) {
        StringBuilder text = begin(packageName).append("/** The host's functions. */\nfinal class ").append(name).append(" implements ").append(of).append(" {\n");
        for (Function function : functions) {
            String host = "import" + functions.indexOf(function);
            String call = host + function.passed(true);
            boolean none = function.result() == Kind.NONE;
            text.append("    @Override\n    public ").append(function.result().type).append(" ").append(function.method().getSimpleName());
            text.append(function.declared(false)).append(" {\n");
            text.append("        if (!org.teavm.classlib.PlatformDetector.isWebAssembly()) {\n            throw ").append(FAILURE).append(".noHost(");
            text.append(quoted(module)).append(", ").append(quoted(function.name())).append(");\n        }\n        ");
            text.append(none ? call : "return " + function.result().take(call)).append(";\n    }\n\n");
            text.append("    @org.teavm.interop.Import(module = ").append(quoted(module)).append(", name = ").append(quoted(function.name())).append(")\n");
            text.append("    private static native ").append(function.result().raw).append(" ").append(host).append(function.declared(true)).append(";\n\n");
        }
        return text.append("}\n").toString();
    }

    /** Returns the class that the plugin begins with. */
    static String plugin(List<String> exports, String listing) {
        StringBuilder text = begin(PLUGIN.substring(0, PLUGIN.lastIndexOf('.'))).append("/** The plugin's start, and what it has. */\npublic final class Plugin {\n");
        text.append("    private static final int LISTING = io.github.nicholasjackson.wasp.guest.Values.give(").append(quoted(listing)).append(");\n\n");
        text.append("    private Plugin() {\n    }\n\n    /** Begins. */\n    public static void main(String[] arguments) {\n");
        text.append("        io.github.nicholasjackson.wasp.guest.Start.use();\n        use();\n");
        exports.forEach(name -> text.append("        ").append(name).append(".use();\n"));
        text.append("    }\n\n    private static void use() {\n    }\n\n    @org.teavm.interop.Export(name = \"wasp_signatures\")\n");
        return text.append("    static int signatures() {\n        return LISTING;\n    }\n}\n").toString();
    }

    private static StringBuilder begin(String packageName) {
        return new StringBuilder("package ").append(packageName).append(";\n\n");
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char unit : text.toCharArray()) {
            switch (unit) {
                case '"', '\\' -> quoted.append('\\').append(unit);
                case '\n' -> quoted.append("\\n");
                default -> quoted.append(unit);
            }
        }
        return quoted.append('"').toString();
    }
}
