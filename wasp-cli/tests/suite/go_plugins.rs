//! The helper for Go: ordinary functions, whose signatures are derived, and their native tests.

use crate::command::{passes_check, prints, ran, root, wasp};
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
    assert_eq!(call(&["small", "-5", "65535"]), "250\n");
    assert_eq!(call(&["raw", "{\"a\":1}"]), "{\"a\":1}\n");
    assert_eq!(call(&["isEmpty", ""]), "1\n");
    assert_eq!(call(&["callback"]), "NIC\n");
    let fails = |args: &[&str]| {
        wasp(&[&["call", module, "--compiler", "singlepass"], args].concat()).stderr
    };
    assert!(fails(&["fail"]).contains("on purpose"));
    assert!(fails(&["hello", "nobody"]).contains("nobody is there"));
    let older = fails(&["older", "5", "1"]);
    assert!(older.contains("the argument \"people\": json: cannot unmarshal number"), "{older}");
    let small = fails(&["small", "128", "0"]);
    assert!(small.contains("the argument \"a\" is 128, and -128 to 127 are accepted"), "{small}");
    let small = fails(&["small", "1", "-1"]);
    assert!(small.contains("the argument \"b\" is -1, and 0 to 65535 are accepted"), "{small}");
    assert!(fails(&["unmarshalable"]).contains("json: unsupported type: func()"));
    let panicked = fails(&["panics", "13"]);
    assert!(panicked.contains("unreachable; its stderr: \"panic: it is unlucky"), "{panicked}");
    let answers = |args: &[&str], callback: &str| {
        let call = ["call", module, "--compiler", "singlepass", "--callback", callback];
        wasp(&[&call[..], args].concat())
    };
    let look_up = |answer: &str| {
        answers(&["age", "Nic"], &format!("env.look_up(string, json) json={answer}"))
    };
    assert_eq!(look_up("{\"age\": 41}").stdout, "41\n");
    let wrong = look_up("[]").stderr;
    assert!(wrong.contains("the result of \"env\".\"look_up\": json: cannot"), "{wrong}");
    assert_eq!(answers(&["counted"], "env.count(i32) i32=-7").stdout, "-7\n");
    let wrong = answers(&["counted"], "env.count(i32) i32=32768").stderr;
    assert!(wrong.contains("\"count\" is 32768, and -32768 to 32767 are accepted"), "{wrong}");
    let callbacks = [
        "--callback",
        "env.call_me(string) string=Nic",
        "--callback",
        "env.look_up(string, json) json={\"age\": 41}",
        "--callback",
        "env.count(i32) i32=-7",
    ];
    passes_check(module, &[&["--timeout", "100"], &callbacks[..]].concat());
    let listed = prints(&[&["inspect", module, "--start"], &callbacks[..]].concat());
    assert!(
        listed.contains("  hello(name: string) string  # Hello greets somebody.\n"),
        "{listed}"
    );
}
