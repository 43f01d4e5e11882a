//! The helper for C and C++: ordinary functions, whose signatures are derived, and their native tests.

use crate::command::{has_lines, passes_check, prints, ran, root, wasp};
use std::path::Path;
use std::process::Command;

/// Compiles a plugin in C or C++.
#[track_caller]
fn compiled(compiler: &str, standard: &str, source: &Path, module: &Path) {
    let mut command = Command::new(compiler);
    command.args(["--target=wasm32-wasi", "-mexec-model=reactor", "-Oz", standard]);
    if compiler == "clang++" {
        command.args(["-fno-exceptions", "-fno-rtti"]);
    } else {
        command.arg("-Wpedantic");
    }
    compile(command, &[source], module);
}

/// Compiles the tests of a plugin in C or C++ for this machine, and runs them.
#[track_caller]
fn passes_its_tests(compiler: &str, standard: &str, sources: &[&Path]) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("test");
    let mut command = Command::new(compiler);
    command.arg(standard);
    compile(command, sources, &program);
    let tested = ran(Command::new(&program).output().unwrap());
    assert_eq!((tested.code, tested.stderr.as_str()), (0, ""), "{compiler} {standard}");
}

#[track_caller]
fn compile(mut command: Command, sources: &[&Path], output: &Path) {
    command.args(["-Wall", "-Wextra", "-Werror", "-I"]).arg(root("bindings/guest/c"));
    let built = ran(command.arg("-o").arg(output).args(sources).output().unwrap());
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
        has_lines(
            &listed,
            &[
                "literal() string  # Answers with a literal",
                "mixed(a: i64, b: f32, c: f64, d: string, e: bytes, f: json) f64",
                "same(value: json) json",
                "fail()",
            ],
        );
        assert_eq!(prints(&["call", module, "literal"]), "Hello\n");
        assert_eq!(prints(&["call", module, "array"]), "\u{1}\u{2}\u{3}");
        assert_eq!(
            prints(&["call", module, "mixed", "1", "2", "3", "four", "five", "[6]"]),
            "17\n"
        );
        assert!(wasp(&["call", module, "fail"]).stderr.contains("on purpose"));
        passes_check(module, &[]);
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

#[test]
fn plugins_in_c_are_tested_natively() {
    let guests = root("wasp-cli/tests/guests");
    let (source, test) = (guests.join("kinds.c"), guests.join("kinds_test.c"));
    for compiler in ["cc", "clang"] {
        passes_its_tests(compiler, "-std=c11", &[&source, &test]);
    }
    passes_its_tests("c++", "-xc++", &[&source, &test]);
    passes_its_tests("cc", "-std=c99", &[&root("examples/plugins/c/plugin_test.c")]);
}

#[test]
fn functions_in_cpp_have_its_own_types() {
    let guests = root("wasp-cli/tests/guests");
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("a.wasm");
    compiled("clang++", "-std=c++17", &guests.join("kinds.cc"), &module);
    for (compiler, standard) in
        [("c++", "-std=c++17"), ("c++", "-std=c++20"), ("clang++", "-std=c++20")]
    {
        passes_its_tests(compiler, standard, &[&guests.join("kinds_test.cc")]);
    }
    let module = module.to_str().unwrap();
    // Without starting it.
    let listed = prints(&["inspect", module]);
    has_lines(
        &listed,
        &[
            "hello(name: string) string  # Greets",
            "mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: f32) f64",
            "same(value: json) json",
            "fail()",
        ],
    );
    let callbacks = ["--callback", "env.call_me(string) string=Nic", "--callback", "env.note()="];
    let call = |args: &[&str]| prints(&[&["call", module], args, &callbacks].concat());
    assert_eq!(call(&["hello", "Grüße"]), "Hello Grüße\n");
    assert_eq!(call(&["mixed", "1", "4294967295", "3", "four", "five", "1", "6"]), "-4294967313\n");
    assert_eq!(call(&["reversed", "abc"]), "cba");
    assert_eq!(call(&["same", "[1]"]), "[1]\n");
    assert_eq!(call(&["first", "xyz"]), "x");
    assert_eq!(call(&["callback"]), "Nic!\n");
    let fails = |args: &[&str]| wasp(&[&["call", module], args].concat()).stderr;
    assert!(fails(&["divide", "1", "0"]).contains("nothing can be divided by 0"));
    assert!(fails(&["named", "nobody"]).contains("nobody is there"));
    assert!(fails(&["nul"]).contains("a string for the host holds a NUL byte"));
    let small = fails(&["small", "128", "0"]);
    assert!(small.contains("the argument \"a\" is 128, and -128 to 127 are accepted"), "{small}");
    passes_check(module, &callbacks[..]);
}

#[test]
fn functions_in_cpp_that_no_host_can_call_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.cc");
    for (function, list, reason) in [
        ("int f(char a) { return a; }", "(f, (a))", "this type can't pass"),
        ("int f(int a) { return a; }", "(f, ())", "f: a name for each parameter"),
        ("int f(std::string &a) { return a[0]; }", "(f, (a))", "cannot bind to a temporary"),
    ] {
        let text =
            format!("#include \"wasp_guest.hpp\"\n{function}\nWASP_EXPORT_FUNCTIONS({list})\n");
        std::fs::write(&path, text).unwrap();
        let mut command = Command::new("clang++");
        command.args(["-std=c++17", "-fsyntax-only", "-I"]).arg(root("bindings/guest/c"));
        let refused = ran(command.arg(&path).output().unwrap());
        assert!(refused.code != 0 && refused.stderr.contains(reason), "{refused:?}");
    }
}

#[test]
fn a_failed_assertion_in_c_is_in_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let (path, module) = (folder.path().join("a.c"), folder.path().join("a.wasm"));
    let text = "#include \"wasp_guest.h\"\n#include <assert.h>\n\nWASP_FUNCTIONS((half, i32, ((i32, a))))\nint32_t half(int32_t a) {\n    assert(a % 2 == 0);\n    return a / 2;\n}\n";
    std::fs::write(&path, text).unwrap();
    compiled("clang", "-std=c11", &path, &module);
    let failed = wasp(&["call", module.to_str().unwrap(), "half", "3"]).stderr;
    assert!(
        failed.contains("unreachable; its stderr: \"Assertion failed: a % 2 == 0 ("),
        "{failed}"
    );
    assert!(failed.contains("a.c: half: 6)"), "{failed}");
}
