//! Failures of calls: wrong arguments, and plugins that fail in the ways that they may.

use crate::plugins;

use plugins::{binary, engine, fails, instance, live, on_both, plugin};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Kind, Log, Value};

#[test]
fn nothing_of_a_name() {
    let wat = r#"
        (func (export "f")) (global (export "global") i32 (i32.const 0))
        (memory (export "memory") 1) (table (export "table") 1 funcref)"#;
    on_both(|engine| {
        let unknown = |name: &str| format!("no plugin is registered as {name:?}");
        fails(engine.instance("p", None), PluginNotFound, &unknown("p"));
        fails(engine.instance("a\nb", None), PluginNotFound, &unknown("a\nb"));
        fails(engine.unregister("p"), PluginNotFound, &unknown("p"));

        let mut p = instance(engine, wat, &Config::new());
        let mut refuses = |name: &str, message: &str| {
            let error = fails(p.call(name, &[], Kind::None), FunctionNotFound, message);
            assert_eq!(error.function(), Some(name));
        };
        refuses("g", r#"plugin "p" exports no function "g""#);
        refuses("", r#"plugin "p" exports no function """#);
        refuses("F", r#"plugin "p" exports no function "F" ("f" is there)"#);
        refuses("f\0\n", r#"plugin "p" exports no function "f\0\n""#);
        refuses("memory", r#"plugin "p" exports "memory" as a memory, not as a function"#);
        refuses("global", r#"plugin "p" exports "global" as a global, not as a function"#);
        refuses("table", r#"plugin "p" exports "table" as a table, not as a function"#);
        p.call("f", &[], Kind::None).unwrap();
    });
}

#[test]
fn arguments_and_results_that_do_not_fit() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        let mut refuses = |name: &str, args: &[Value<'_>], result, message: &str| {
            let message = format!(r#"plugin "p", function "{name}": {message}"#);
            let error = fails(p.call(name, args, result), Signature, &message);
            assert_eq!(error.function(), Some(name));
        };
        refuses("i32", &[], Kind::I32, "it takes 1 argument, not 0");
        refuses("nothing", &[1.into()], Kind::None, "it takes 0 arguments, not 1");
        refuses("i32", &[1.into(); 20], Kind::I32, "it takes 1 argument, not 20");
        let fit = "which does not fit";
        let mut refuses_argument = |name: &str, arg: Value<'_>, message: &str| {
            refuses(name, &[arg], Kind::None, &format!("argument 1 is {message}"));
        };
        refuses_argument("i32", Value::None, &format!("none [none], {fit} i32"));
        refuses_argument("i32", (1_i64 << 40).into(), &format!("i64 [1099511627776], {fit} i32"));
        refuses_argument("i32", (1_i64 << 32).into(), &format!("i64 [4294967296], {fit} i32"));
        refuses_argument("i32", 0.5_f32.into(), &format!("f32 [0.5], {fit} i32"));
        refuses_argument("i64", f64::NAN.into(), &format!("f64 [NaN], {fit} i64"));
        refuses_argument("i64", "5".into(), &format!(r#"string ["5"], {fit} i64"#));
        refuses_argument("f32", 4e38_f64.into(), &format!("f64 [4e38], {fit} f32"));
        refuses_argument("f64", b"12345678".into(), &format!("bytes [8 bytes], {fit} f64"));
        refuses("nothing", &[], Kind::I32, "its result is none, not i32");
        refuses("nothing", &[], Kind::String, "its result is none, not string");
        refuses("i64", &[1.into()], Kind::String, "its result is i64, not string");
        refuses("f32", &[1.into()], Kind::Bytes, "its result is f32, not bytes");
        let large = [Value::I64(1 << 40)];
        refuses("i64", &large, Kind::I32, "its result [1099511627776] does not fit i32");
        refuses("f64", &[0.5.into()], Kind::I64, "its result [0.5] does not fit i64");

        let nul = r#"plugin "p", function "string": a string with a NUL inside can't be passed to a plugin; bytes can"#;
        for text in ["\0", "a\0", "\0a", "a\0b"] {
            fails(p.call("string", &[text.into()], Kind::String), Invalid, nul);
        }
        // None of it was the end of the instance, and nothing was left behind.
        assert_eq!(p.call("i32", &[7.into()], Kind::I32).unwrap(), Value::I32(7));
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn types_without_a_plain_value() {
    let wat = r#"
        (func (export "takes") (param i32 externref))
        (func (export "gives") (result funcref) (ref.null func))
        (func (export "two") (result i32 i64) (i32.const 1) (i64.const 2))
        (func (export "nine") (result i32 i32 i32 i32 i32 i32 i32 i32 i32) unreachable)"#;
    let refuses = |engine: &Engine, wat: &str, name: &str, args: &[Value<'_>], message: &str| {
        let mut p = instance(engine, wat, &Config::new());
        for result in [Kind::None, Kind::I32, Kind::String] {
            let message = format!(r#"plugin "p", function "{name}": {message}"#);
            fails(p.call(name, args, result), Signature, &message);
        }
    };
    on_both(|engine| {
        let args = [1.into(), 2.into()];
        let message = "argument 2 is of type externref, which has no plain value";
        refuses(engine, wat, "takes", &args, message);
        let message = "its result is of type funcref, which has no plain value";
        refuses(engine, wat, "gives", &[], message);
        let many =
            |count| format!("it gives {count} results, and a plugin's function gives at most one");
        refuses(engine, wat, "two", &[], &many(2));
        refuses(engine, wat, "nine", &[], &many(9));
    });
    let cranelift = engine(Compiler::Cranelift, Log::default());
    let wat = r#"(func (export "takes") (param v128))
        (func (export "gives") (result v128) (v128.const i64x2 1 2))"#;
    let message = "argument 1 is of type v128, which has no plain value";
    refuses(&cranelift, wat, "takes", &[1.into()], message);
    let message = "its result is of type v128, which has no plain value";
    refuses(&cranelift, wat, "gives", &[], message);
}

#[test]
fn a_plugin_raises_an_error_and_stays_usable() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("fails"), &Config::new());
        for text in ["", "oh", "Öl ist aus\nund Wasser auch", &"x".repeat(100_000)] {
            // The plugin's own words, on one line, and nothing else.
            let error = p.call("raise", &[text.into()], Kind::None).unwrap_err();
            let line = text.replace('\n', "\\n");
            assert_eq!((error.kind(), error.to_string()), (Guest, line));
            assert_eq!(error.function(), Some("raise"));
            assert_eq!(live(&mut p), 0);
        }
        // Whatever it returns afterwards, and the last one counts.
        fails(p.call("raise_and_return", &["oh".into()], Kind::String), Guest, "oh");
        assert_eq!(live(&mut p), 0);
        fails(p.call("raise_twice", &["second".into()], Kind::I32), Guest, "second");
        assert_eq!(live(&mut p), 0);
        assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
        // A trap afterwards is the end, and what was raised its reason; a page of it is enough.
        let trap = r#"plugin "p", function "raise_and_trap": unreachable; it raised: oh"#;
        fails(p.call("raise_and_trap", &["oh".into()], Kind::None), Trap, trap);
        p.reset().unwrap();
        let long = "ö".repeat(100_000);
        let error = p.call("raise_and_trap", &[long.as_str().into()], Kind::None).unwrap_err();
        assert_eq!(error.to_string().matches('ö').count(), 1024);
        p.reset().unwrap();
        assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
    });
}

#[test]
fn a_plugin_aborts_as_assemblyscript_does() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("fails"), &Config::new());
        let mut aborts = |name: &str, message: &str| {
            let message = format!(r#"plugin "p", function "{name}": {message}"#);
            fails(p.call(name, &[], Kind::None), Abort, &message);
            assert_eq!(p.call("seven", &[], Kind::I32).unwrap_err().kind(), Poisoned);
            p.reset().unwrap();
        };
        aborts("abort", "the plugin aborted: Öl 🦀, at assembly/index.ts:12:4294967295");
        aborts("abort_without_file", "the plugin aborted: Öl 🦀");
        aborts("abort_without_message", "the plugin aborted, at assembly/index.ts:1:2");
        aborts("abort_without_anything", "the plugin aborted");
    });
}

#[test]
fn a_plugin_exits() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("fails"), &Config::new());
        for code in [0, 1, 3, 255, -1, i32::MIN] {
            let message =
                format!(r#"plugin "p", function "exit": the plugin exited with code {code}"#);
            let error = fails(p.call("exit", &[code.into()], Kind::None), Exit, &message);
            assert_eq!(error.exit_code(), Some(code));
            let message = format!(
                r#"plugin "p", function "seven": the instance was stopped half-way and must be reset first ({message})"#
            );
            fails(p.call("seven", &[], Kind::I32), Poisoned, &message);
            p.reset().unwrap();
        }
        assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
    });
}

