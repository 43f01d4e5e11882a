//! `wasp check`.

use crate::command::{Ran, example, file, json, plugin, prints, wasp};

/// The verdict and the rest of a check's line.
fn line<'a>(ran: &'a Ran, check: &str) -> (&'a str, &'a str) {
    let is_it = |line: &&str| line[10..].starts_with(check);
    let line = ran.stdout.lines().find(is_it).unwrap_or_else(|| panic!("no {check} in {ran:?}"));
    (line[..9].trim(), line[10 + check.len()..].trim())
}

#[test]
fn the_example_plugins_keep_the_rules() {
    for name in ["c", "rust", "assemblyscript"] {
        let text = prints(&[
            "check",
            &example(name),
            "--callback",
            "env.call_me(string) string=Hello Nic",
        ]);
        assert!(text.lines().all(|line| line.starts_with("ok ")), "{name}:\n{text}");
        assert_eq!(text.lines().count(), 11, "{text}");
    }
}

#[test]
fn a_broken_rule_is_named() {
    let ran = wasp(&["check", &plugin("broken"), "--timeout", "1"]);
    assert_eq!(ran.code, 1);
    assert_eq!(line(&ran, "leaks").0, "failed");
    assert!(line(&ran, "leaks").1.starts_with("leaks: memory grows by "), "{ran:?}");
    let (verdict, detail) = line(&ran, "empty");
    assert!(verdict == "failed" && detail.contains("empty: "), "{ran:?}");
    let (verdict, detail) = line(&ran, "calls");
    assert!(verdict == "failed" && detail.contains("scrambles: "), "{ran:?}");
    assert!(detail.contains("spins: the call ran past its time limit"), "{ran:?}");
    // What it raises itself is no fault, and what lacks a callback can't be checked.
    assert!(!detail.contains("raises") && !detail.contains("asks"), "{ran:?}");
    let (verdict, detail) = line(&ran, "imports");
    assert!(verdict == "doubtful" && detail.contains("\"env\".\"call_me\""), "{ran:?}");
    assert_eq!(line(&ran, "reset").0, "ok");
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn one_function_may_be_checked() {
    let args = ["check", &plugin("broken"), "--function", "raises"];
    let report = json(&args);
    assert_eq!(report["passed"], true, "{report}");
    let unknown = wasp(&["check", &plugin("broken"), "--function", "rises"]);
    assert_eq!(unknown.code, 2);
}

#[test]
fn what_lacks_exports_is_told() {
    let verdict = |wat: &str| {
        let (_folder, path) = file("p.wat", wat);
        let report = json(&["check", &path]);
        let exports = &report["checks"][1];
        (exports["verdict"].as_str().unwrap().to_owned(), exports["detail"].clone())
    };
    let listing = |signature: &str, more: &str| {
        format!(
            r#"(module (memory (export "memory") 1) (data (i32.const 8) "{signature}\00")
            (func (export "wasp_signatures") (result i32) (i32.const 8))
            (func (export "f") (param i32)) {more})"#
        )
    };
    let allocate = r#"(func (export "allocate") (param i32) (result i32) (i32.const 1024))"#;
    assert_eq!(verdict(&listing("f(i32)", "")).0, "ok");
    assert_eq!(verdict(&listing("f(string)", "")).0, "failed");
    let (verdict, detail) = verdict(&listing("f(string)", allocate));
    assert_eq!(verdict, "doubtful", "{detail}");
}

#[test]
fn a_plugin_that_does_not_start_is_told() {
    let ran = wasp(&["check", &plugin("hostile"), "--timeout", "0.1"]);
    assert_eq!(ran.code, 1);
    let (verdict, detail) = line(&ran, "start-up");
    assert!(verdict == "failed" && detail.contains("ran past its time limit"), "{ran:?}");
}
