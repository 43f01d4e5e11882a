//! Registering plugins: imports, signatures, limits and directories that are wrong.

use crate::alone::alone;
use crate::plugins;

use plugins::{fails, on_both, path, with_allocator, with_limits};
use std::path::Path;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Import, Kind, Limits, Value};

fn import(module: &str, name: &str) -> Import {
    Import { module: module.into(), name: name.into() }
}

#[test]
fn missing_imports_are_named_all_at_once() {
    let wat = r#"
        (import "env" "call_me" (func (param i32) (result i32)))
        (import "env" "other" (func (param i32 i64) (result f32)))
        (import "a \"b\"" "größe\n" (func))
        (import "env" "fine" (func))
        (import "env" "memory" (memory 1))
        (import "env" "table" (table 1 funcref))
        (import "env" "global" (global i32))
        (import "wasi_snapshot_preview1" "fd_open" (func))
        (import "wasi_snapshot_preview1" "fd_close" (func (param i64)))
        (import "env" "abort" (func (param i32)))
        (import "env" "raise_error" (func (param i32) (result i32)))"#;
    let mut config = Config::new();
    config
        .callback("env", "fine", &[], Kind::None, |_, _| Ok(()))
        .callback("env", "other", &[Kind::String, Kind::I32], Kind::F32, |_, _| Ok(()))
        .callback("host", "call_me", &[Kind::String], Kind::String, |_, _| Ok(()));
    on_both(|engine| {
        let message = [
            r#"plugin "p": it imports "env"."call_me" as (i32) -> i32, which no callback provides ("host"."call_me" is there)"#,
            r#""env"."other" as (i32, i64) -> f32, while the callback "env"."other" is (i32, i32) -> f32"#,
            r#""a \"b\""."größe\n" as () -> (), which no callback provides"#,
            r#"memory "env"."memory", but only functions can be imported"#,
            r#"table "env"."table", but only functions can be imported"#,
            r#"global "env"."global", but only functions can be imported"#,
            r#""wasi_snapshot_preview1"."fd_open" as () -> (), which WASI preview 1 doesn't have"#,
            r#""wasi_snapshot_preview1"."fd_close" as (i64) -> (), while the WASI function "fd_close" is (i32) -> i32"#,
            r#""env"."abort" as (i32) -> (), while the host function "env"."abort" is (i32, i32, i32, i32) -> ()"#,
            r#""env"."raise_error" as (i32) -> i32, while the host function "env"."raise_error" is (i32) -> ()"#,
        ]
        .join("; ");
        let error = fails(engine.register("p", wat.as_bytes(), &config), ImportNotFound, &message);
        assert_eq!(
            error.imports(),
            [
                import("env", "call_me"),
                import("env", "other"),
                import("a \"b\"", "größe\n"),
                import("env", "memory"),
                import("env", "table"),
                import("env", "global"),
                import("wasi_snapshot_preview1", "fd_open"),
                import("wasi_snapshot_preview1", "fd_close"),
                import("env", "abort"),
                import("env", "raise_error"),
            ]
        );
    });
}

#[test]
fn a_callback_must_have_the_type_of_the_import() {
    let wat = r#"(import "env" "f" (func (param i32 f64)))"#;
    on_both(|engine| {
        let refuses = |params: &[Kind], result, ty: &str| {
            let mut config = Config::new();
            config.callback("env", "f", params, result, |_, _| Ok(()));
            let message = format!(
                r#"plugin "p": it imports "env"."f" as (i32, f64) -> (), while the callback "env"."f" is {ty}"#
            );
            fails(engine.register("p", wat.as_bytes(), &config), ImportNotFound, &message);
        };
        refuses(&[Kind::I32], Kind::None, "(i32) -> ()");
        refuses(&[Kind::F64, Kind::I32], Kind::None, "(f64, i32) -> ()");
        refuses(&[Kind::I32, Kind::F64], Kind::String, "(i32, f64) -> i32");
        refuses(&[Kind::I32, Kind::F32], Kind::None, "(i32, f32) -> ()");
        refuses(&[Kind::I32, Kind::F64, Kind::I64], Kind::None, "(i32, f64, i64) -> ()");
        for params in [[Kind::I32, Kind::F64], [Kind::String, Kind::F64], [Kind::Bytes, Kind::F64]]
        {
            let mut config = Config::new();
            config.callback("env", "f", &params, Kind::None, |_, _| Ok(()));
            engine.register("p", wat.as_bytes(), &config).unwrap();
        }
    });
}