#[test]
fn a_plugin_without_memory_exits_and_aborts_too() {
    let wat = r#"
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
        (import "env" "raise_error" (func $raise (param i32)))
        (func (export "exit") (call $exit (i32.const 3)))
        (func (export "abort")
          (call $abort (i32.const 64) (i32.const 64) (i32.const 1) (i32.const 2)))
        (func (export "raise") (call $raise (i32.const 64)))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        let mut ends = |name: &str, kind, message: &str| {
            let message = format!(r#"plugin "p", function "{name}": {message}"#);
            fails(p.call(name, &[], Kind::None), kind, &message);
            p.reset().unwrap();
        };
        ends("exit", Exit, "the plugin exited with code 3");
        ends("abort", Abort, "the plugin aborted");
        ends(
            "raise",
            Abi,
            r#"host function "env"."raise_error": no memory is exported as "memory", which passing string needs"#,
        );
    });
}

#[test]
fn traps_say_what_happened() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("traps"), &Config::new());
        let mut traps = |name: &str, args: &[Value<'_>], message: &str| {
            let message = format!(r#"plugin "p", function "{name}": {message}"#);
            let error = fails(p.call(name, args, Kind::None), Trap, &message);
            assert_eq!(error.function(), Some(name));
            assert_eq!(p.call("count", &[], Kind::I32).unwrap_err().kind(), Poisoned);
            p.reset().unwrap();
            // Memory and globals are those of a new instance.
            assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(1));
            assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(4));
        };
        traps("unreachable", &[], "unreachable");
        let memory = "out of bounds memory access";
        traps("read", &[131_069.into()], memory);
        traps("read", &[(-1).into()], memory);
        traps("write", &[131_065.into()], memory);
        traps("write", &[i32::MAX.into()], memory);
        traps("copy", &[], memory);
        traps("fill", &[], memory);
        traps("init", &[], memory);
        traps("divide", &[0.into()], "integer divide by zero");
        traps("remainder", &[0.into()], "integer divide by zero");
        traps("overflow", &[], "integer overflow");
        traps("truncate", &[1e10.into()], "integer overflow");
        traps("truncate", &[f64::NAN.into()], "invalid conversion to integer");
        let table = "undefined element: out of bounds table access";
        traps("indirect", &[3.into()], table);
        traps("indirect", &[(-1).into()], table);
        traps("indirect", &[0.into()], "uninitialized element");
        traps("indirect_number", &[1.into()], "indirect call type mismatch");
        traps("table_get", &[3.into()], table);
        traps("table_copy", &[], table);
        traps("table_init", &[], table);
        traps("forever", &[], "call stack exhausted");
        let large = [Value::I64(1); 4];
        traps("wide", &large, "call stack exhausted");
    });
}

