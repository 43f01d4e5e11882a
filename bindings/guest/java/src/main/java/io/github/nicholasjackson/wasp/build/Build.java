package io.github.nicholasjackson.wasp.build;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.teavm.tooling.ConsoleTeaVMToolLog;
import org.teavm.tooling.TeaVMProblemRenderer;
import org.teavm.tooling.TeaVMTargetType;
import org.teavm.tooling.TeaVMTool;
import org.teavm.tooling.TeaVMToolException;
import org.teavm.vm.TeaVMOptimizationLevel;

/** Compiles the classes in its class path into a plugin. */
public final class Build {
    private static final String PLUGIN = "io.github.nicholasjackson.wasp.generated.Plugin";

    private Build() {
    }

    /**
     * Writes the module that the argument names. The property {@code wasp.heap} is how many MB Java's objects may take, 32 where it isn't set;
     * {@code wasp.names} leaves out the names of methods where it is {@code false}.
     */
    public static void main(String[] arguments) throws IOException, TeaVMToolException {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("the one argument is the module to write");
        }
        Path module = Path.of(arguments[0]);
        Path folder = Files.createTempDirectory("wasp");
        try {
            compile(folder.toFile());
            byte[] linked = Module.link(Files.readAllBytes(folder.resolve("plugin.wasm")));
            if (module.getParent() != null) {
                Files.createDirectories(module.getParent());
            }
            Files.write(module, linked);
        } finally {
            delete(folder);
        }
    }

    private static void compile(File folder) throws TeaVMToolException {
        int heap = Integer.getInteger("wasp.heap", 32) << 20;
        TeaVMTool tool = new TeaVMTool();
        tool.setLog(new Complaints());
        tool.setTargetType(TeaVMTargetType.WEBASSEMBLY);
        tool.setTargetDirectory(folder);
        tool.setTargetFileName("plugin.wasm");
        tool.setClassLoader(Thread.currentThread().getContextClassLoader());
        tool.setMainClass(PLUGIN);
        tool.setOptimizationLevel(TeaVMOptimizationLevel.ADVANCED);
        tool.setObfuscated(!Boolean.parseBoolean(System.getProperty("wasp.names", "true")));
        // It never grows, so that the blocks that the host sees can be above it.
        tool.setMinHeapSize(heap);
        tool.setMaxHeapSize(heap);
        tool.generate();
        if (!tool.getProblemProvider().getSevereProblems().isEmpty()) {
            TeaVMProblemRenderer.describeProblems(tool.getDependencyInfo().getCallGraph(), tool.getProblemProvider(), tool.getLog());
            throw new IllegalStateException("the plugin can't be compiled: see above");
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted((a, b) -> b.compareTo(a)).map(Path::toFile).forEach(File::delete);
        }
    }

    /** Prints what is wrong, and nothing else. */
    private static final class Complaints extends ConsoleTeaVMToolLog {
        Complaints() {
            super(false);
        }

        @Override
        public void info(String text) {
        }

        @Override
        public void info(String text, Throwable cause) {
        }
    }
}
