//! docs/proposals.md, row by row.

use crate::plugins;
use plugins::{engine, well_formed};
use wasp_core::{Compiler, Config, Engine, ErrorKind, Kind, Log, Value};

const TABLE: &str = include_str!("../../../docs/proposals.md");

/// A module for each row, whose function "f", if it works, gives 7.
const MODULES: [(&str, &str); 25] = [
    (
        "import and export of mutable globals",
        r#"(global (export "g") (mut i32) (i32.const 7)) (func (export "f") (result i32) (global.get 0))"#,
    ),
    (
        "sign extension",
        r#"(func (export "f") (result i32) (i32.sub (i32.const 6) (i32.extend8_s (i32.const 0xFF))))"#,
    ),
    (
        "saturating conversions of floats",
        r#"(func (export "f") (result i32) (i32.add (i32.trunc_sat_f64_s (f64.const nan)) (i32.const 7)))"#,
    ),
    (
        "multiple values",
        r#"(func $two (result i32 i32) (i32.const 3) (i32.const 4)) (func (export "f") (result i32) (i32.add (call $two)))"#,
    ),
    (
        "reference types",
        r#"(table 1 externref) (func (export "f") (result i32) (table.set (i32.const 0) (ref.null extern)) (i32.add (i32.const 6) (table.size)))"#,
    ),
    (
        "bulk memory",
        r#"(memory 1) (func (export "f") (result i32) (memory.fill (i32.const 3) (i32.const 7) (i32.const 1)) (i32.load8_u (i32.const 3)))"#,
    ),
    (
        "extended constant expressions",
        r#"(global i32 (i32.add (i32.const 3) (i32.const 4))) (func (export "f") (result i32) (global.get 0))"#,
    ),
    (
        "several memories",
        r#"(memory 1) (memory $b 1) (func (export "f") (result i32) (i32.store $b (i32.const 0) (i32.const 7)) (i32.load $b (i32.const 0)))"#,
    ),
    (
        "fixed-width SIMD",
        r#"(func (export "f") (result i32) (i32x4.extract_lane 3 (i32x4.splat (i32.const 7))))"#,
    ),
    (
        "exceptions",
        r#"(tag $t (param i32)) (func (export "f") (result i32) (block $h (result i32) (try_table (catch $t $h) (throw $t (i32.const 7))) (unreachable)))"#,
    ),
    ("older exceptions", "(func try catch_all end)"),
    (
        "relaxed SIMD",
        r#"(func (export "f") (result i32) (i32x4.extract_lane 0 (i32x4.relaxed_trunc_f32x4_s (f32x4.splat (f32.const 7)))))"#,
    ),
    ("threads: shared memory", "(memory 1 1 shared)"),
    ("threads: atomics", "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"),
    ("tail calls", "(func $f (return_call $f))"),
    ("memories of 64 bits", "(memory i64 1)"),
    ("tables of 64 bits", "(table i64 1 funcref)"),
    (
        "typed function references",
        "(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))",
    ),
    (
        "garbage collection: structures",
        "(type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))",
    ),
    ("garbage collection: small integers", "(func (drop (ref.i31 (i32.const 1))))"),
    ("wide arithmetic", "(func (drop (drop (i64.mul_wide_u (i64.const 1) (i64.const 1)))))"),
    ("custom page sizes", "(memory 1 (pagesize 1))"),
    ("stack switching", "(type $f (func)) (type $c (cont $f)) (func (param (ref $c)))"),
    ("memory control", "(memory 1) (func (memory.discard (i32.const 0) (i32.const 0)))"),
    ("components", "(component)"),
];

/// What the validator says of some proposals in other words, by what it meets first, and what the error has.
const OTHER_WORDS: [(Compiler, &str, &str); 5] = [
    (
        Compiler::Singlepass,
        "(func (export \"f\") (result exnref) (ref.null exn))",
        "without the exception handling feature (at offset 0xb); Singlepass doesn't have it: use Cranelift",
    ),
    (
        Compiler::Singlepass,
        "(func (try_table))",
        "exceptions support is not enabled (at offset 0x17); Singlepass doesn't have it: use Cranelift",
    ),
    (
        Compiler::Singlepass,
        "(func rethrow 0)",
        "legacy exceptions support is not enabled (at offset 0x17); build it with -mllvm -wasm-use-legacy-eh=false",
    ),
    (
        Compiler::Cranelift,
        "(type $s (func (result (ref null $s))))",
        "the GC proposal is disabled (at offset 0xb); languages that need a garbage collector of the host's are not supported",
    ),
    (
        Compiler::Cranelift,
        "(global i32 (i32.const 7)) (global i32 (global.get 0))",
        "that is of the proposal gc, which is not supported",
    ),
];

/// The columns of the table's rows.
fn rows() -> Vec<Vec<&'static str>> {
    let columns = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    TABLE.lines().filter(|line| line.starts_with('|')).skip(2).map(columns).collect()
}

#[test]
fn each_row_of_the_documentation() {
    let rows = rows();
    let names: Vec<_> = rows.iter().map(|row| row[1]).collect();
    assert_eq!(names, MODULES.map(|(name, _)| name));
    for (row, (name, wat)) in rows.iter().zip(MODULES) {
        for (column, compiler) in [(2, Compiler::Cranelift), (3, Compiler::Singlepass)] {
            let engine = engine(compiler, Log::default());
            match (row[column], engine.register("p", wat.as_bytes(), &Config::new())) {
                ("yes", Ok(())) => {
                    let mut p = engine.instance("p", None).unwrap();
                    assert_eq!(p.call("f", &[], Kind::I32).unwrap(), Value::I32(7), "{name}");
                }
                ("no", Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Compile, "{name}: {error}");
                    well_formed(&error);
                    let message = error.to_string();
                    // Every other part is between the words.
                    let parts: Vec<_> = row[4].split('`').skip(1).step_by(2).collect();
                    assert!(!parts.is_empty(), "{name}");
                    for part in parts {
                        assert!(message.contains(part), "{name} on {compiler:?}: {message}");
                    }
                }
                (documented, outcome) => {
                    panic!("{name} on {compiler:?}: {documented}, {outcome:?}")
                }
            }
        }
    }
}

#[test]
fn a_module_tells_which_it_uses() {
    for (row, (name, wat)) in rows().iter().zip(MODULES) {
        match (row[2], Engine::proposals(wat.as_bytes())) {
            ("yes", Ok(used)) => assert_eq!(used, [name], "{wat}"),
            ("no", Err(error)) => assert_eq!(error.kind(), ErrorKind::Compile, "{name}: {error}"),
            (documented, outcome) => panic!("{name}: {documented}, {outcome:?}"),
        }
    }
    let first_version = r#"(memory 1) (func (export "f") (result i32) (i32.load (i32.const 0)))"#;
    assert!(Engine::proposals(first_version.as_bytes()).unwrap().is_empty());
}

#[test]
fn proposals_in_other_words() {
    for (compiler, wat, words) in OTHER_WORDS {
        let engine = engine(compiler, Log::default());
        let error = engine.register("p", wat.as_bytes(), &Config::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Compile);
        well_formed(&error);
        assert!(error.to_string().ends_with(words), "{wat}: {error}");
    }
}
