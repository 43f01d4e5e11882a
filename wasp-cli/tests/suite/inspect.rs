//! `wasp inspect`.

use crate::command::{example, fails, file, json, plugin, prints, program, ran, root, wasp};

#[test]
fn functions_and_imports_are_listed() {
    let text = prints(&["inspect", &example("c")]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("c.wasm: a module, "), "{text}");
    assert_eq!(lines[1], "  sum(a: i32, b: i32) i32");
    assert_eq!(lines[2], "  hello(name: string) string  # Greets");
    let missing = r#"  import "env"."call_me" as (i32) -> i32, which a callback must provide"#;
    assert!(lines.contains(&missing), "{text}");
    assert!(lines.last().unwrap().starts_with("  WASI: "), "{text}");
}

#[test]
fn proposals_are_named() {
    let go = prints(&["inspect", &example("go")]);
    let used = "  proposals: sign extension, saturating conversions of floats, bulk memory\n";
    assert!(go.ends_with(used), "{go}");
    assert_eq!(json(&["inspect", &example("c")])["proposals"], serde_json::json!([]));
    assert_eq!(json(&["inspect", &example("go")])["proposals"][2], "bulk memory");
}

#[test]
fn machines_are_told_the_same() {
    let info = json(&["inspect", &example("c")]);
    let hello = &info["functions"][1];
    assert_eq!(hello["signature"], "hello(name: string) string");
    assert_eq!((&hello["params"][0], &hello["docs"]), (&"string".into(), &"Greets".into()));
    assert_eq!(info["imports"][0]["provider"], "missing");
    assert_eq!((&info["wasi"], &info["memory_used"]), (&true.into(), &0.into()));
    assert!(info["abi"].as_array().unwrap().contains(&"allocate".into()));
}

#[test]
fn nothing_is_started_and_nothing_acts_on_a_terminal() {
    let ran = wasp(&["inspect", &plugin("hostile")]);
    assert_eq!(ran.code, 0);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
    assert!(ran.stdout.contains(r"b\u{1b}[31m()"), "{ran:?}");
    let started = fails(&["inspect", &plugin("hostile"), "--start", "--timeout", "0.1"], 1);
    assert!(started.contains("ran past its time limit"), "{started}");
}

#[test]
fn what_start_up_declares_is_known_when_it_is_started() {
    // Go makes its listing when it is asked.
    let go = example("go");
    assert!(prints(&["inspect", &go]).contains("  sum(i32, i32) i32?\n"));
    assert!(prints(&["inspect", &go, "--start"]).contains("  sum(a: i32, b: i32) i32\n"));
    assert!(prints(&["inspect", &example("rust")]).contains("  sum(a: i32, b: i32) i32\n"));
}

#[test]
fn scripts_are_listed_when_they_are_loaded() {
    let (_folder, script) =
        file("greeter.lua", "return { hello = function(name) return name end }");
    let ran = wasp(&["inspect", &script]);
    assert!(ran.stdout.contains("greeter.lua: a script in lua, 49 bytes"), "{ran:?}");
    assert!(ran.stderr.contains("--start loads it in a sandbox"), "{ran:?}");
    assert!(prints(&["inspect", &script, "--start"]).contains("  hello(name: any) any\n"));
}

#[test]
fn files_that_are_no_plugins_are_refused() {
    let missing = fails(&["inspect", "/nowhere/p.wasm"], 3);
    assert_eq!(missing, "wasp: file \"/nowhere/p.wasm\": No such file or directory\n");
    let source = root("Cargo.toml");
    let refused = fails(&["inspect", source.to_str().unwrap()], 3);
    assert!(refused.ends_with("it is not WebAssembly, neither binary nor text\n"), "{refused}");
    let error = &json(&["inspect", "/nowhere/p.wasm"])["error"];
    assert_eq!(error["kind"], "io");
}

#[test]
fn a_module_may_come_by_a_pipe() {
    let told = prints(&["inspect", &example("go")]).replace(&example("go"), "/dev/stdin");
    for (args, told) in [(&[][..], Some(told)), (&["--start"], None)] {
        let (pipe, mut writer) = std::io::pipe().unwrap();
        let module = std::fs::read(example("go")).unwrap();
        let writes = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &module));
        let mut command = program();
        command.args(["inspect", "/dev/stdin"]).args(args).stdin(pipe);
        let inspected = ran(command.output().unwrap());
        writes.join().unwrap().unwrap();
        assert_eq!(inspected.code, 0, "{inspected:?}");
        assert!(told.is_none_or(|told| told == inspected.stdout), "{}", inspected.stdout);
        assert!(inspected.stdout.contains("  proposals: sign extension, "), "{inspected:?}");
    }
}
