//! Calling functions: every kind of value there and back, who frees what, and what a plugin says that it offers.

use crate::plugins;

use plugins::{fails, instance, live, on_both, pages, plugin, with_allocator};
use std::fmt::Write;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Kind, Value};

/// All kinds of values, with one of each.
const VALUES: [Value<'_>; 6] = [
    Value::I32(-7),
    Value::I64(1 << 40),
    Value::F32(0.5),
    Value::F64(-1.0e300),
    Value::String("drei"),
    Value::Bytes(&[0, 1, 2, 255]),
];

#[test]
fn strings_come_back_whole() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        let long = "äöü€🦀".repeat(1000);
        for text in ["", "a", "Nic", "Grüße, 世界 🦀", "\u{10FFFF}\u{1}", "two\nlines\r\n", &long]
        {
            for function in ["string", "same"] {
                assert_eq!(
                    p.call(function, &[text.into()], Kind::String).unwrap(),
                    Value::String(text)
                );
            }
        }
        assert_eq!(p.call("greeting", &[], Kind::String).unwrap(), Value::String("Grüße, 世界 🦀"));
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn bytes_come_back_whole() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        let all: Vec<u8> = (0..=255).collect();
        let long = all.repeat(800);
        for bytes in [&[][..], &[0], &[0, 0, 0, 0], b"Nic\0", "Grüße".as_bytes(), &all, &long] {
            for function in ["bytes", "same"] {
                assert_eq!(
                    p.call(function, &[bytes.into()], Kind::Bytes).unwrap(),
                    Value::Bytes(bytes)
                );
            }
        }
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn sixty_four_mebibytes_come_back_whole() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        let mut data: Vec<u8> = (0..64 << 20).map(|at: u32| (at % 127) as u8 + 1).collect();
        let text = std::str::from_utf8(&data).unwrap();
        let Value::String(back) = p.call("string", &[text.into()], Kind::String).unwrap() else {
            panic!("not a string")
        };
        assert!(back == text);
        assert_eq!(live(&mut p), 0);

        data[1000] = 0;
        let Value::Bytes(back) = p.call("bytes", &[(&data).into()], Kind::Bytes).unwrap() else {
            panic!("not bytes")
        };
        assert!(back == data);
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn a_string_may_look_like_bytes_and_bytes_like_a_string() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        // The block is freed with the size that it was allocated with, whatever it is read as afterwards.
        let bytes = p.call("same", &[b"\0\0\0".into()], Kind::String).unwrap();
        assert_eq!(bytes, Value::String("\u{3}"));
        let text = p.call("same", &["\u{2}".into()], Kind::I32).unwrap();
        assert!(matches!(text, Value::I32(65552..)));
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn numbers_come_back_bit_by_bit() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        for number in [0, 1, -1, i32::MIN, i32::MAX] {
            assert_eq!(p.call("i32", &[number.into()], Kind::I32).unwrap(), Value::I32(number));
        }
        for number in [0, -1, i64::MIN, i64::MAX, 0x0123_4567_89AB_CDEF] {
            assert_eq!(p.call("i64", &[number.into()], Kind::I64).unwrap(), Value::I64(number));
        }
        // A negative zero, the smallest and the largest, infinities, a NaN with a payload.
        for bits in [0x8000_0000, 1, 0x7F7F_FFFF, 0x7F80_0000, 0xFF80_0000, 0x7FC1_2345] {
            let number = f32::from_bits(bits);
            let Value::F32(back) = p.call("f32", &[number.into()], Kind::F32).unwrap() else {
                panic!("not an f32")
            };
            assert_eq!(back.to_bits(), bits);
        }
        for bits in [1 << 63, 1, 0x7FEF_FFFF_FFFF_FFFF, 0x7FF0 << 48, 0x7FF8_0000_1234_5678] {
            let number = f64::from_bits(bits);
            let Value::F64(back) = p.call("f64", &[number.into()], Kind::F64).unwrap() else {
                panic!("not an f64")
            };
            assert_eq!(back.to_bits(), bits);
        }
    });
}

