//! The helper for Rust: ordinary functions, whose signatures are derived, and their native tests.

use crate::command::{has_lines, own_shell, passes_check, prints, ran, root, wasp};
use std::path::Path;

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
    let mut command = own_shell("sh", folder.path());
    let built = ran(command.arg(build).arg("build/kinds.wasm").output().unwrap());
    assert_eq!(built.code, 0, "{built:?}");
    cargo_test(folder.path(), &folder.path().join("build/test"), &[]);
    let module = folder.path().join("build/kinds.wasm");
    let module = module.to_str().unwrap();
    let listed = prints(&["inspect", module]);
    has_lines(
        &listed,
        &[
            "hello(name: string) string  # Greets somebody.",
            "mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: i64) f64",
            "shout(text: json) json",
            "area(width: i32, height: i32) i32  # Measures a rectangle.",
            "circumference(radius: f64) f64",
        ],
    );
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
    passes_check(module, &callbacks[..]);
}

#[test]
fn the_tests_of_the_helper_and_the_example_in_rust() {
    let folder = tempfile::tempdir().unwrap();
    let built = folder.path().join("target");
    // A copy without the versions that somebody's Cargo.lock names: those that the workspace has are here.
    let (helper, copy) = (root("bindings/guest/rust"), folder.path().join("helper"));
    std::fs::create_dir_all(copy.join("src")).unwrap();
    std::fs::copy(helper.join("Cargo.toml"), copy.join("Cargo.toml")).unwrap();
    for file in std::fs::read_dir(helper.join("src")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join("src").join(file.file_name())).unwrap();
    }
    cargo_test(&copy, &built, &["--features", "serde"]);
    cargo_test(&root("examples/plugins/rust"), &built, &["--locked"]);
}

/// Runs the tests of a crate that isn't the workspace's.
#[track_caller]
fn cargo_test(folder: &Path, target: &Path, args: &[&str]) {
    let mut command = own_shell("cargo", folder);
    command.args(["test", "--quiet", "--offline", "--target-dir"]).arg(target).args(args);
    let tested = ran(command.output().unwrap());
    assert_eq!(tested.code, 0, "{tested:?}");
}
