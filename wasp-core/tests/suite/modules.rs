//! Files and modules that are none, more than a plugin may be, or more than the runtime can do.

use crate::alone::alone;
use crate::plugins;

use plugins::{binary, fails, instance, on_both, plugin, well_formed};
use std::path::{Path, PathBuf};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, ErrorKind, Kind, Value};

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
fn modules_with_any_byte_damaged() {
    let module = binary(&plugin("declared"));
    on_both(|engine| {
        let (mut fine, mut broken) = (0, 0);
        for at in 0..module.len() {
            for flip in [0x01, 0xFF] {
                let mut damaged = module.clone();
                damaged[at] ^= flip;
                match engine.register("p", &damaged, &Config::new()) {
                    Ok(()) => fine += 1,
                    Err(error) => {
                        let kinds: [ErrorKind; 6] =
                            [Compile, ImportNotFound, Signature, Abi, Trap, Resource];
                        assert!(kinds.contains(&error.kind()), "byte {at}: {error:?}");
                        well_formed(&error);
                        broken += 1;
                    }
                }
            }
        }
        // Damage in data and in names does no harm.
        assert!(fine > 100 && broken > 100, "{fine} fine, {broken} broken");
    });
}

#[test]
fn modules_that_are_nested_deeply() {
    on_both(|engine| {
        let depth = 100_000;
        let blocks = format!("(func {}{})", "(block ".repeat(depth), ")".repeat(depth));
        engine.register("p", blocks.as_bytes(), &Config::new()).unwrap();
        let sums = "(i32.eqz ".repeat(depth) + "(i32.const 1)" + &")".repeat(depth);
        let sums = format!(r#"(func (export "f") (result i32) {sums})"#);
        let mut p = instance(engine, &sums, &Config::new());
        assert_eq!(p.call("f", &[], Kind::I32).unwrap(), Value::I32(1));
        // What never ends is no module.
        for open in ["(", "(module ", "(func (block "] {
            let error = engine.register("p", open.repeat(100_000).as_bytes(), &Config::new());
            let error = error.unwrap_err();
            assert_eq!(error.kind(), Compile);
            well_formed(&error);
        }
    });
}

#[test]
fn modules_that_ask_for_much() {
    on_both(|engine| {
        let refuses = |wat: &str, message: &str| {
            let message = format!(r#"plugin "p": {message}"#);
            fails(engine.register("p", wat.as_bytes(), &Config::new()), Resource, &message);
        };
        let elements = |count: u64| {
            format!("it starts with {count} table elements, more than its limit of 1000000")
        };
        refuses("(table 60000000 funcref)", &elements(60_000_000));
        refuses("(table 1000001 externref)", &elements(1_000_001));
        refuses("(table 500000 funcref) (table 500001 funcref)", &elements(1_000_001));
        refuses(
            "(memory 65536) (memory 1)",
            "it starts with 4295032832 bytes of memory, more than its limit of 4294967296 bytes",
        );
    });
}

#[test]
fn a_start_of_the_modules_own_making_does_not_write_to_the_hosts_stack() {
    alone("modules::a_start_of_its_own");
}

/// More results than the host has room for, if it runs this as its own start.
#[test]
#[ignore = "may end its process: run by a_start_of_the_modules_own_making_does_not_write_to_the_hosts_stack"]
fn a_start_of_its_own() {
    on_both(|engine| {
        let (results, values) = ("i64 ".repeat(900), "(i64.const 0x4141414141414141) ".repeat(900));
        let wat = format!(r#"(func (export "wasp:start") (result {results}) {values})"#);
        let _ = engine.register("p", wat.as_bytes(), &Config::new());
    });
}

#[test]
fn a_start_of_the_modules_own_making_does_not_read_the_hosts_stack() {
    let params = "i64 ".repeat(200);
    let sum: String = (8..200).map(|at| format!("(i64.or (local.get {at}))")).collect();
    let wat = format!(
        r#"(global $seen (mut i64) (i64.const 0))
        (func (export "wasp:start") (param {params}) (i64.const 0) {sum} (global.set $seen))
        (func (export "seen") (result i64) (global.get $seen))"#
    );
    on_both(|engine| {
        if engine.register("p", wat.as_bytes(), &Config::new()).is_ok() {
            let mut p = instance(engine, &wat, &Config::new());
            assert_eq!(p.call("seen", &[], Kind::I64).unwrap(), Value::I64(0));
        }
    });
}

#[test]
fn a_segment_for_a_table_of_externref_is_refused() {
    // wasmer would take its elements for functions, panic where that must not be, and end the process.
    for len in [0, 2] {
        let wat = format!(
            r#"(table $functions 4 funcref)
               (table $others 4 externref)
               (elem $nulls externref (ref.null extern) (ref.null extern))
               (func (export "f")
                 (table.init $others $nulls (i32.const 0) (i32.const 0) (i32.const {len})))"#
        );
        on_both(|engine| {
            let error = engine.register("p", wat.as_bytes(), &Config::new()).unwrap_err();
            assert_eq!(error.kind(), Compile);
            well_formed(&error);
            let message = "it has a table.init of a table of externref, which wasmer can't do";
            assert!(error.to_string().contains(message), "{error}");
        });
    }
    // All else that such tables can do, they do; and segments of functions are as good as ever.
    let wat = r#"
        (table $functions 4 4 funcref)
        (table $others 4 externref)
        (elem $nulls externref (ref.null extern))
        (elem (table $others) (i32.const 1) externref (ref.null extern))
        (elem $some func $f)
        (func $f (export "f") (result i32)
          (elem.drop $nulls)
          (table.fill $others (i32.const 0) (ref.null extern) (i32.const 4))
          (table.copy $others $others (i32.const 0) (i32.const 1) (i32.const 3))
          (drop (table.grow $others (ref.null extern) (i32.const 1)))
          (table.init $functions $some (i32.const 1) (i32.const 0) (i32.const 1))
          (i32.add
            (i32.mul (ref.is_null (table.get $functions (i32.const 1))) (i32.const 10))
            (ref.is_null (table.get $others (i32.const 4)))))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        assert_eq!(p.call("f", &[], Kind::I32).unwrap(), Value::I32(1));
    });
}

#[test]
fn types_that_the_runtime_would_confuse_are_refused() {
    // wasmer compares types by a CRC-32 where a function is called by a table, and these two have the same.
    let wat = r#"
        (type (func (param i64 i32 i64 i64 i32 f32 i32 i64 i64 f64 f64 f32 f32 i32 f64 i64 i32 f32 i32 f32)))
        (type (func (param f32 f64 f64 f32 i64 i64 i64 i64 i64 i64 f32 f32 i64 i64 i32 f64 f32 i32 f64 i64)))"#;
    // This one has 0, and so has an element that holds no function.
    let zero = "f32 i32 i32 i32 i32 f32 i32 f64 i32 i64 i32 f64 i64 f64 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32";
    let args: String = zero.split(' ').map(|ty| format!("({ty}.const 0)")).collect();
    on_both(|engine| {
        let error = engine.register("p", wat.as_bytes(), &Config::new()).unwrap_err();
        assert_eq!(error.kind(), Compile);
        assert!(error.to_string().ends_with("signature hash collision"), "{error}");
        for size in ["1", "1 1"] {
            let wat = format!(
                r#"(type $zero (func (param {zero})))
                   (table {size} funcref)
                   (func (export "f") (call_indirect (type $zero) {args} (i32.const 0)))"#
            );
            let mut p = instance(engine, &wat, &Config::new());
            let message = r#"plugin "p", function "f": uninitialized element"#;
            fails(p.call("f", &[], Kind::None), Trap, message);
        }
    });
}

#[test]
fn names_in_a_compile_error_are_only_text() {
    let name = b"\x1b]0;\xE2\x80\xAEx\x07";
    // One function, exported twice under that name.
    let mut exports = vec![2];
    for _ in 0..2 {
        exports.push(name.len() as u8);
        exports.extend_from_slice(name);
        exports.extend_from_slice(&[0, 0]);
    }
    let mut wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07".to_vec();
    wasm.push(exports.len() as u8);
    wasm.extend_from_slice(&exports);
    wasm.extend_from_slice(b"\x0a\x04\x01\x02\0\x0b");
    on_both(|engine| {
        for source in [&wasm[..], b"(module \x1b[2J)", b"(module (func $\"\x7f\x1b\\x\"))"] {
            let error = engine.register("p", source, &Config::new()).unwrap_err();
            assert_eq!(error.kind(), Compile);
            well_formed(&error);
            let message = error.to_string();
            let obeyed = |char: char| char.is_control() || char == '\u{202E}';
            assert!(!message.contains(obeyed), "{message:?}");
            assert!(message.contains(r"\u{1b}"), "{message:?}");
        }
    });
}