#[test]
fn a_trace_names_functions_and_offsets() {
    let module = binary(&plugin("traps"));
    on_both(|engine| {
        engine.register("p", &module, &Config::new()).unwrap();
        let mut p = engine.instance("p", None).unwrap();
        let error = p.call("unreachable", &[], Kind::None).unwrap_err();
        let names: Vec<_> = error.trace().iter().map(|f| f.function.as_deref().unwrap()).collect();
        assert_eq!(names, ["innermost", "middle", "middle", "middle", "outer"]);
        let indices: Vec<_> = error.trace().iter().map(|frame| frame.function_index).collect();
        assert_eq!(indices, [0, 1, 1, 1, 2]);
        // The instructions there: unreachable, and calls.
        let opcodes: Vec<_> =
            error.trace().iter().map(|frame| module[frame.module_offset as usize]).collect();
        assert_eq!(opcodes, [0x00, 0x10, 0x10, 0x10, 0x10]);

        // Nothing was running.
        let error = p.call("nothing", &[], Kind::None).unwrap_err();
        assert!(error.trace().is_empty());
    });
}

/// The lists of error kinds that are written by hand, one for each language, say the same as the C API's constants.
#[test]
fn kinds_are_the_same_in_every_language() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let c = read("wasp-capi/src/error.rs");
    let constants: Vec<(&str, &str)> = c
        .lines()
        .filter_map(|line| line.strip_prefix("pub const WASP_ERROR_"))
        .map(|rest| (rest.split(':').next().unwrap(), rest.split("= ").nth(1).unwrap()))
        .collect();
    assert!(constants.len() >= 19, "{constants:?}");
    let docs = read("docs/errors.md");
    let (go, python, node) = (
        read("bindings/go/engine/error_kind.go"),
        read("bindings/python/python/wasp/_errors.py"),
        read("bindings/node/index.d.ts"),
    );
    for (name, number) in constants {
        let number = number.trim_end_matches(';');
        let row = docs.lines().find(|line| line.contains(&format!("`WASP_ERROR_{name}`")));
        let row = row.unwrap_or_else(|| panic!("docs/errors.md has no {name}"));
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let &[_, in_docs, _, _, in_go, in_python, in_node, _] = &cells[..] else { panic!("{row}") };
        assert_eq!(in_docs, number, "{row}");
        assert_eq!(in_python.trim_matches('"'), name.to_lowercase());
        for (text, word) in [
            (&go, in_go.to_owned()),
            (&python, in_python.to_owned()),
            (&node, format!("'{in_node}'")),
        ] {
            let word = if text.contains(&word) { word } else { word.replace('\'', "\"") };
            assert!(text.contains(&word), "{word} is missing in a language's list");
        }
    }
}

#[test]
fn what_a_plugin_says_stays_on_one_line_and_off_the_terminal() {
    let wat = r#"
        (import "env" "raise_error" (func $raise (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "a\n\1b[31mb\00")
        (func $raises (export "raises") (call $raise (i32.const 16)))
        (func $"c\n\1b[31md" (export "e\n\1b[31mf") (unreachable))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        fails(p.call("raises", &[], Kind::None), Guest, r"a\n\u{1b}[31mb");
        let error = p.call("e\n\x1b[31mf", &[], Kind::None).unwrap_err();
        assert_eq!(error.to_string(), r#"plugin "p", function "e\n\u{1b}[31mf": unreachable"#);
        assert_eq!(error.trace()[0].function.as_deref(), Some(r"c\n\u{1b}[31md"));
    });
}
