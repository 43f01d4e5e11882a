//! `wasp call`.

use crate::command::{example, fails, file, json, plugin, prints, root, wasp};

#[test]
fn values_are_read_by_the_signature() {
    for name in ["c", "rust", "assemblyscript"] {
        let file = example(name);
        assert_eq!(prints(&["call", &file, "hello", "Grüße"]), "Hello Grüße\n");
        assert_eq!(prints(&["call", &file, "sum", "-3", "2"]), "-1\n");
        // As bytes, no line ends.
        assert_eq!(prints(&["call", &file, "reverse", "123"]), "321");
    }
}

#[test]
fn values_come_from_files() {
    let (_folder, path) = file("in.txt", "abc");
    let from = format!("@{path}");
    assert_eq!(prints(&["call", &example("c"), "reverse", &from]), "cba");
    assert_eq!(prints(&["call", &example("c"), "hello", &from]), "Hello abc\n");
    assert_eq!(prints(&["call", &example("c"), "hello", "@@Nic"]), "Hello @Nic\n");
    let missing = fails(&["call", &example("c"), "hello", "@/nowhere"], 3);
    let expected = "wasp: argument 1: file \"/nowhere\": No such file or directory\n";
    assert_eq!(missing, expected);
}

#[test]
fn results_have_their_kind_for_machines() {
    let result = |args: &[&str]| {
        let value = json(&[&["call", &plugin("kinds")], args].concat());
        format!("{} {}", value["kind"], value["value"])
    };
    assert_eq!(result(&["numbers", "1", "0.5", "-2.5", "3"]), "\"f64\" 2.0");
    assert_eq!(result(&["float", "0.1"]), "\"f32\" 0.1");
    assert_eq!(result(&["float", "inf"]), "\"f32\" \"inf\"");
    assert_eq!(result(&["class", "-9223372036854775808"]), "\"i64\" -9223372036854775808");
    assert_eq!(result(&["raw-json", "{\"a\": [1]}"]), "\"json\" {\"a\":[1]}");
    assert_eq!(result(&["nothing"]), "\"none\" null");
    let bytes = json(&["call", &example("c"), "reverse", "abc"]);
    assert_eq!(bytes["value"], "636261");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |args: &[&str]| fails(&[&["call", &plugin("kinds")], args].concat(), 2);
    assert_eq!(refused(&["class", "x"]), "wasp: argument 1 is \"x\", and an i64 is accepted\n");
    assert!(refused(&["raw-json", "x"]).contains("argument 1 is \"x\", which is no JSON"));
    assert!(refused(&["class"]).contains("it takes 1 argument, not 0"));
    assert!(
        refused(&["classy", "1"]).contains("exports no function \"classy\" (\"class\" is there)")
    );
    assert!(refused(&["class", "1", "--returns", "text"]).contains("the kind \"text\" is none"));
    assert!(refused(&["nothing", "--timeout", "0"]).contains("a number of seconds above 0"));
    assert!(refused(&["nothing", "--memory", "x"]).contains("a size such as 64MB"));
    assert!(refused(&["nothing", "--env", "x"]).contains("NAME=VALUE is accepted"));
}

#[test]
fn callbacks_are_answered() {
    let call =
        |callback: &str| prints(&["call", &example("c"), "callback", "--callback", callback]);
    assert_eq!(call("env.call_me=Hello Nic"), "Hello Nic\n");
    assert_eq!(call("env.call_me(name: string) string=a=b"), "a=b\n");
    let asks =
        |callback: &str| prints(&["call", &plugin("broken"), "asks", "--callback", callback]);
    assert_eq!(asks("env.call_me=42"), "42\n");
    let missing = fails(&["call", &example("c"), "callback"], 1);
    assert!(missing.contains("it called the missing import \"env\".\"call_me\""), "{missing}");
    assert!(missing.contains("\n    at callback ("), "{missing}");
    let wrong = fails(&["call", &example("c"), "callback", "--callback", "call_me=1"], 2);
    assert!(wrong.contains("MODULE.NAME=VALUE"), "{wrong}");
}

#[test]
fn the_workspace_is_the_plugins() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.txt"), "from the host").unwrap();
    let workspace = folder.path().to_str().unwrap();
    let text = prints(&["call", &example("c"), "workspace", "Nic", "--workspace", workspace]);
    assert_eq!(text, "Nic from the host\n");
    let written = std::fs::read_to_string(folder.path().join("out.txt")).unwrap();
    assert_eq!(written, "Nic from the host");
}

#[test]
fn failures_are_told_on_one_line_without_what_drives_a_terminal() {
    let told = fails(&["call", &plugin("broken"), "red"], 1);
    assert_eq!(told, "wasp: no\\u{1b}[31m\\n!\n");
    let error = &json(&["call", &plugin("broken"), "red"])["error"];
    assert_eq!((&error["kind"], &error["message"]), (&"guest".into(), &r"no\u{1b}[31m\n!".into()));
}

#[test]
fn limits_end_a_call() {
    let spins = fails(&["call", &plugin("broken"), "spins", "--timeout", "0.05"], 1);
    assert!(spins.contains("ran past its time limit of 50ms"), "{spins}");
    let memory = fails(&["call", &example("rust"), "hello", "Nic", "--memory", "64KiB"], 1);
    assert!(memory.contains("memory"), "{memory}");
}

#[test]
fn undeclared_results_are_read_on_request() {
    let wat = r#"(module (memory (export "memory") 1) (data (i32.const 8) "text\00")
        (func (export "text") (result i32) (i32.const 8)))"#;
    let (_folder, path) = file("plain.wat", wat);
    let ran = wasp(&["call", &path, "text"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "8\n"));
    assert!(ran.stderr.contains("--returns string"), "{ran:?}");
    let ran = wasp(&["call", &path, "text", "--returns", "string"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("text\n", ""));
}

#[test]
fn functions_of_scripts_are_called() {
    let script = root("examples/plugins/lua/plugin.lua");
    let script = script.to_str().unwrap();
    let callback = "env.call_me(string) string=Hello Nic";
    assert_eq!(prints(&["call", script, "sum", "1", "2", "--callback", callback]), "3\n");
    assert_eq!(prints(&["call", script, "callback", "--callback", callback]), "Hello Nic\n");
    let unknown = fails(&["call", script, "callback", "--callback", "env.call_me=x"], 2);
    assert!(unknown.contains("\"env.call_me(string) string=VALUE\""), "{unknown}");
}

#[test]
fn a_script_that_lacks_a_function_of_the_host_is_told_how_to_give_one() {
    for (name, text) in [
        ("a.js", "import { lookup } from 'wasp:env'; export const f = () => lookup('a')"),
        (
            "a.lua",
            "local env = require 'wasp.env' return { f = function() return env.lookup('a') end }",
        ),
    ] {
        let (_folder, script) = file(name, text);
        let lacks = fails(&["call", &script, "f"], 1);
        assert!(lacks.contains("--callback \"env.lookup(string) string=VALUE\""), "{lacks}");
        let callback = ["--callback", "env.lookup(string) string=here"];
        assert_eq!(prints(&[&["call", &script, "f"], &callback[..]].concat()), "here\n");
    }
}

#[test]
fn a_callback_that_is_not_imported_is_told_with_one_that_is() {
    let lacks = fails(&["call", &example("c"), "hello", "Nic", "--callback", "env.cal_me=Nic"], 2);
    assert_eq!(lacks, "wasp: the plugin imports no \"env.cal_me\" (\"env.call_me\" is there)\n");
}
