//! Imports that nothing provides, where they may be missing: a trap when they are called.

use crate::plugins;

use plugins::{fails, instance, on_both};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Kind, Value};

const WAT: &str = r#"
    (import "env" "call_me" (func $call_me (param i32 f64) (result i32)))
    (import "env" "vector" (func $vector (param v128) (result i32 externref)))
    (import "wasi_snapshot_preview1" "fd_closs" (func $close (param i32) (result i32)))
    (func (export "fine") (result i32) (i32.const 7))
    (func (export "ask") (result i32) (call $call_me (i32.const 1) (f64.const 2)))
    (func (export "close") (result i32) (call $close (i32.const 1)))"#;

fn lenient() -> Config {
    let mut config = Config::new();
    config.trap_missing_imports(true);
    config
}

#[test]
fn a_missing_import_is_a_trap_when_it_is_called() {
    // Singlepass has no vectors.
    let without =
        WAT.lines().filter(|line| !line.contains("vector")).collect::<Vec<_>>().join("\n");
    on_both(|engine| {
        let mut p = instance(engine, &without, &lenient());
        assert_eq!(p.call("fine", &[], Kind::I32).unwrap(), Value::I32(7));
        let message = r#"plugin "p", function "ask": it called the missing import "env"."call_me" as (i32, f64) -> i32, which no callback provides"#;
        let error = fails(p.call("ask", &[], Kind::I32), Trap, message);
        assert_eq!(error.function(), Some("ask"));
        // As after any trap.
        assert_eq!(p.call("fine", &[], Kind::I32).unwrap_err().kind(), Poisoned);
        p.reset().unwrap();
        let message = r#"plugin "p", function "close": it called the missing import "wasi_snapshot_preview1"."fd_closs" as (i32) -> i32, which WASI preview 1 doesn't have ("wasi_snapshot_preview1"."fd_close" is there)"#;
        fails(p.call("close", &[], Kind::I32), Trap, message);
        p.reset().unwrap();
        assert_eq!(p.call("fine", &[], Kind::I32).unwrap(), Value::I32(7));
        // Not by default, nor when it is taken back.
        let refused = engine.register("q", without.as_bytes(), &Config::new()).unwrap_err();
        assert_eq!((refused.kind(), refused.imports().len()), (ImportNotFound, 2));
        let refused =
            engine.register("q", without.as_bytes(), lenient().trap_missing_imports(false));
        assert_eq!(refused.unwrap_err().kind(), ImportNotFound);
    });
}

#[test]
fn a_missing_import_may_have_any_type() {
    let engine = wasp_core::Engine::new();
    let mut p = instance(&engine, WAT, &lenient());
    assert_eq!(p.call("fine", &[], Kind::I32).unwrap(), Value::I32(7));
}

#[test]
fn what_is_provided_is_used() {
    on_both(|engine| {
        let mut config = lenient();
        config.callback("env", "call_me", &[Kind::I32, Kind::F64], Kind::I32, |caller, _| {
            caller.set_result(9.into());
            Ok(())
        });
        let wat = r#"(import "env" "call_me" (func $call_me (param i32 f64) (result i32)))
            (import "env" "call_mee" (func $call_mee))
            (func (export "ask") (result i32) (call $call_me (i32.const 1) (f64.const 2)))
            (func (export "missing") (call $call_mee))"#;
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("ask", &[], Kind::I32).unwrap(), Value::I32(9));
        let message = r#"plugin "p", function "missing": it called the missing import "env"."call_mee" as () -> (), which no callback provides ("env"."call_me" is there)"#;
        fails(p.call("missing", &[], Kind::None), Trap, message);
    });
}

#[test]
fn what_has_another_type_or_is_no_function_is_refused() {
    on_both(|engine| {
        let refuses = |wat: &str, message: &str| {
            let message = format!(r#"plugin "p": it imports {message}"#);
            fails(engine.register("p", wat.as_bytes(), &lenient()), ImportNotFound, &message);
        };
        refuses(
            r#"(import "env" "abort" (func (param i64))) (import "env" "missing" (func))"#,
            r#""env"."abort" as (i64) -> (), while the host function "env"."abort" is (i32, i32, i32, i32) -> ()"#,
        );
        refuses(
            r#"(import "env" "memory" (memory 1))"#,
            r#"memory "env"."memory", but only functions can be imported"#,
        );
    });
}

#[test]
fn start_up_may_not_call_it() {
    on_both(|engine| {
        let wat = r#"(import "env" "init" (func $init)) (start $init)"#;
        let message = r#"plugin "p": its start: it called the missing import "env"."init" as () -> (), which no callback provides"#;
        fails(engine.register("p", wat.as_bytes(), &lenient()), Trap, message);
    });
}

#[test]
fn what_assemblyscript_asks_of_a_browser_says_how_to_compile() {
    let wat = r#"
        (import "env" "console.log" (func (param i32)))
        (import "env" "seed" (func (result f64)))
        (import "env" "console" (func))
        (import "other" "seed" (func (result f64)))"#;
    let engine = wasp_core::Engine::new();
    let hint =
        " (AssemblyScript's own: compile with --transform wasp-guest, which asks WASI instead)";
    let message = [
        &format!(r#"plugin "p": it imports "env"."console.log" as (i32) -> (), which no callback provides{hint}"#),
        &format!(r#""env"."seed" as () -> f64, which no callback provides{hint}"#),
        r#""env"."console" as () -> (), which no callback provides"#,
        r#""other"."seed" as () -> f64, which no callback provides"#,
    ]
    .join("; ");
    fails(engine.register("p", wat.as_bytes(), &Config::new()), ImportNotFound, &message);
    // A callback of that name is what it imports.
    let mut config = lenient();
    config.callback("env", "seed", &[], Kind::F64, |caller, _| {
        caller.set_result(Value::F64(4.0));
        Ok(())
    });
    let wat = r#"
        (import "env" "seed" (func $seed (result f64)))
        (func (export "draw") (result f64) (call $seed))"#;
    let mut p = instance(&engine, wat, &config);
    assert_eq!(p.call("draw", &[], Kind::F64).unwrap(), Value::F64(4.0));
}
