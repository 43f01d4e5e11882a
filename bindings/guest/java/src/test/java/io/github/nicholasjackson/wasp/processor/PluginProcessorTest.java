package io.github.nicholasjackson.wasp.processor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PluginProcessorTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "@Export static void f(short a) {} | f: the parameter a is short, and String, byte[], Json, int, long, float, double and boolean are accepted",
        "@Export static java.util.List<String> f() { return null; } | f: its result is java.util.List<java.lang.String>, and String, byte[], ",
        "@Export void f() {} | f: it is private, or isn't static",
        "@Export private static void f() {} | f: it is private, or isn't static",
        "@Export static <T> void f() {} | f: it is generic, or takes any number of arguments",
        "@Export static void allocate() {} | allocate: a function of a plugin can't have this name",
        "@Export static void f() {} @Export static void f(int a) {} | f: there is another with this name; @Export(\"...\") gives it one of its own",
        "@Import(\"env\") class Env {} | Env: it is no interface, or is private, or in no package",
        "@Import(\"env\") interface Env { void f(Object a); } | f: the parameter a is java.lang.Object, and String, ",
    })
    void refuses(String member, String expected) {
        List<String> errors = errors("package plugin; import io.github.nicholasjackson.wasp.*; class P { " + member + " }");
        assertEquals(1, errors.size(), errors.toString());
        assertTrue(errors.get(0).contains(expected), errors.get(0));
    }

    @Test
    void refusesAClassWithoutAPackage() {
        assertEquals(List.of("f: its class is private, or in no package"),
                errors("import io.github.nicholasjackson.wasp.*; class P { @Export static void f() {} }"));
    }

    @Test
    void takesNamesThatItUsesItself() {
        assertEquals(List.of(), errors("""
                package plugin;
                import io.github.nicholasjackson.wasp.*;
                class P {
                    @Import("a\\"b") interface Env { String f(String io, byte[] org, Json $0); }
                    @Export static String f(String io, byte[] org, Json thrown) { return new EnvHost().f(io, org, thrown); }
                }
                """));
    }

    private List<String> errors(String text) {
        JavaFileObject source = new SimpleJavaFileObject(URI.create("string:///P.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        JavaCompiler.CompilationTask task = compiler.getTask(null, null, found, List.of("-d", folder.toString()), null, List.of(source));
        task.setProcessors(List.of(new PluginProcessor()));
        task.call();
        return found.getDiagnostics().stream().filter(each -> each.getKind() == javax.tools.Diagnostic.Kind.ERROR).map(each -> each.getMessage(null)).toList();
    }
}
