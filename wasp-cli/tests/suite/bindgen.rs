//! `wasp bindgen`. What it writes in Python, TypeScript and Go is tried by `hosts.sh`.

use crate::command::{example, plugin, prints, root};
use std::process::Command;
use wasp_core::{Config, Engine, ErrorKind};

// As it is written, `UPDATE=1 cargo test` writes it anew.
#[rustfmt::skip]
#[path = "../bindings/kinds.rs"]
mod kinds;

#[test]
fn the_binding_in_rust_is_what_is_written() {
    let written = prints(&["bindgen", &plugin("kinds"), "--lang", "rust"]);
    let path = root("wasp-cli/tests/bindings/kinds.rs");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    assert_eq!(written, std::fs::read_to_string(path).unwrap());
}

#[test]
fn the_binding_in_rust_calls_the_plugin() {
    let engine = Engine::new();
    let wasm = std::fs::read(plugin("kinds")).unwrap();
    kinds::register(&engine, "kinds", &wasm, &Config::new()).unwrap();
    let mut kinds = kinds::Kinds::new(engine.instance("kinds", None).unwrap());
    assert_eq!(kinds.numbers(1, 0.5, 2.5, -3).unwrap(), 1.0);
    assert_eq!(kinds.raw_json("[1]").unwrap(), "[1]");
    assert_eq!(kinds.class_(5).unwrap(), 5);
    assert_eq!(kinds.float_(0.5).unwrap(), 0.5);
    kinds.nothing().unwrap();
    // Its only room is used twice: the second argument ends the first one.
    assert_eq!(kinds.size_(b"abc", "").unwrap(), 0);
}

#[test]
fn a_plugin_that_does_not_fit_any_more_is_refused() {
    let engine = Engine::new();
    let wat = std::fs::read_to_string(plugin("kinds")).unwrap();
    let refuses = |from: &str, to: &str, message: &str| {
        let changed = wat.replace(from, to);
        let refused = kinds::register(&engine, "kinds", changed.as_bytes(), &Config::new());
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Signature, message));
        assert!(!engine.has("kinds"));
    };
    refuses(
        "size(args: bytes, p: string) i32",
        "size(string, string) i32",
        "plugin \"kinds\" offers size(string, string) i32, and this was written for size(bytes, string) i32: write it anew by wasp bindgen",
    );
    refuses(
        "(export \"float\")",
        "(export \"flout\")",
        "plugin \"kinds\": \"wasp_signatures\" declares \"float\", which is not an exported function",
    );
    let message = "plugin \"kinds\" offers no function float(f32) f32, for which this was written: write it anew by wasp bindgen";
    let renamed = wat
        .replace("(export \"float\")", "(export \"flout\")")
        .replace("float(value", "flout(value");
    let refused = kinds::register(&engine, "kinds", renamed.as_bytes(), &Config::new());
    assert_eq!(refused.unwrap_err().to_string(), message);
}

/// Compiles a header that is written, as C and as C++.
#[test]
fn the_binding_in_c_compiles() {
    for plugin in [plugin("kinds"), example("c")] {
        let folder = tempfile::tempdir().unwrap();
        let header = folder.path().join("binding.h");
        prints(&["bindgen", &plugin, "--lang", "c", "-o", header.to_str().unwrap()]);
        for (compiler, language) in [("cc", "-std=c99"), ("c++", "-std=c++17")] {
            let source = folder.path().join(if compiler == "cc" { "a.c" } else { "a.cc" });
            std::fs::write(&source, "#include \"binding.h\"\nint main(void) { return 0; }\n")
                .unwrap();
            let mut command = Command::new(compiler);
            command.args([language, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]);
            let output = command.arg("-I").arg(root("include")).arg(&source).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn names_are_the_languages_own() {
    let code = |language| prints(&["bindgen", &plugin("kinds"), "--lang", language]);
    let python = code("python");
    assert!(python.contains("    def class_(self, arg1: int) -> int:\n"), "{python}");
    assert!(
        python.contains("def numbers(self, a: int, b: float, func_: float, n3d: int) -> float:")
    );
    let typescript = code("ts");
    assert!(typescript.contains("  rawJson(arg1: WaspArgument): WaspJson {\n"), "{typescript}");
    let go = code("go");
    assert!(go.contains("func (p Plugin) RawJson(arg1 any) (any, error) {\n"), "{go}");
    let named = prints(&["bindgen", &plugin("kinds"), "--lang", "ts", "--name", "my-plugin"]);
    assert!(named.contains("export class MyPlugin {"), "{named}");
}

#[test]
fn names_that_turn_text_around_are_escaped() {
    let wat = "(module (func (export \"a\\e2\\80\\ae\\22\\1b\")))";
    let (_folder, path) = crate::command::file("p.wat", wat);
    for (language, escaped) in [
        ("python", "\"a\\u202e\\\"\\u001b\""),
        ("go", "\"a\\u202e\\\"\\u001b\""),
        ("ts", "\"a\\u{202e}\\\"\\u{1b}\""),
        ("rust", "\"a\\u{202e}\\\"\\u{1b}\""),
        ("c", "\"a\\342\\200\\256\\\"\\033\""),
    ] {
        let code = prints(&["bindgen", &path, "--lang", language]);
        assert!(code.contains(escaped), "{code}");
        assert!(!code.contains(['\u{202e}', '\u{1b}']), "{code}");
    }
}