#[test]
fn numbers_become_the_type_that_the_function_has() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        let mut gives = |function, arg: Value<'_>, result, wanted| {
            assert_eq!(p.call(function, &[arg], result).unwrap(), wanted);
        };
        gives("i32", 3_i64.into(), Kind::I32, Value::I32(3));
        gives("i32", (-3.0_f64).into(), Kind::F32, Value::F32(-3.0));
        gives("i64", 3.into(), Kind::I32, Value::I32(3));
        gives("i64", (1_i64 << 40).into(), Kind::F64, Value::F64(1_099_511_627_776.0));
        gives("f32", 0.5_f64.into(), Kind::F64, Value::F64(0.5));
        gives("f64", i32::MIN.into(), Kind::I64, Value::I64(i32::MIN.into()));
        gives("f64", 7.into(), Kind::None, Value::None);
        gives("i32", 7.into(), Kind::None, Value::None);
    });
}

/// A function for each rotation of the kinds, over twelve parameters of them, and each position: it gives back the
/// parameter at that position.
#[test]
fn every_kind_passes_in_every_position() {
    let mut functions = String::new();
    for rotation in 0..6 {
        for position in 0..12 {
            let types: Vec<_> = (0..12).map(|at| wasm_type(VALUES[(rotation + at) % 6])).collect();
            writeln!(
                functions,
                r#"(func (export "{rotation}.{position}") (param {}) (result {}) (local.get {position}))"#,
                types.join(" "),
                types[position],
            )
            .unwrap();
        }
    }
    on_both(|engine| {
        let mut p = instance(engine, &with_allocator(&functions), &Config::new());
        for rotation in 0..6 {
            let args: Vec<_> = (0..12).map(|at| VALUES[(rotation + at) % 6]).collect();
            for (position, arg) in args.iter().enumerate() {
                let name = format!("{rotation}.{position}");
                assert_eq!(p.call(&name, &args, arg.kind()).unwrap(), *arg, "{name}");
                assert_eq!(live(&mut p), 0, "{name}");
            }
        }
    });
}

