//! What a plugin in each language begins with. The helpers of bindings/guest come along: they are in no registry yet.

use crate::arguments::GuestLanguage;

/// The files of a plugin, in which `NAME` stands for its name.
pub struct Template {
    pub language: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Those of the helper.
    pub helper: &'static [(&'static str, &'static str)],
    /// What the README says of it.
    about_helper: &'static str,
}

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../../templates/", $path))
    };
}

macro_rules! helper {
    ($path:literal) => {
        include_str!(concat!("../../../guest/", $path))
    };
}

/// A file of the Java helper, whose paths are long.
macro_rules! java {
    ($path:literal) => {
        (concat!("wasp-guest/", $path), include_str!(concat!("../../../guest/java/", $path)))
    };
}

impl Template {
    /// Returns the files, each with its path and its text.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, String)> {
        let readme = template!("README.md.in").replace("HELPER", self.about_helper);
        let own = self.files.iter().map(|(path, text)| (*path, (*text).to_owned()));
        own.chain([("README.md", readme), (".gitignore", template!("gitignore").to_owned())])
    }
}

/// Returns what a plugin in this language begins with.
pub fn of(language: GuestLanguage) -> &'static Template {
    match language {
        GuestLanguage::Rust => &RUST,
        GuestLanguage::C => &C,
        GuestLanguage::Cpp => &CPP,
        GuestLanguage::Go => &GO,
        GuestLanguage::Assemblyscript => &ASSEMBLYSCRIPT,
        GuestLanguage::Zig => &ZIG,
        GuestLanguage::Nim => &NIM,
        GuestLanguage::Java => &JAVA,
        GuestLanguage::Javascript => &JAVASCRIPT,
        GuestLanguage::Lua => &LUA,
        GuestLanguage::Pocketpy => &POCKETPY,
    }
}

static RUST: Template = Template {
    language: "Rust",
    files: &[
        ("Cargo.toml", template!("rust/Cargo.toml.in")),
        ("Makefile", template!("rust/Makefile.in")),
        ("build.sh", template!("rust/build.sh")),
        ("src/lib.rs", template!("rust/lib.rs")),
    ],
    helper: &[
        ("wasp-guest/Cargo.toml", helper!("rust/Cargo.toml.in")),
        ("wasp-guest/README.md", helper!("rust/README.md")),
        ("wasp-guest/src/blocks.rs", helper!("rust/src/blocks.rs")),
        ("wasp-guest/src/failure.rs", helper!("rust/src/failure.rs")),
        ("wasp-guest/src/json.rs", helper!("rust/src/json.rs")),
        ("wasp-guest/src/lib.rs", helper!("rust/src/lib.rs")),
        ("wasp-guest/src/listing.rs", helper!("rust/src/listing.rs")),
        ("wasp-guest/src/macros.rs", helper!("rust/src/macros.rs")),
        ("wasp-guest/src/memory.rs", helper!("rust/src/memory.rs")),
        ("wasp-guest/src/mock.rs", helper!("rust/src/mock.rs")),
        ("wasp-guest/src/option.rs", helper!("rust/src/option.rs")),
        ("wasp-guest/src/pass.rs", helper!("rust/src/pass.rs")),
        ("wasp-guest/src/start_up.rs", helper!("rust/src/start_up.rs")),
    ],
    about_helper: " The crate in `wasp-guest` is wasp's helper for plugins; its README tells what a\nplugin can do.",
};

static C: Template = Template {
    language: "C",
    files: &[
        ("Makefile", template!("c/Makefile.in")),
        ("plugin.c", template!("c/plugin.c")),
        ("plugin_test.c", template!("c/plugin_test.c")),
    ],
    helper: &[("wasp_guest.h", helper!("c/wasp_guest.h"))],
    about_helper: " The header `wasp_guest.h` is wasp's helper for plugins.",
};

