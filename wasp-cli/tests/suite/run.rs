//! `wasp run`.

use crate::command::{fails, file, json, prints, wasp};

#[test]
fn programs_print_and_have_a_value() {
    for (name, program) in [
        ("a.js", "console.log('hi', args[1]); 6 * 7"),
        ("a.lua", "print('hi ' .. args[2]) return 6 * 7"),
    ] {
        let (_folder, path) = file(name, program);
        assert_eq!(prints(&["run", &path, "x", "-1"]), "hi -1\n42\n");
        // The value alone is what machines read.
        assert_eq!(json(&["run", &path, "x", "y"])["value"], 42);
    }
}

#[test]
fn which_python_it_is_must_be_said() {
    let (_folder, path) = file("a.py", "print('hi', args[0])\n6 * 7");
    assert_eq!(prints(&["run", &path, "x", "--language", "pocketpy"]), "hi x\n42\n");
    assert!(fails(&["run", &path], 3).contains("--language pocketpy"));
}

#[test]
fn what_it_throws_is_its_end() {
    let (_folder, path) = file("a.js", "\nthrow new Error('no\\u001b[31m')");
    let told = fails(&["run", &path], 1);
    assert!(told.starts_with("wasp: ") && told.contains(r"no\u{1b}[31m"), "{told}");
    assert!(told.contains("run.js:2"), "{told}");
}

#[test]
fn limits_hold() {
    let (_folder, path) = file("a.js", "for (;;) {}");
    let told = fails(&["run", &path, "--timeout", "1"], 1);
    assert!(told.contains("ran past its time limit of 1s"), "{told}");
}

#[test]
fn what_is_no_program_is_refused() {
    let (_folder, path) = file("a.wat", "(module)");
    assert!(fails(&["run", &path], 2).contains("wasp call"));
    let (_folder, path) = file("a.js", "1");
    assert!(fails(&["run", &path, "--language", "cobol"], 2).contains("\"cobol\" can't be run"));
    assert_eq!(wasp(&["run"]).code, 2);
    let nowhere = ["run", &path, "--runtimes", "/nowhere"];
    assert!(fails(&nowhere, 3).contains("\"/nowhere\" has no \"javascript.wasm\""));
}
