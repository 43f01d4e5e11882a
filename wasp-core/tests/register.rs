//! Registering plugins: files and modules that are none, missing imports, start-up, signatures, limits.

mod plugins;

use plugins::{
    binary, engine, fails, instance, live, on_both, path, plugin, well_formed, with_allocator,
};
use std::path::{Path, PathBuf};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, ErrorKind, Import, Kind, Limits, Log, Value};

/// A file of this process, removed when it is dropped.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("wasp-errors-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn files_that_are_no_modules() {
    let none = Config::new();
    on_both(|engine| {
        let missing = Path::new("/nowhere/at/all.wasm");
        let error = fails(
            engine.register_file("p", missing, &none),
            Io,
            r#"plugin "p": file "/nowhere/at/all.wasm": No such file or directory"#,
        );
        let source = std::error::Error::source(&error).unwrap();
        let source = source.downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
        fails(
            engine.register_file("p", "/tmp", &none),
            Io,
            r#"plugin "p": file "/tmp": Is a directory"#,
        );
        let empty = File::new("empty", b"");
        fails(
            engine.register_file("p", &empty.0, &none),
            Compile,
            r#"plugin "p": the module is empty"#,
        );
        let module = File::new("good", br#"(module (func (export "f")))"#);
        engine.register_file("p", &module.0, &none).unwrap();
        engine.instance("p", None).unwrap().call("f", &[], Kind::None).unwrap();
    });
}