static CPP: Template = Template {
    language: "C++",
    files: &[
        ("Makefile", template!("cpp/Makefile.in")),
        ("plugin.cc", template!("cpp/plugin.cc")),
        ("plugin_test.cc", template!("cpp/plugin_test.cc")),
    ],
    helper: &[
        ("wasp_guest.h", helper!("c/wasp_guest.h")),
        ("wasp_guest.hpp", helper!("c/wasp_guest.hpp")),
    ],
    about_helper: " The headers `wasp_guest.hpp` and `wasp_guest.h` are wasp's helper for plugins.",
};

static GO: Template = Template {
    language: "Go",
    files: &[
        ("Makefile", template!("go/Makefile.in")),
        ("go.mod", template!("go/go.mod.in")),
        ("main.go", template!("go/main.go")),
        ("main_test.go", template!("go/main_test.go")),
    ],
    helper: &[
        ("wasp-guest/README.md", helper!("go/README.md")),
        ("wasp-guest/abi.go", helper!("go/abi.go")),
        ("wasp-guest/go.mod", helper!("go/go.mod")),
        ("wasp-guest/waspgen/main.go", helper!("go/waspgen/main.go")),
        ("wasp-guest/waspgen/plugin.go", helper!("go/waspgen/plugin.go")),
        ("wasp-guest/waspgen/write.go", helper!("go/waspgen/write.go")),
    ],
    about_helper: " The module in `wasp-guest` is wasp's helper for plugins; its README tells what a\nplugin can do.",
};

static ASSEMBLYSCRIPT: Template = Template {
    language: "AssemblyScript",
    files: &[
        ("Makefile", template!("assemblyscript/Makefile.in")),
        ("package.json", template!("assemblyscript/package.json.in")),
        ("assembly/index.ts", template!("assemblyscript/index.ts")),
        ("assembly/tsconfig.json", template!("assemblyscript/tsconfig.json")),
        ("test/plugin.test.mjs", template!("assemblyscript/plugin.test.mjs")),
    ],
    helper: &[
        ("wasp-guest/README.md", helper!("assemblyscript/README.md")),
        ("wasp-guest/assembly/files.ts", helper!("assemblyscript/assembly/files.ts")),
        ("wasp-guest/assembly/index.ts", helper!("assemblyscript/assembly/index.ts")),
        ("wasp-guest/assembly/system.ts", helper!("assemblyscript/assembly/system.ts")),
        ("wasp-guest/generator/code.mjs", helper!("assemblyscript/generator/code.mjs")),
        ("wasp-guest/generator/compiler.mjs", helper!("assemblyscript/generator/compiler.mjs")),
        ("wasp-guest/generator/functions.mjs", helper!("assemblyscript/generator/functions.mjs")),
        ("wasp-guest/package.json", helper!("assemblyscript/package.json")),
        ("wasp-guest/testing.mjs", helper!("assemblyscript/testing.mjs")),
        ("wasp-guest/transform.mjs", helper!("assemblyscript/transform.mjs")),
        ("wasp-guest/waspgen.mjs", helper!("assemblyscript/waspgen.mjs")),
    ],
    about_helper: " The package in `wasp-guest` is wasp's helper for plugins; its README tells what a\nplugin can do.",
};

static ZIG: Template = Template {
    language: "Zig",
    files: &[
        ("Makefile", template!("zig/Makefile.in")),
        ("build.zig", template!("zig/build.zig.in")),
        ("build.zig.zon", template!("zig/build.zig.zon")),
        ("plugin.zig", template!("zig/plugin.zig")),
    ],
    helper: &[
        ("wasp-guest/README.md", helper!("zig/README.md")),
        ("wasp-guest/build.zig", helper!("zig/build.zig")),
        ("wasp-guest/build.zig.zon", helper!("zig/build.zig.zon")),
        ("wasp-guest/strip.zig", helper!("zig/strip.zig")),
        ("wasp-guest/src/entry.zig", helper!("zig/src/entry.zig")),
        ("wasp-guest/src/exports.zig", helper!("zig/src/exports.zig")),
        ("wasp-guest/src/failure.zig", helper!("zig/src/failure.zig")),
        ("wasp-guest/src/files.zig", helper!("zig/src/files.zig")),
        ("wasp-guest/src/imports.zig", helper!("zig/src/imports.zig")),
        ("wasp-guest/src/memory.zig", helper!("zig/src/memory.zig")),
        ("wasp-guest/src/signature.zig", helper!("zig/src/signature.zig")),
        ("wasp-guest/src/values.zig", helper!("zig/src/values.zig")),
        ("wasp-guest/src/wasp.zig", helper!("zig/src/wasp.zig")),
    ],
    about_helper: " The package in `wasp-guest` is wasp's helper for plugins; its README tells what a\nplugin can do.",
};