#[test]
fn a_registration_that_fails_changes_nothing() {
    on_both(|engine| {
        let good = r#"(func (export "f") (result i32) (i32.const 7))"#;
        engine.register("p", good.as_bytes(), &Config::new()).unwrap();
        for bad in ["", "(func", r#"(import "a" "b" (func))"#, "(func $f unreachable) (start $f)"] {
            engine.register("p", bad.as_bytes(), &Config::new()).unwrap_err();
        }
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(p.call("f", &[], Kind::I32).unwrap(), Value::I32(7));
    });
}

#[test]
fn signatures_that_the_plugin_gets_wrong() {
    on_both(|engine| {
        let refuses = |fields: &str, kind, message: &str| {
            let message = format!(r#"plugin "p": {message}"#);
            let wat = with_allocator(fields);
            fails(engine.register("p", wat.as_bytes(), &Config::new()), kind, &message);
        };
        let declared = |text: &str| {
            format!(
                r#"(func (export "wasp_signatures") (result i32) (i32.const 1024))
                   (data (i32.const 1024) "{text}")
                   (func (export "f") (param i32 i64)) (global (export "g") i32 (i32.const 0))"#
            )
        };
        let declares = |text: &str, message: &str| {
            refuses(&declared(text), Signature, &format!("\"wasp_signatures\" declares {message}"));
        };
        declares("h()", r#""h", which is not an exported function"#);
        declares("g()", r#""g", which is not an exported function"#);
        let fit = "which does not fit its WebAssembly type (i32, i64) -> ()";
        declares("f()", &format!(r#""f", {fit}"#));
        declares("f(string)", &format!(r#""f", {fit}"#));
        declares("f(i64, string)", &format!(r#""f", {fit}"#));
        declares("f(string, i64) i32", &format!(r#""f", {fit}"#));
        let line = |text: &str, line: &str| {
            let message = format!("\"wasp_signatures\" has a line that is no signature: {line}");
            refuses(&declared(text), Abi, &message);
        };
        line("f(string, i64)\\nhello", r#""hello""#);
        line("f(text, i64)", r#""f(text, i64)""#);
        line("f(string, i64) i32 i32", r#""f(string, i64) i32 i32""#);
        line("f(string, i64", r#""f(string, i64""#);
        let text = r#""wasp_signatures": the string at 0x400 is not UTF-8"#;
        refuses(&declared("f\\ff()"), Abi, text);

        let export = |body: &str| format!(r#"(func (export "wasp_signatures") {body})"#);
        refuses(&export("(result i32) unreachable"), Trap, r#""wasp_signatures": unreachable"#);
        refuses(
            &export("(result i32) (i32.const 0)"),
            Abi,
            r#""wasp_signatures": a null pointer where string should be"#,
        );
        refuses(
            &export("(result i32) (i32.const -16)"),
            Abi,
            r#""wasp_signatures": the string pointer 0xfffffff0 is outside its memory of 131072 bytes"#,
        );
        refuses(
            &export("(param i32) (result i64) (i64.const 0)"),
            Abi,
            r#""wasp_signatures" is exported as (i32) -> i64, not as () -> i32"#,
        );
        let wat = export("(result i32) (i32.const 8)");
        fails(
            engine.register("p", wat.as_bytes(), &Config::new()),
            Abi,
            r#"plugin "p": "wasp_signatures": no memory is exported as "memory", which passing string needs"#,
        );
    });
}

#[test]
fn options_that_are_out_of_range() {
    on_both(|engine| {
        let wat = b"(module)";
        for bytes in [0, 1, (64 << 10) - 1, (100 << 20) + 1, usize::MAX] {
            let mut limits = Limits::default();
            limits.stack_bytes = bytes;
            let mut config = Config::new();
            config.limits(limits);
            let message = format!(
                r#"plugin "p": a stack limit of {bytes} bytes is not between 64 KiB and 100 MiB"#
            );
            fails(engine.register("p", wat, &config), Invalid, &message);
        }
        for bytes in [64 << 10, 100 << 20] {
            let mut limits = Limits::default();
            limits.stack_bytes = bytes;
            let mut config = Config::new();
            engine.register("p", wat, config.limits(limits)).unwrap();
            engine.instance("p", None).unwrap();
        }
    });
}

#[test]
fn directories_that_do_not_exist() {
    on_both(|engine| {
        let mut config = Config::new();
        config.volume("/data", "/nowhere/at/all", true);
        fails(
            engine.register("p", b"(module)", &config),
            Io,
            r#"plugin "p": volume "/data" at "/nowhere/at/all": No such file or directory"#,
        );
        let file = path("echo.wat");
        let mut config = Config::new();
        config.volume("/data", &file, true);
        fails(
            engine.register("p", b"(module)", &config),
            Io,
            &format!(r#"plugin "p": volume "/data" at {file:?}: Not a directory"#),
        );
        let mut config = Config::new();
        config.volume("data", "/tmp", true);
        fails(
            engine.register("p", b"(module)", &config),
            Invalid,
            r#"plugin "p": volume "data" is not absolute"#,
        );
        engine.register("p", b"(module)", &Config::new()).unwrap();
        fails(
            engine.instance("p", Some(Path::new("/nowhere/at/all"))),
            Io,
            r#"plugin "p": workspace "/nowhere/at/all": No such file or directory"#,
        );
        fails(
            engine.instance("p", Some(&file)),
            Io,
            &format!(r#"plugin "p": workspace {file:?}: not a directory"#),
        );
    });
}

#[test]
fn the_same_module_under_many_names_is_compiled_once() {
    alone("register::compiled_once");
}

/// How many mappings of this process have code that no file has.
pub fn code_mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains("r-xp") && line.trim_end().ends_with(" 0")).count()
}

#[test]
#[ignore = "counts the mappings of its process: run by the_same_module_under_many_names_is_compiled_once"]
fn compiled_once() {
    let wat = r#"(memory (export "memory") 1)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#;
    on_both(|engine| {
        let before = code_mappings();
        let with_pages = |pages: u64| with_limits(|limits| limits.memory_bytes = pages << 16);
        // Threads that come at once wait for one of them.
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                scope.spawn(move || {
                    for name in 0..5 {
                        let name = format!("{thread}.{name}");
                        engine.register(&name, wat.as_bytes(), &with_pages(1 + thread)).unwrap();
                    }
                });
            }
        });
        assert_eq!(code_mappings(), before + 1);
        // What is a plugin's own stays its own.
        for thread in 0..4i32 {
            let mut p = engine.instance(&format!("{thread}.3"), None).unwrap();
            let grown = p.call("grow", &[thread.into()], Kind::I32).unwrap();
            assert_eq!(grown, Value::I32(1));
            assert_eq!(p.call("grow", &[1.into()], Kind::I32).unwrap(), Value::I32(-1));
        }
        engine.register("other", b"(module (func (export \"f\")))", &Config::new()).unwrap();
        assert_eq!(code_mappings(), before + 2);
        for thread in 0..4 {
            for name in 0..5 {
                engine.unregister(&format!("{thread}.{name}")).unwrap();
            }
        }
        assert_eq!(code_mappings(), before + 1, "the last of them frees the code");
        engine.unregister("other").unwrap();
        assert_eq!(code_mappings(), before);
    });
}
