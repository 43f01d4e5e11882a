//! The helpers for Go and AssemblyScript: ordinary functions, whose signatures are derived. `wasp check` is what proves them.

use crate::command::{prints, ran, root, wasp};
use std::path::Path;
use std::process::Command;

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
