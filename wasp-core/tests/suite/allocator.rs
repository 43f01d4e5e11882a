//! The plugin's own `allocate` and `deallocate`, and what a call does when they fail.

use crate::plugins;

use plugins::{fails, instance, live, on_both, plugin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Kind, Value};

/// Calls `f` with a string in a module with these fields; the callback `env.ask` answers with a string too.
fn pass_string(engine: &Engine, fields: &str) -> Result<String, wasp_core::Error> {
    let wat = format!(
        r#"(import "env" "ask" (func $ask (result i32)))
           (func (export "f") (param i32) (result i32) (local.get 0))
           (func (export "ask") (drop (call $ask)))
           (func (export "seven") (result i32) (i32.const 7))
           {fields}"#
    );
    let mut config = Config::new();
    config.callback("env", "ask", &[], Kind::String, |caller, _| {
        caller.set_result("Nic".into());
        Ok(())
    });
    let mut p = instance(engine, &wat, &config);
    let text = p.call("f", &["Nic".into()], Kind::String);
    let text = text.map(|value| <&str>::try_from(value).unwrap().to_owned());
    match &text {
        Err(error) if error.kind() == Abi => {
            // Whatever it was, it was no guest code that was stopped.
            assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
            // The same for an answer of the host; this one does stop it.
            let answer = p.call("ask", &[], Kind::None).unwrap_err();
            let message = error
                .to_string()
                .replace(r#"function "f": "#, r#"function "ask": callback "env"."ask" answers: "#);
            assert_eq!((answer.kind(), answer.to_string()), (Abi, message));
        }
        Err(_) => {
            assert_eq!(p.call("seven", &[], Kind::I32).unwrap_err().kind(), Poisoned);
            p.reset().unwrap();
            assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
        }
        Ok(_) => {
            p.call("ask", &[], Kind::None).unwrap();
            assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
        }
    }
    text
}

const MEMORY: &str = r#"(memory (export "memory") 1)"#;

#[test]
fn allocate_that_does_not_work() {
    on_both(|engine| {
        let refuses = |fields: &str, kind, message: &str| {
            let message = format!(r#"plugin "p", function "f": {message}"#);
            fails(pass_string(engine, fields), kind, &message);
        };
        let allocate = |rest: &str| format!(r#"{MEMORY} (func (export "allocate") {rest})"#);
        let trap = allocate("(param i32) (result i32) unreachable");
        refuses(&trap, Trap, r#""allocate": unreachable"#);
        refuses(
            &allocate("(param i32) (result i32) (i32.const 0)"),
            Abi,
            r#""allocate" answered 0x0 for 4 bytes, which is not in its memory of 65536 bytes"#,
        );
        let missing = r#"no "allocate" is exported, which passing string needs"#;
        refuses(MEMORY, Abi, missing);
        let global = format!(r#"{MEMORY} (global (export "allocate") i32 (i32.const 8))"#);
        refuses(&global, Abi, missing);
        let no_memory = r#"no memory is exported as "memory", which passing string needs"#;
        refuses("", Abi, no_memory);
        refuses("(memory 1)", Abi, no_memory);
        refuses(r#"(memory (export "mem") 1)"#, Abi, no_memory);
        refuses(r#"(func (export "memory"))"#, Abi, no_memory);
    });
}

#[test]
fn deallocate_that_does_not_work() {
    on_both(|engine| {
        let with = |deallocate: &str| {
            format!(
                r#"{MEMORY} {deallocate} (func (export "allocate") (param i32) (result i32) (i32.const 8))"#
            )
        };
        // Missing is fine.
        assert_eq!(pass_string(engine, &with("")).unwrap(), "Nic");
        fails(
            pass_string(
                engine,
                &with(r#"(func (export "deallocate") (param i32 i32) unreachable)"#),
            ),
            Trap,
            r#"plugin "p", function "f": "deallocate": unreachable"#,
        );
    });
}

#[test]
fn an_allocator_of_another_type_is_refused() {
    on_both(|engine| {
        for (signature, ty) in [
            ("(param i32)", "(i32) -> ()"),
            ("(result i32) (i32.const 8)", "() -> i32"),
            ("(param i64) (result i32) (i32.const 8)", "(i64) -> i32"),
            ("(param i32) (result i32 i32) (i32.const 8) (i32.const 8)", "(i32) -> (i32, i32)"),
        ] {
            let wat = format!(r#"(func (export "allocate") {signature})"#);
            fails(
                engine.register("p", wat.as_bytes(), &Config::new()),
                Abi,
                &format!(r#"plugin "p": "allocate" is exported as {ty}, not as (i32) -> i32"#),
            );
        }
        for (signature, ty) in [
            ("(param i32)", "(i32) -> ()"),
            ("(param i32 i64)", "(i32, i64) -> ()"),
            ("(param i32 i32) (result i32) (i32.const 0)", "(i32, i32) -> i32"),
        ] {
            let wat = format!(r#"(func (export "deallocate") {signature})"#);
            fails(
                engine.register("p", wat.as_bytes(), &Config::new()),
                Abi,
                &format!(
                    r#"plugin "p": "deallocate" is exported as {ty}, not as (i32, i32) -> ()"#
                ),
            );
        }
    });
}

#[test]
fn an_allocator_that_fails_later_leaves_nothing_behind() {
    // The third block of a call can't be had; the two before must be freed.
    let wat = r#"
        (global $left (mut i32) (i32.const 2))
        (global $blocks (mut i32) (i32.const 0))
        (memory (export "memory") 1)
        (func (export "allocate") (param i32) (result i32)
          (if (i32.eqz (global.get $left)) (then (return (i32.const 0))))
          (global.set $left (i32.sub (global.get $left) (i32.const 1)))
          (global.set $blocks (i32.add (global.get $blocks) (i32.const 1)))
          (i32.add (i32.const 1024) (i32.shl (global.get $left) (i32.const 6))))
        (func (export "deallocate") (param i32 i32)
          (global.set $blocks (i32.sub (global.get $blocks) (i32.const 1))))
        (func (export "three") (param i32 i32 i32) unreachable)
        (func (export "live") (result i32) (global.get $blocks))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        fails(
            p.call("three", &["a".into(), b"b".into(), "c".into()], Kind::None),
            Abi,
            r#"plugin "p", function "three": "allocate" answered 0x0 for 2 bytes, which is not in its memory of 65536 bytes"#,
        );
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn more_than_a_memory_can_hold() {
    // Never touched, so it costs nothing.
    let huge = vec![0; (1 << 32) + 1];
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        for length in [(1 << 32) + 1, 1 << 32, (1 << 32) - 1, (1 << 32) - 4] {
            let message = format!(
                r#"plugin "p", function "same": {length} bytes are more than a plugin's memory can hold"#
            );
            fails(p.call("same", &[huge[..length].into()], Kind::None), Invalid, &message);
        }
        // It fits into 32 bits, but the plugin has no room.
        fails(
            p.call("same", &[huge[..(1 << 32) - 5].into()], Kind::None),
            Abi,
            r#"plugin "p", function "same": "allocate" answered 0x0 for 4294967295 bytes, which is not in its memory of 131072 bytes"#,
        );
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn host_functions_as_the_allocator() {
    // What the plugin exports as its allocator is a callback; each string asks for the next.
    let wat = r#"
        (import "env" "allocate" (func $allocate (param i32) (result i32)))
        (import "env" "deallocate" (func $deallocate (param i32 i32)))
        (memory (export "memory") 1)
        (export "allocate" (func $allocate))
        (export "deallocate" (func $deallocate))
        (func (export "same") (param i32) (result i32) (local.get 0))"#;
    on_both(|engine| {
        let freed = Arc::new(AtomicU32::new(0));
        let mut config = Config::new();
        config
            .callback("env", "allocate", &[Kind::I32], Kind::I32, |caller, _| {
                caller.set_result(1024.into());
                Ok(())
            })
            .callback("env", "deallocate", &[Kind::String, Kind::I32], Kind::None, {
                let freed = Arc::clone(&freed);
                move |_, args| {
                    assert_eq!(args, [Value::String("Nic"), Value::I32(4)]);
                    freed.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                }
            });
        let mut p = instance(engine, wat, &config);
        for round in 1..=3 {
            let same = p.call("same", &["Nic".into()], Kind::String).unwrap();
            assert_eq!(same, Value::String("Nic"));
            assert_eq!(freed.load(Ordering::Relaxed), round);
        }
    });
}

#[test]
fn an_allocator_that_asks_the_host_without_end() {
    // Each answer needs a block, and each block asks for an answer.
    let wat = r#"
        (import "env" "ask" (func $ask (result i32)))
        (memory (export "memory") 1)
        (func $allocate (export "allocate") (param i32) (result i32) (call $ask))
        (func (export "ask") (result i32) (call $ask))
        (func (export "seven") (result i32) (i32.const 7))"#;
    let mut config = Config::new();
    config.callback("env", "ask", &[], Kind::String, |caller, _| {
        caller.set_result("Nic".into());
        Ok(())
    });
    on_both(|engine| {
        let mut p = instance(engine, wat, &config);
        for _ in 0..3 {
            let error = p.call("ask", &[], Kind::I32).unwrap_err();
            let message = r#"plugin "p", function "ask": "allocate": callback "env"."ask" answers: more than 64 answers wait for their blocks"#;
            fails(Err::<(), _>(error), Resource, message);
            p.reset().unwrap();
            assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
        }
    });
}

#[test]
fn allocate_may_call_the_host() {
    // It asks for each block, and the host sees the sizes.
    let wat = r#"
        (import "env" "size" (func $size (param i32)))
        (import "env" "string" (func $string (param i32) (result i32)))
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "allocate") (param i32) (result i32)
          (call $size (local.get 0))
          (global.get $next)
          (global.set $next (i32.add (global.get $next) (local.get 0))))
        (func (export "string") (param i32) (result i32) (call $string (local.get 0)))"#;
    on_both(|engine| {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let mut config = Config::new();
        config
            .callback("env", "string", &[Kind::String], Kind::String, |caller, args| {
                caller.set_result(args[0]);
                Ok(())
            })
            .callback("env", "size", &[Kind::I32], Kind::None, {
                let sizes = Arc::clone(&sizes);
                move |_, args| {
                    sizes.lock().unwrap().push(i32::try_from(args[0])?);
                    Ok(())
                }
            });
        let mut p = instance(engine, wat, &config);
        let back = p.call("string", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(back, Value::String("Nic"));
        // One for the argument, one for the answer.
        assert_eq!(*sizes.lock().unwrap(), [4, 4]);
    });
}