#[test]
fn bytes_that_are_no_modules() {
    on_both(|engine| {
        let refuses = |bytes: &[u8], message: &str| {
            let message = format!(r#"plugin "p": {message}"#);
            fails(engine.register("p", bytes, &Config::new()), Compile, &message);
        };
        let other = "it is not WebAssembly, neither binary nor text";
        let component = "it is a WebAssembly component, and only modules can be plugins";
        refuses(b"", "the module is empty");
        refuses(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", other);
        refuses(b"#!/bin/sh\necho hello\n", other);
        refuses("\u{FEFF}".as_bytes(), other);
        refuses(b" \n\t ", other);
        refuses(b"\xFF\xFE(\0m\0o\0d\0u\0l\0e\0)\0", other);
        refuses(b"\0", other);
        refuses(b"\0asm\x0D\0\x01\0", component);
        refuses(b"(component)", component);
    });
}

#[test]
fn text_that_is_no_module_says_where_on_one_line() {
    on_both(|engine| {
        let broken = b"(module\n  (func (export \"f\") (result i32)\n    (i32.cosnt 5)))";
        let error = engine.register("p", broken, &Config::new()).unwrap_err();
        well_formed(&error);
        assert_eq!(error.kind(), Compile);
        let message = error.to_string();
        assert!(message.starts_with(r#"plugin "p": unknown operator or unexpected token"#));
        assert!(message.contains(":3:6 "), "{message}");
        for text in
            ["(", "(module", "(module))", "(module (func", ";; nothing", "(module \u{1F980})"]
        {
            let error = engine.register("p", text.as_bytes(), &Config::new());
            // A text with nothing but a comment is an empty module.
            if let Err(error) = error {
                assert_eq!(error.kind(), Compile);
                well_formed(&error);
            } else {
                assert_eq!(text, ";; nothing");
            }
        }
    });
}

/// Where the sections of a binary module end, and its header.
fn ends_of_sections(module: &[u8]) -> Vec<usize> {
    let mut ends = vec![8];
    while *ends.last().unwrap() < module.len() {
        let (mut at, mut size, mut shift) = (ends.last().unwrap() + 1, 0, 0);
        loop {
            let byte = module[at];
            at += 1;
            size |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        ends.push(at + size);
    }
    ends
}

#[test]
fn a_module_cut_short_anywhere_is_refused() {
    let module = binary(&plugin("echo"));
    let ends = ends_of_sections(&module);
    on_both(|engine| {
        engine.register("p", &module, &Config::new()).unwrap();
        let mut whole = 0;
        for length in 0..module.len() {
            match engine.register("cut", &module[..length], &Config::new()) {
                // The first sections alone are a module too.
                Ok(()) => {
                    assert!(ends.contains(&length), "{length} of {} bytes", module.len());
                    whole += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), Compile, "{error}");
                    well_formed(&error);
                }
            }
        }
        // Types alone; with functions goes code, at the end.
        assert!((1..=4).contains(&whole), "{whole}");
    });
}

#[test]
fn proposals_that_are_not_supported() {
    let proposals = [
        ("threads", r#"(memory 1 1 shared)"#),
        ("threads", r#"(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"#),
        ("memory64", r#"(memory i64 1)"#),
        ("exceptions", r#"(tag $e) (func (throw $e))"#),
        ("exceptions", r#"(func (block $b (try_table (catch_all $b))))"#),
        ("exceptions", r#"(func (try (do) (catch_all)))"#),
        ("tail calls", r#"(func $f (return_call $f))"#),
        ("gc", r#"(type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))"#),
        ("gc", r#"(func (drop (ref.i31 (i32.const 1))))"#),
        (
            "function references",
            r#"(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))"#,
        ),
        (
            "relaxed simd",
            r#"(func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0))))"#,
        ),
        ("wide arithmetic", r#"(func (drop (drop (i64.mul_wide_u (i64.const 1) (i64.const 1)))))"#),
        ("table64", r#"(table i64 1 funcref)"#),
        ("custom page sizes", r#"(memory 1 (pagesize 1))"#),
        ("stack switching", r#"(type $f (func)) (type $c (cont $f)) (func (param (ref $c)))"#),
    ];
    on_both(|engine| {
        for (proposal, fields) in proposals {
            let Err(error) = engine.register("p", fields.as_bytes(), &Config::new()) else {
                panic!("{proposal} works: {fields}")
            };
            assert_eq!(error.kind(), Compile, "{proposal}: {error}");
            well_formed(&error);
            eprintln!("{proposal}: {error}");
        }
    });
}

#[test]
fn proposals_that_are_supported() {
    let fields = r#"
        (memory $other 1) (memory $one (export "memory") 1)
        (global $g i32 (i32.add (i32.const 40) (i32.const 2)))
        (table $t 1 externref)
        (func $two (result i32 i32) (i32.const 1) (i32.const 2))
        (func (export "works") (result i32)
          (call $two) (drop)
          (i32.extend8_s (i32.const 0xFF))
          (i32.trunc_sat_f64_s (f64.const nan))
          (i32.add) (i32.add)
          (memory.fill $other (i32.const 0) (i32.const 1) (i32.const 4))
          (memory.copy $one $other (i32.const 0) (i32.const 0) (i32.const 4))
          (i32.load8_u $one (i32.const 3))
          (i32.add)
          (table.set $t (i32.const 0) (ref.null extern))
          (global.get $g)
          (i32.add))"#;
    on_both(|engine| {
        let mut p = instance(engine, fields, &Config::new());
        assert_eq!(p.call("works", &[], Kind::I32).unwrap(), Value::I32(43));
    });
    // Vectors are for the compiler that optimises.
    let fields = r#"(func (export "f") (param i32) (result i32)
        (i32x4.extract_lane 3 (i32x4.add (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4))))"#;
    let mut p = instance(&engine(Compiler::Cranelift, Log::default()), fields, &Config::new());
    assert_eq!(p.call("f", &[5.into()], Kind::I32).unwrap(), Value::I32(9));
    let error = engine(Compiler::Singlepass, Log::default())
        .register("p", fields.as_bytes(), &Config::new())
        .unwrap_err();
    assert_eq!(error.kind(), Compile);
    well_formed(&error);
}

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
            r#"plugin "p": it imports "env"."call_me", which no callback provides"#,
            r#""env"."other" as (i32, i64) -> f32, while the callback "env"."other" is (i32, i32) -> f32"#,
            r#""a \"b\""."größe\n", which no callback provides"#,
            r#"memory "env"."memory", but only functions can be imported"#,
            r#"table "env"."table", but only functions can be imported"#,
            r#"global "env"."global", but only functions can be imported"#,
            r#""wasi_snapshot_preview1"."fd_open", which WASI preview 1 doesn't have"#,
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
fn start_up_runs_once_before_anything_else() {
    let start = |name| {
        with_allocator(&format!(
            r#"(global $started (mut i32) (i32.const 0))
               (func (export "{name}") (global.set $started (i32.add (global.get $started) (i32.const 1))))
               (func (export "started") (result i32) (global.get $started))"#
        ))
    };
    on_both(|engine| {
        for name in ["_initialize", "_start"] {
            let mut p = instance(engine, &start(name), &Config::new());
            assert_eq!(p.call("started", &[], Kind::I32).unwrap(), Value::I32(1));
            p.reset().unwrap();
            assert_eq!(p.call("started", &[], Kind::I32).unwrap(), Value::I32(1));
        }
        // `_start` is not run where there is an `_initialize`.
        let both = format!(
            "{}(export \"_start\" (func $trap)) (func $trap unreachable)",
            start("_initialize")
        );
        let mut p = instance(engine, &both, &Config::new());
        assert_eq!(p.call("started", &[], Kind::I32).unwrap(), Value::I32(1));
    });
}

#[test]
fn start_up_that_ends_in_success_leaves_a_good_instance() {
    let wat = with_allocator(
        r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
           (import "env" "raise_error" (func $raise (param i32)))
           (func (export "_start") (call $exit (i32.const 0)))
           (func (export "same") (param i32) (result i32) (local.get 0))
           (func (export "raise") (param i32) (call $raise (local.get 0)))"#,
    );
    on_both(|engine| {
        let mut p = instance(engine, &wat, &Config::new());
        let same = p.call("same", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(same, Value::String("Nic"));
        assert_eq!(live(&mut p), 0);
        fails(p.call("raise", &["oh".into()], Kind::None), Guest, "oh");
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn start_up_that_fails_is_an_error_of_the_registration() {
    let wat = |field: &str| {
        with_allocator(&format!(
            r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
               (import "env" "raise_error" (func $raise (param i32)))
               (import "env" "fail" (func $fail))
               (data (i32.const 1024) "oh\00")
               {field}"#
        ))
    };
    let mut config = Config::new();
    config.callback("env", "fail", &[], Kind::None, |_, _| Err("no printer".into()));
    on_both(|engine| {
        let refuses = |field: &str, kind: ErrorKind, message: &str| {
            let message = format!(r#"plugin "p": {message}"#);
            let error = fails(engine.register("p", wat(field).as_bytes(), &config), kind, &message);
            assert_eq!(engine.instance("p", None).err().unwrap().kind(), PluginNotFound);
            error
        };
        for name in ["_initialize", "_start"] {
            let refuses = |body: &str, kind, message: &str| {
                let field = format!(r#"(func (export "{name}") {body})"#);
                refuses(&field, kind, &format!(r#"its start-up "{name}": {message}"#))
            };
            let error =
                refuses("(call $exit (i32.const 3))", Exit, "the plugin exited with code 3");
            assert_eq!(error.exit_code(), Some(3));
            refuses("unreachable", Trap, "unreachable");
            refuses("(call $raise (call $copy_string (i32.const 1024)))", Guest, "oh");
            refuses("(call $fail)", Callback, r#"callback "env"."fail": no printer"#);
            let field =
                format!(r#"(func (export "{name}") (param i32) (result i32) (i32.const 1))"#);
            let message = format!(r#""{name}" is exported as (i32) -> i32, not as () -> ()"#);
            refuses_abi(engine, &wat(&field), &config, &message);
        }
        let start = |body: &str| format!("(func $main {body}) (start $main)");
        let error = refuses(&start("unreachable"), Trap, "its start: unreachable");
        assert_eq!(error.trace()[0].function.as_deref(), Some("main"));
        let message = r#"its start: callback "env"."fail": no printer"#;
        refuses(&start("(call $fail)"), Callback, message);
        let message = "its start: the plugin exited with code 3";
        refuses(&start("(call $exit (i32.const 3))"), Exit, message);
        let raise = "(call $raise (call $copy_string (i32.const 1024)))";
        refuses(&start(raise), Guest, "its start: oh");
    });
}

#[track_caller]
fn refuses_abi(engine: &Engine, wat: &str, config: &Config, message: &str) {
    let message = format!(r#"plugin "p": {message}"#);
    fails(engine.register("p", wat.as_bytes(), config), Abi, &message);
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
