//! `wasp bench`, and the command line as a whole.

use crate::command::{json, plugin, prints, wasp};

#[test]
fn calls_are_measured() {
    let args = ["bench", &plugin("kinds"), "class", "1", "--seconds", "0.01"];
    let text = prints(&args);
    for name in ["registration", "call", "fresh sandbox"] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{text}");
    }
    let measured = json(&args);
    assert!(measured["call"]["calls"].as_u64().unwrap() > 0, "{measured}");
    let fails = wasp(&["bench", &plugin("broken"), "raises", "x"]);
    assert_eq!(fails.code, 1);
}

#[test]
fn help_and_completions_are_there() {
    assert!(prints(&["--help"]).contains("Exit codes: 0 done;"));
    for command in
        ["inspect", "call", "run", "check", "bench", "compile", "build", "bindgen", "new"]
    {
        assert!(prints(&[command, "--help"]).contains("Usage: wasp"), "{command}");
    }
    assert!(prints(&["completions", "bash"]).contains("_wasp()"));
    assert!(prints(&["--version"]).starts_with("wasp 0."));
    assert_eq!(wasp(&["inspekt"]).code, 2);
}
