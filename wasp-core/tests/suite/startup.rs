//! What runs before the first call: a start section, `_initialize`, `_start`.

use crate::plugins;

use plugins::{fails, instance, live, on_both, with_allocator};
use std::sync::{Arc, Mutex};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, ErrorKind, Kind, Value};

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
    let wat = |name: &str| {
        with_allocator(&format!(
            r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
               (import "env" "raise_error" (func $raise (param i32)))
               (func (export "{name}") (call $exit (i32.const 0)))
               (func (export "same") (param i32) (result i32) (local.get 0))
               (func (export "raise") (param i32) (call $raise (local.get 0)))"#
        ))
    };
    on_both(|engine| {
        for name in ["_initialize", "_start"] {
            for snapshot in [true, false] {
                let mut p = instance(engine, &wat(name), Config::new().snapshot(snapshot));
                for _ in 0..2 {
                    let same = p.call("same", &["Nic".into()], Kind::String).unwrap();
                    assert_eq!(same, Value::String("Nic"));
                    assert_eq!(live(&mut p), 0);
                    fails(p.call("raise", &["oh".into()], Kind::None), Guest, "oh");
                    assert_eq!(live(&mut p), 0);
                    p.reset().unwrap();
                }
            }
        }
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
fn a_start_section_may_call_the_host() {
    let wat = with_allocator(
        r#"(import "env" "tell" (func $tell (param i32 i32)))
           (data (i32.const 1024) "\03\00\00\00abc")
           (func $main (call $tell (call $copy_string (i32.const 1028)) (call $copy_bytes (i32.const 1024))))
           (start $main)"#,
    );
    on_both(|engine| {
        let told = Arc::new(Mutex::new(String::new()));
        let mut config = Config::new();
        config.callback("env", "tell", &[Kind::String, Kind::Bytes], Kind::None, {
            let told = Arc::clone(&told);
            move |_, args| {
                *told.lock().unwrap() = format!("{args:?}");
                Ok(())
            }
        });
        let mut p = instance(engine, &wat, &config);
        assert_eq!(*told.lock().unwrap(), r#"[String("abc"), Bytes([97, 98, 99])]"#);
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn a_start_section_may_get_an_answer() {
    let wat = with_allocator(
        r#"(import "env" "string" (func $string (param i32) (result i32)))
           (data (i32.const 1024) "Nic\00")
           (global $answer (mut i32) (i32.const 0))
           (func $main
             (global.set $answer
               (call $copy_string (call $string (call $copy_string (i32.const 1024))))))
           (start $main)
           (func (export "answer") (result i32) (global.get $answer))"#,
    );
    let mut config = Config::new();
    config.callback("env", "string", &[Kind::String], Kind::String, |caller, args| {
        let name: &str = args[0].try_into()?;
        caller.set_result(Value::String(&format!("Hello {name}")));
        Ok(())
    });
    on_both(|engine| {
        let mut p = instance(engine, &wat, &config);
        // The plugin's own copy is all that is left.
        assert_eq!(live(&mut p), 1);
        assert_eq!(p.call("answer", &[], Kind::String).unwrap(), Value::String("Hello Nic"));
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn a_start_section_may_make_other_instances() {
    // The memory of the one that is being made is not that of the one that is made meanwhile.
    let wat = with_allocator(
        r#"(import "env" "tell" (func $tell (param i32)))
           (data (i32.const 1024) "outer\00")
           (func $main
             (call $tell (call $copy_string (i32.const 1024)))
             (call $tell (call $copy_string (i32.const 1024))))
           (start $main)"#,
    );
    on_both(|engine| {
        let inner = with_allocator(r#"(data (i32.const 1024) "inner\00")"#);
        engine.register("inner", inner.as_bytes(), &Config::new()).unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut config = Config::new();
        config.callback("env", "tell", &[Kind::String], Kind::None, {
            let (engine, told) = (engine.clone(), Arc::clone(&told));
            move |_, args| {
                let text: &str = args[0].try_into()?;
                told.lock().unwrap().push(text.to_owned());
                engine.instance("inner", None)?.call("live", &[], Kind::I32)?;
                Ok(())
            }
        });
        engine.register("p", wat.as_bytes(), &config).unwrap();
        assert_eq!(*told.lock().unwrap(), ["outer", "outer"]);
    });
}
