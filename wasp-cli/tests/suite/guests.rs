//! The helpers of bindings/guest: ordinary functions, whose signatures are derived. `wasp check` is what proves them.

use crate::command::{prints, ran, root, wasp};
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

#[test]
fn plugins_in_c_are_tested_natively() {
    let guests = root("wasp-cli/tests/guests");
    let (source, test) = (guests.join("kinds.c"), guests.join("kinds_test.c"));
    for compiler in ["gcc", "clang"] {
        passes_its_tests(compiler, "-std=c11", &[&source, &test]);
    }
    passes_its_tests("g++", "-xc++", &[&source, &test]);
    passes_its_tests("gcc", "-std=c99", &[&root("examples/plugins/c/plugin_test.c")]);
}

#[test]
fn functions_in_cpp_have_its_own_types() {
    let guests = root("wasp-cli/tests/guests");
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("a.wasm");
    compiled("clang++", "-std=c++17", &guests.join("kinds.cc"), &module);
    for (compiler, standard) in
        [("g++", "-std=c++17"), ("g++", "-std=c++20"), ("clang++", "-std=c++20")]
    {
        passes_its_tests(compiler, standard, &[&guests.join("kinds_test.cc")]);
    }
    let module = module.to_str().unwrap();
    // Without starting it.
    let listed = prints(&["inspect", module]);
    for line in [
        "hello(name: string) string  # Greets",
        "mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: f32) f64",
        "same(value: json) json",
        "fail()",
    ] {
        assert!(listed.contains(&format!("  {line}\n")), "{listed}");
    }
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
    let report = prints(&[&["check", module], &callbacks[..]].concat());
    assert!(report.lines().all(|line| line.starts_with("ok ")), "{report}");
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

/// Runs `go` in a folder, without any network.
#[track_caller]
fn go(folder: &Path, args: &[&str], for_wasm: bool) {
    let mut command = Command::new("go");
    command.args(args).current_dir(folder);
    command.env("GOPROXY", "off").env("GOFLAGS", "-mod=mod").env("GOTOOLCHAIN", "local");
    if for_wasm {
        command.env("GOOS", "wasip1").env("GOARCH", "wasm");
    }
    let done = ran(command.output().unwrap());
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn functions_in_go_are_ordinary_ones() {
    let helper = root("bindings/guest/go").canonicalize().unwrap();
    go(&helper, &["test", "./waspgen"], false);
    let folder = tempfile::tempdir().unwrap();
    for name in ["plugin.go", "plugin_test.go"] {
        std::fs::copy(root("wasp-cli/tests/guests/go").join(name), folder.path().join(name))
            .unwrap();
    }
    let path = "github.com/nicholasjackson/wasp/bindings/guest/go";
    let module = format!(
        "module example.com/plugin\n\ngo 1.24\n\nrequire {path} v0.0.0\n\nreplace {path} => {}\n",
        helper.display()
    );
    std::fs::write(folder.path().join("go.mod"), module).unwrap();
    go(folder.path(), &["generate"], false);
    go(folder.path(), &["test", "./..."], false);
    go(folder.path(), &["build", "-buildmode=c-shared", "-ldflags=-w", "-o", "a.wasm"], true);
    let module = folder.path().join("a.wasm");
    let module = module.to_str().unwrap();
    let call = |args: &[&str]| {
        prints(
            &[
                &["call", module],
                args,
                &["--callback", "env.call_me(string) string=Nic", "--compiler", "singlepass"],
            ]
            .concat(),
        )
    };
    assert_eq!(call(&["hello", "Nic"]), "Hello Nic\n");
    assert_eq!(call(&["mixed", "1", "2", "3", "four", "five", "1", "4294967295"]), "-4294967309\n");
    let people = r#"[{"name": "Nic", "age": 41}]"#;
    assert_eq!(call(&["older", people, "1"]), "[{\"name\":\"Nic\",\"age\":42}]\n");
    assert_eq!(call(&["raw", "{\"a\":1}"]), "{\"a\":1}\n");
    assert_eq!(call(&["isEmpty", ""]), "1\n");
    assert_eq!(call(&["callback"]), "NIC\n");
    let fails = |args: &[&str]| {
        wasp(&[&["call", module, "--compiler", "singlepass"], args].concat()).stderr
    };
    assert!(fails(&["fail"]).contains("on purpose"));
    assert!(fails(&["hello", "nobody"]).contains("nobody is there"));
    assert!(fails(&["older", "5", "1"]).contains("cannot unmarshal number"));
    let callback = ["--callback", "env.call_me(string) string=Nic"];
    let report = prints(&[&["check", module], &callback[..]].concat());
    assert!(report.lines().all(|line| line.starts_with("ok ")), "{report}");
    let listed = prints(&[&["inspect", module, "--start"], &callback[..]].concat());
    assert!(
        listed.contains("  hello(name: string) string  # Hello greets somebody.\n"),
        "{listed}"
    );
}

#[test]
fn functions_in_rust_are_ordinary_ones() {
    let folder = tempfile::tempdir().unwrap();
    let helper = root("bindings/guest/rust").canonicalize().unwrap();
    let manifest = std::fs::read_to_string(root("wasp-cli/templates/rust/Cargo.toml.in")).unwrap();
    let manifest = manifest.replace("NAME", "kinds");
    let helper = format!("{:?}", helper.to_str().unwrap());
    std::fs::write(
        folder.path().join("Cargo.toml"),
        manifest.replace("\"wasp-guest\" }", &format!("{helper} }}")),
    )
    .unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::create_dir(folder.path().join("build")).unwrap();
    for (name, path) in [("kinds.rs", "src/lib.rs"), ("shapes.rs", "src/shapes.rs")] {
        let source = root("wasp-cli/tests/guests").join(name);
        std::fs::copy(source, folder.path().join(path)).unwrap();
    }
    let build = root("wasp-cli/templates/rust/build.sh").canonicalize().unwrap();
    let mut command = own_toolchain("sh", folder.path());
    let built = ran(command.arg(build).arg("build/kinds.wasm").output().unwrap());
    assert_eq!(built.code, 0, "{built:?}");
    cargo_test(folder.path(), &folder.path().join("build/test"), &[]);
    let module = folder.path().join("build/kinds.wasm");
    let module = module.to_str().unwrap();
    let listed = prints(&["inspect", module, "--start"]);
    for line in [
        "hello(name: string) string  # Greets somebody.",
        "mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: i64) f64",
        "shout(text: json) json",
        "area(width: i32, height: i32) i32  # Measures a rectangle.",
        "circumference(radius: f64) f64",
    ] {
        assert!(listed.contains(&format!("  {line}\n")), "{listed}");
    }
    let callbacks = [
        "--callback",
        "env.call_me(string) string=Nic",
        "--callback",
        "env.look_up(json) json=\"is here\"",
    ];
    let call = |args: &[&str]| prints(&[&["call", module], args, &callbacks].concat());
    assert_eq!(call(&["mixed", "1", "4294967295", "3", "four", "five", "1", "6"]), "-4294967313\n");
    assert_eq!(call(&["is_empty", ""]), "1\n");
    assert_eq!(call(&["area", "3", "4"]), "12\n");
    assert_eq!(call(&["small", "-5", "65535"]), "65530\n");
    assert_eq!(call(&["shout", "\"Gr\\u00fc\\u00dfe\""]), "\"GRÜSSE\"\n");
    assert_eq!(call(&["shout", "null"]), "null\n");
    assert_eq!(call(&["half", "3"]), "1.5\n");
    assert_eq!(call(&["callback"]), "Nic is here\n");
    let fails = |args: &[&str]| wasp(&[&["call", module], args].concat()).stderr;
    assert!(fails(&["hello", "nobody"]).contains("nobody is there"));
    let small = fails(&["small", "128", "0"]);
    assert!(small.contains("the argument \"a\" is 128, and -128 to 127 are accepted"), "{small}");
    let half = fails(&["half", "\"3\""]);
    assert!(half.contains("the argument \"number\" is \"3\", which is no f64 or null"), "{half}");
    let panicked = fails(&["panics", "13"]);
    assert!(panicked.contains("unreachable; it raised: panicked at src/lib.rs:"), "{panicked}");
    assert!(panicked.contains(": 13 is unlucky\n"), "{panicked}");
    let report = prints(&[&["check", module], &callbacks[..]].concat());
    assert!(report.lines().all(|line| line.starts_with("ok ")), "{report}");
}

#[test]
fn the_tests_of_the_helper_and_the_example_in_rust() {
    let built = tempfile::tempdir().unwrap();
    cargo_test(&root("bindings/guest/rust"), built.path(), &["--features", "serde"]);
    cargo_test(&root("examples/plugins/rust"), built.path(), &["--locked"]);
}

/// Runs the tests of a crate that isn't the workspace's.
#[track_caller]
fn cargo_test(folder: &Path, target: &Path, args: &[&str]) {
    let mut command = own_toolchain("cargo", folder);
    command.args(["test", "--quiet", "--offline", "--target-dir"]).arg(target).args(args);
    let tested = ran(command.output().unwrap());
    assert_eq!(tested.code, 0, "{tested:?}");
}

/// Returns a command as in the shell of somebody who builds a plugin, not this test.
fn own_toolchain(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for variable in ["CARGO_TARGET_DIR", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command.current_dir(folder);
    command
}

/// A folder in which asc and the helper are found.
fn assemblyscript() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let modules = root("examples/plugins/assemblyscript/node_modules").canonicalize().unwrap();
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
    folder
}

fn node(folder: &Path, args: &[&str]) -> crate::command::Ran {
    ran(Command::new("node").args(args).current_dir(folder).output().unwrap())
}

#[test]
fn functions_in_assemblyscript_are_ordinary_ones() {
    let folder = assemblyscript();
    std::fs::copy(root("wasp-cli/tests/guests/kinds.ts"), folder.path().join("kinds.ts")).unwrap();
    let generated = node(folder.path(), &["node_modules/wasp-guest/waspgen.mjs", "kinds.ts"]);
    assert_eq!(generated.code, 0, "{generated:?}");
    let asc = "node_modules/assemblyscript/bin/asc.js wasp_generated.ts --runtime incremental --exportStart _initialize -O3s --debug --outFile a.wasm";
    let built = node(folder.path(), &asc.split(' ').collect::<Vec<_>>());
    assert_eq!(built.code, 0, "{built:?}");
    let module = folder.path().join("a.wasm");
    let module = module.to_str().unwrap();
    let callback = ["--callback", "env.call_me(string) string=Nic"];
    let listed = prints(&["inspect", module, "--start"]);
    for line in [
        "hello(name: string) string  # Greets somebody.",
        "mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: f32) f64",
        "same(value: json) json",
    ] {
        assert!(listed.contains(&format!("  {line}\n")), "{listed}");
    }
    assert!(!listed.contains("other"), "{listed}");
    let call = |args: &[&str]| prints(&[&["call", module], args, &callback].concat());
    assert_eq!(call(&["hello", "Grüße"]), "Hello Grüße\n");
    assert_eq!(call(&["mixed", "1", "4294967295", "3", "four", "five", "1", "6"]), "-4294967313\n");
    assert_eq!(call(&["isEmpty", ""]), "1\n");
    assert_eq!(call(&["same", "[1]"]), "[1]\n");
    assert_eq!(call(&["reversed", "abc"]), "cba");
    assert_eq!(call(&["callback"]), "NIC\n");
    assert!(wasp(&["call", module, "fail"]).stderr.contains("on purpose"));
    assert!(wasp(&["call", module, "throws"]).stderr.contains("thrown"));
    let report = prints(&[&["check", module], &callback[..]].concat());
    assert!(report.lines().all(|line| line.starts_with("ok ")), "{report}");
}

#[test]
fn types_in_assemblyscript_that_no_host_has_are_refused() {
    let folder = assemblyscript();
    for (source, reason) in [
        ("export function f(a: i32[]): void {}", "f: the parameter a is i32[], and i32, "),
        ("export function f(a: string | null): void {}", "f: the parameter a is string | null"),
        ("export function f(): u8 { return 1 }", "f: its result is u8"),
        ("export function f<T>(): void {}", "f has type parameters"),
        ("export function f(a: i32 = 1): void {}", "the parameter a is optional"),
        ("function f(): void {}", "a.ts exports no function"),
        (
            "@external(\"env\", \"f\") declare function f(a: string): void;",
            "the import f has the type string, which the host can't read",
        ),
    ] {
        std::fs::write(folder.path().join("a.ts"), source).unwrap();
        let refused = node(folder.path(), &["node_modules/wasp-guest/waspgen.mjs", "a.ts"]);
        assert!(refused.code == 1 && refused.stderr.contains(reason), "{source}: {refused:?}");
    }
}