static NIM: Template = Template {
    language: "Nim",
    files: &[
        ("Makefile", template!("nim/Makefile.in")),
        ("config.nims", template!("nim/config.nims")),
        ("plugin.nim", template!("nim/plugin.nim")),
        ("test_plugin.nim", template!("nim/test_plugin.nim")),
    ],
    helper: &[
        ("wasp-guest/README.md", helper!("nim/README.md")),
        ("wasp-guest/wasm.nims", helper!("nim/wasm.nims")),
        ("wasp-guest/src/wasp.nim", helper!("nim/src/wasp.nim")),
        ("wasp-guest/src/wasp/failure.nim", helper!("nim/src/wasp/failure.nim")),
        ("wasp-guest/src/wasp/memory.nim", helper!("nim/src/wasp/memory.nim")),
        ("wasp-guest/src/wasp/values.nim", helper!("nim/src/wasp/values.nim")),
    ],
    about_helper: " The package in `wasp-guest` is wasp's helper for plugins; its README tells what a\nplugin can do.",
};

static JAVA: Template = Template {
    language: "Java",
    files: &[
        ("Makefile", template!("java/Makefile.in")),
        ("pom.xml", template!("java/pom.xml.in")),
        ("plugin/pom.xml", template!("java/plugin.pom.xml.in")),
        ("plugin/src/main/java/plugin/Plugin.java", template!("java/Plugin.java")),
        ("plugin/src/test/java/plugin/PluginTest.java", template!("java/PluginTest.java")),
    ],
    helper: &[
        java!("README.md"),
        java!("pom.xml"),
        java!("src/main/java/io/github/nicholasjackson/wasp/Export.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/Import.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/Json.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/build/Backend.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/build/Build.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/build/Module.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/build/Operators.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/build/Replacements.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/guest/Arithmetic.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/guest/Blocks.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/guest/Environment.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/guest/Failure.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/guest/Start.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/guest/Utf8.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/guest/Values.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/processor/Function.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/processor/Generated.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/processor/Kind.java"),
        java!("src/main/java/io/github/nicholasjackson/wasp/processor/PluginProcessor.java"),
        java!("src/main/resources/META-INF/services/javax.annotation.processing.Processor"),
        java!("src/main/resources/META-INF/services/org.teavm.vm.spi.TeaVMPlugin"),
    ],
    about_helper: " The module in `wasp-guest` is wasp's helper for plugins; its README tells what a\nplugin can do.",
};

static JAVASCRIPT: Template = Template {
    language: "JavaScript",
    files: &[
        ("Makefile", template!("javascript/Makefile.in")),
        ("plugin.js", template!("javascript/plugin.js")),
    ],
    helper: &[],
    about_helper: "",
};

static LUA: Template = Template {
    language: "Lua",
    files: &[
        ("Makefile", template!("lua/Makefile.in")),
        ("plugin.lua", template!("lua/plugin.lua")),
    ],
    helper: &[],
    about_helper: "",
};

static POCKETPY: Template = Template {
    language: "a part of Python",
    files: &[
        ("Makefile", template!("pocketpy/Makefile.in")),
        ("plugin.py", template!("pocketpy/plugin.py")),
    ],
    helper: &[],
    about_helper: " The language is pocketpy's: a part of Python 3.",
};
