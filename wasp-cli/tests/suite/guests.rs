//! The helpers of bindings/guest: ordinary functions, whose signatures are derived. `wasp check` is what proves them.

use crate::command::{prints, ran, root, wasp};
use std::path::Path;
use std::process::Command;

/// Compiles a plugin in C or C++.
#[track_caller]
fn compiled(compiler: &str, standard: &str, source: &Path, module: &Path) {
    let mut command = Command::new(compiler);
    command.args(["--target=wasm32-wasi", "-mexec-model=reactor", "-Oz", standard]);
    command.args(["-Wall", "-Wextra", "-Werror"]);
    if compiler == "clang++" {
        command.args(["-fno-exceptions", "-fno-rtti", "-nostdlib++"]);
    } else {
        command.arg("-Wpedantic");
    }
    command.arg("-I").arg(root("bindings/guest/c")).arg("-o").arg(module).arg(source);
    let built = ran(command.output().unwrap());
    assert_eq!(built.code, 0, "{built:?}");
}

#[test]
fn functions_in_c_and_cpp_are_ordinary_ones() {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(root("wasp-cli/tests/guests/kinds.c")).unwrap();
    for (compiler, standard, name) in [
        ("clang", "-std=c11", "a.c"),
        ("clang", "-std=c99", "b.c"),
        ("clang++", "-std=c++17", "c.cc"),
    ] {
        let (path, module) = (folder.path().join(name), folder.path().join("a.wasm"));
        std::fs::write(&path, &source).unwrap();
        compiled(compiler, standard, &path, &module);
        let module = module.to_str().unwrap();
        // Without starting it.
        let listed = prints(&["inspect", module]);
        for line in [
            "literal() string  # Answers with a literal",
            "mixed(a: i64, b: f32, c: f64, d: string, e: bytes, f: json) f64",
            "same(value: json) json",
            "fail()",
        ] {
            assert!(listed.contains(&format!("  {line}\n")), "{listed}");
        }
        assert_eq!(prints(&["call", module, "literal"]), "Hello\n");
        assert_eq!(prints(&["call", module, "array"]), "\u{1}\u{2}\u{3}");
        assert_eq!(
            prints(&["call", module, "mixed", "1", "2", "3", "four", "five", "[6]"]),
            "17\n"
        );
        assert!(wasp(&["call", module, "fail"]).stderr.contains("on purpose"));
        let report = prints(&["check", module]);
        assert!(report.lines().all(|line| line.starts_with("ok ")), "{report}");
    }
}

#[test]
fn a_function_in_c_of_another_type_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.c");
    let text = "#include \"wasp_guest.h\"\nWASP_FUNCTIONS((f, i32, ((i64, a))))\nint32_t f(int32_t a) { return a; }\n";
    std::fs::write(&path, text).unwrap();
    let mut command = Command::new("clang");
    command.args(["--target=wasm32-wasi", "-fsyntax-only", "-I"]).arg(root("bindings/guest/c"));
    let refused = ran(command.arg(&path).output().unwrap());
    assert!(refused.stderr.contains("conflicting types for 'f'"), "{refused:?}");
}
