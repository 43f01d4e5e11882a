//! What a hostile module can try beyond pointers: instructions that the runtime can't do, work that no check interrupts,
//! names that a terminal would obey, and what one tenant could leave to the next.

use crate::alone::alone;
use crate::plugins;

use plugins::{engine, fails, instance, on_both, well_formed, with_limits};
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Kind, Log, Value};

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

/// Far less than what a guest of these tests takes when nothing stops it, on a busy machine too.
const SOON: Duration = Duration::from_secs(2);

#[test]
fn long_instructions_in_a_row_are_stopped_between_two() {
    let config = with_limits(|limits| limits.timeout = Some(Duration::from_millis(100)));
    // Each takes milliseconds.
    let instructions = [
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))",
        "(memory.copy (i32.const 0) (i32.const 1) (i32.const 0x3FFFFFF))",
        "(table.fill (i32.const 0) (ref.null func) (i32.const 500000))",
        // Of no elements, but wasmer looks at the whole table afterwards.
        "(table.copy (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.init $none (i32.const 0) (i32.const 0) (i32.const 0))",
        "(drop (call $random (i32.const 0) (i32.const 0x1000000)))",
        "(drop (call_indirect $t (type $random) (i32.const 0) (i32.const 0x1000000) (i32.const 0)))",
    ];
    for instruction in instructions {
        let wat = format!(
            r#"(type $random (func (param i32 i32) (result i32)))
               (import "wasi_snapshot_preview1" "random_get" (func $random (type $random)))
               (memory (export "memory") 1024)
               (table 500000 500000 funcref)
               (table $t funcref (elem $random))
               (elem $none func)
               (func (export "f") {})"#,
            instruction.repeat(2000)
        );
        on_both(|engine| {
            let mut p = instance(engine, &wat, &config);
            let start = Instant::now();
            let message = r#"plugin "p", function "f": the call ran past its time limit of 100ms"#;
            fails(p.call("f", &[], Kind::None), Timeout, message);
            let took = start.elapsed();
            assert!(took < SOON, "{instruction} ended after {took:?}");
            p.reset().unwrap();
        });
    }
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

#[test]
#[cfg(target_os = "linux")]
fn growth_that_the_machine_refuses_costs_the_next_tenant_nothing() {
    alone("security::growth_with_little_memory");
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "limits its process: run by growth_that_the_machine_refuses_costs_the_next_tenant_nothing"]
fn growth_with_little_memory() {
    let data = |bytes: libc::rlim_t| {
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: a limit of this process, which only this test uses.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) }, 0);
    };
    let wat = r#"
        (memory (export "memory") 1)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#;
    // 1 GiB.
    let config = with_limits(|limits| limits.memory_bytes = 1 << 30);
    let engine = engine(Compiler::Cranelift, Log::default());
    let mut p = instance(&engine, wat, &config);
    data(512 << 20);
    assert_eq!(p.call("grow", &[12_000.into()], Kind::I32).unwrap(), Value::I32(-1));
    p.reset().unwrap();
    data(libc::RLIM_INFINITY);
    assert_eq!(p.call("grow", &[16_383.into()], Kind::I32).unwrap(), Value::I32(1));
}