fn wasm_type(value: Value<'_>) -> &'static str {
    match value {
        Value::I64(_) => "i64",
        Value::F32(_) => "f32",
        Value::F64(_) => "f64",
        _ => "i32",
    }
}

#[test]
fn a_block_in_two_roles_is_freed_once_with_its_first_size() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        let cut = p.call("cut", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(cut, Value::String("N"));
        assert_eq!(live(&mut p), 0);
        let cut = p.call("cut_last", &["Nic".into(); 11], Kind::String).unwrap();
        assert_eq!(cut, Value::String("N"));
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn a_declared_string_that_nobody_wants_is_freed() {
    let wat = with_allocator(
        r#"(func (export "text") (result i32) (call $copy_string (i32.const 1024)))
           (func (export "data") (result i32) (call $copy_bytes (i32.const 1024)))
           (func (export "wasp_signatures") (result i32) (i32.const 1032))
           (data (i32.const 1024) "\01\00\00\00")
           (data (i32.const 1032) "text() string\ndata() bytes")"#,
    );
    on_both(|engine| {
        let mut p = instance(engine, &wat, &Config::new());
        assert_eq!(p.call("text", &[], Kind::None).unwrap(), Value::None);
        assert_eq!(p.call("data", &[], Kind::None).unwrap(), Value::None);
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn blocks_need_no_alignment() {
    let wat = r#"
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1001))
        (func (export "allocate") (param $size i32) (result i32)
          (global.get $next)
          ;; Odd again.
          (global.set $next
            (i32.or (i32.add (global.get $next) (local.get $size)) (i32.const 1))))
        (func (export "same") (param i32) (result i32) (local.get 0))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        for length in 0..20 {
            let bytes = vec![7; length];
            let back = p.call("same", &[(&bytes).into()], Kind::Bytes).unwrap();
            assert_eq!(back, Value::Bytes(&bytes));
            let at = p.call("same", &[(&bytes).into()], Kind::I32).unwrap();
            assert!(matches!(at, Value::I32(at) if at % 2 == 1));
        }
    });
}

#[test]
fn numbers_need_no_memory() {
    let wat = r#"(func (export "sum") (param i32 i64 f32 f64) (result f64)
        (f64.add
          (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
          (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        let args = [1.into(), 2_i64.into(), 0.5_f32.into(), 0.25_f64.into()];
        assert_eq!(p.call("sum", &args, Kind::F64).unwrap(), Value::F64(3.75));
    });
}

#[test]
fn memory_may_grow_under_a_call() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        assert_eq!(pages(&mut p), 2);
        let (small, large) = ("Nic", "x".repeat(1 << 20));
        let mut args = [Value::String(small); 11];
        args[9] = Value::String(&large);
        assert_eq!(p.call("cut_last", &args, Kind::String).unwrap(), Value::String("N"));
        assert_eq!(pages(&mut p), 2 + 32);
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn a_host_may_call_what_the_plugin_only_passes_on() {
    let wat = with_allocator(
        r#"(import "env" "greet" (func $greet (param i32) (result i32)))
           (import "env" "raise_error" (func $raise (param i32)))
           (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
           (export "greet" (func $greet)) (export "raise" (func $raise)) (export "exit" (func $exit))"#,
    );
    let mut config = Config::new();
    config.callback("env", "greet", &[Kind::String], Kind::String, |caller, args| {
        let name: &str = args[0].try_into()?;
        caller.set_result(Value::String(&format!("Hello {name}")));
        Ok(())
    });
    on_both(|engine| {
        let mut p = instance(engine, &wat, &config);
        let answer = p.call("greet", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(answer, Value::String("Hello Nic"));
        assert_eq!(live(&mut p), 0);
        fails(p.call("raise", &["oh".into()], Kind::None), Guest, "oh");
        assert_eq!(live(&mut p), 0);
        let error = fails(
            p.call("exit", &[3.into()], Kind::None),
            Exit,
            r#"plugin "p", function "exit": the plugin exited with code 3"#,
        );
        assert_eq!(error.exit_code(), Some(3));
    });
}

#[test]
fn functions_are_listed_without_those_of_the_abi() {
    let wat = with_allocator(
        r#"(func (export "_initialize"))
           (func (export "b") (param i32 i64) (result f32) (f32.const 0))
           (func (export "a") (param f64))
           (func (export "reference") (param externref))
           (func (export "two") (result i32 i32) (i32.const 1) (i32.const 2))
           (func (export "größe") (result i64) (i64.const 0))
           (global (export "global") i32 (i32.const 0))
           (table (export "table") 1 funcref)"#,
    );
    on_both(|engine| {
        let p = instance(engine, &wat, &Config::new());
        let listed: Vec<_> = p
            .functions()
            .iter()
            .map(|f| (f.name.as_str(), f.params.as_slice(), f.result, f.declared))
            .collect();
        assert_eq!(
            listed,
            [
                ("b", &[Kind::I32, Kind::I64][..], Kind::F32, false),
                ("a", &[Kind::F64], Kind::None, false),
                ("größe", &[], Kind::I64, false),
                ("live", &[], Kind::I32, false),
                ("pages", &[], Kind::I32, false),
            ]
        );
        assert_eq!(p.plugin(), "p");
    });
}

#[test]
fn declared_signatures_are_listed_and_enforced() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("declared"), &Config::new());
        let listed: Vec<_> = p
            .functions()
            .iter()
            .map(|f| (f.name.as_str(), f.params.as_slice(), f.result, f.declared))
            .collect();
        assert_eq!(
            listed,
            [
                ("hello", &[Kind::String][..], Kind::String, true),
                ("reverse", &[Kind::Bytes], Kind::Bytes, true),
                ("sum", &[Kind::I32, Kind::I64, Kind::F32, Kind::F64], Kind::F64, true),
                ("fail", &[], Kind::None, true),
                ("silent", &[Kind::I32], Kind::I32, false),
                ("live", &[], Kind::I32, false),
                ("pages", &[], Kind::I32, false),
            ]
        );

        let hello = p.call("hello", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(hello, Value::String("Nic"));
        let sum = [1.into(), 2.into(), 3.into(), 4.into()];
        assert_eq!(p.call("sum", &sum, Kind::I32).unwrap(), Value::I32(10));
        let mut refuses = |name: &str, arg: Value<'_>, result, message: &str| {
            let message = format!(r#"plugin "p", function "{name}": {message}"#);
            fails(p.call(name, &[arg], result), Signature, &message);
        };
        let text = "Nic".into();
        refuses("hello", text, Kind::Bytes, "its result is string, not bytes");
        refuses("hello", text, Kind::I32, "its result is string, not i32");
        refuses("reverse", b"a".into(), Kind::String, "its result is bytes, not string");
        let fit = "which does not fit string";
        let message = format!("argument 1 is bytes [1 bytes], {fit}");
        refuses("hello", b"a".into(), Kind::String, &message);
        refuses("hello", 5.into(), Kind::String, &format!("argument 1 is i32 [5], {fit}"));
        let message = r#"argument 1 is string ["Nic"], which does not fit bytes"#;
        refuses("reverse", text, Kind::Bytes, message);
        // What isn't declared takes all that an i32 may be.
        let silent = p.call("silent", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(silent, Value::String("Nic"));
        assert_eq!(live(&mut p), 0);
    });
}
