package io.github.nicholasjackson.wasp.processor;

import io.github.nicholasjackson.wasp.Export;
import io.github.nicholasjackson.wasp.Import;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.tools.Diagnostic;

/** Generates what the host calls and what calls the host, from the plugin's annotations. */
public final class PluginProcessor extends AbstractProcessor {
    private static final Set<String> TAKEN =
            Set.of("memory", "allocate", "deallocate", "get_string_size", "wasp_signatures", "_initialize", "_start", "start");

    /** The plugin's functions by name: all are in the sources that the compiler is given, which are its first round. */
    private final Map<String, Function> exported = new LinkedHashMap<>();
    private final List<String> classes = new ArrayList<>();

    @Override
    public Set<String> getSupportedAnnotationTypes() {
        return Set.of(Export.class.getName(), Import.class.getName());
    }

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latestSupported();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        Map<TypeElement, List<Function>> functions = new LinkedHashMap<>();
        for (Element element : round.getElementsAnnotatedWith(Export.class)) {
            ExecutableElement method = (ExecutableElement) element;
            TypeElement type = (TypeElement) method.getEnclosingElement();
            Function function = export(type, method);
            if (function != null) {
                functions.computeIfAbsent(type, key -> new ArrayList<>()).add(function);
            }
        }
        functions.forEach(this::writeExports);
        for (Element element : round.getElementsAnnotatedWith(Import.class)) {
            writeImports((TypeElement) element);
        }
        if (!functions.isEmpty()) {
            writePlugin(functions.keySet().iterator().next());
        }
        return false;
    }

    private Function export(TypeElement type, ExecutableElement method) {
        String given = method.getAnnotation(Export.class).value();
        String name = given.isEmpty() ? method.getSimpleName().toString() : given;
        Set<Modifier> modifiers = method.getModifiers();
        if (!modifiers.contains(Modifier.STATIC) || modifiers.contains(Modifier.PRIVATE)) {
            return refuse(method, name + ": it is private, or isn't static");
        }
        if (hidden(type)) {
            return refuse(method, name + ": its class is private, or in no package");
        }
        if (TAKEN.contains(name) || !name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            return refuse(method, name + ": a function of a plugin can't have this name");
        }
        if (exported.containsKey(name)) {
            return refuse(method, name + ": there is another with this name; @Export(\"...\") gives it one of its own");
        }
        Function function = function(name, method);
        if (function != null) {
            exported.put(name, function);
        }
        return function;
    }

    private void writeImports(TypeElement type) {
        String module = type.getAnnotation(Import.class).value();
        if (type.getKind() != ElementKind.INTERFACE || hidden(type)) {
            refuse(type, type.getSimpleName() + ": it is no interface, or is private, or in no package");
            return;
        }
        List<Function> functions = new ArrayList<>();
        for (Element member : type.getEnclosedElements()) {
            if (member.getModifiers().contains(Modifier.ABSTRACT) && member instanceof ExecutableElement method) {
                Import.Name name = method.getAnnotation(Import.Name.class);
                Function function = function(name == null ? method.getSimpleName().toString() : name.value(), method);
                if (function != null) {
                    functions.add(function);
                }
            }
        }
        String name = type.getSimpleName() + "Host";
        write(type, packageOf(type) + "." + name, Generated.imports(packageOf(type), name, type.getQualifiedName().toString(), module, functions));
    }

    private void writeExports(TypeElement type, List<Function> functions) {
        String name = type.getSimpleName() + "Exports";
        String full = packageOf(type) + "." + name;
        classes.add(full);
        write(type, full, Generated.exports(packageOf(type), name, type.getQualifiedName().toString(), functions));
    }

    private void writePlugin(TypeElement type) {
        StringBuilder listing = new StringBuilder();
        exported.values().forEach(function -> listing
                .append(function.line(processingEnv.getElementUtils().getDocComment(function.method()))).append('\n'));
        write(type, Generated.PLUGIN, Generated.plugin(classes, listing.toString()));
    }

    private Function function(String name, ExecutableElement method) {
        try {
            return Function.of(name, method);
        } catch (Function.Refused refused) {
            return refuse(method, refused.getMessage());
        }
    }

    private void write(TypeElement origin, String name, String text) {
        try (Writer writer = processingEnv.getFiler().createSourceFile(name, origin).openWriter()) {
            writer.write(text);
        } catch (IOException failed) {
            refuse(origin, name + ": " + failed.getMessage());
        }
    }

    private String packageOf(TypeElement type) {
        return processingEnv.getElementUtils().getPackageOf(type).getQualifiedName().toString();
    }

    private boolean hidden(TypeElement type) {
        for (Element element = type; element.getKind() != ElementKind.PACKAGE; element = element.getEnclosingElement()) {
            if (element.getModifiers().contains(Modifier.PRIVATE)) {
                return true;
            }
        }
        return packageOf(type).isEmpty();
    }

    private <T> T refuse(Element element, String message) {
        processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, message, element);
        return null;
    }
}
