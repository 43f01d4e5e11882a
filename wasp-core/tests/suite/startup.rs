//! What runs before the first call: a start section, `_initialize`, `_start`. Each instance starts from what they left.

use crate::plugins;

use plugins::{fails, instance, live, on_both, pages, with_allocator};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, ErrorKind, Instance, Kind, Limits, Log, Value};

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

#[test]
fn a_start_section_runs_once_for_each_registration() {
    let wat = r#"(import "env" "started" (func $started (param i32)))
        (memory (export "memory") 1)
        (global $started_times (mut i32) (i32.const 0))
        (func $start
          (global.set $started_times (i32.add (global.get $started_times) (i32.const 1)))
          (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
          (call $started (i32.const 1)))
        (start $start)
        (func (export "_initialize") (call $started (i32.const 100)))
        (func (export "times") (result i32)
          (i32.add (i32.load (i32.const 8)) (i32.mul (i32.const 10) (global.get $started_times))))"#;
    on_both(|engine| {
        let counter = Arc::new(AtomicU32::new(0));
        let mut config = Config::new();
        let counted = Arc::clone(&counter);
        config.callback("env", "started", &[Kind::I32], Kind::None, move |_, args| {
            counted.fetch_add(i32::try_from(args[0])? as u32, Ordering::Relaxed);
            Ok(())
        });
        for registered in 1..4 {
            let mut all = vec![instance(engine, wat, &config)];
            all.extend((0..20).map(|_| engine.instance("p", None).unwrap()));
            for p in &mut all {
                for _ in 0..3 {
                    assert_eq!(p.call("times", &[], Kind::I32).unwrap(), Value::I32(11));
                    p.reset().unwrap();
                }
            }
            assert_eq!(counter.load(Ordering::Relaxed), 101 * registered);
        }
    });
}

#[test]
fn what_start_up_grew_by_is_there() {
    let wat = r#"(memory (export "memory") 1 20)
        (func (export "_initialize")
          (drop (memory.grow (i32.const 4)))
          (memory.fill (i32.const 0x10000) (i32.const 7) (i32.const 0x40000)))
        (func (export "pages") (result i32) (memory.size))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "set") (param i32) (i32.store8 (local.get 0) (i32.const 9)))"#;
    on_both(|engine| {
        let (mut config, mut limits) = (Config::new(), Limits::default());
        limits.memory_bytes = 8 << 16;
        config.limits(limits);
        let mut p = instance(engine, wat, &config);
        let get = |p: &mut Instance, name: &str, arg: i32| -> i32 {
            p.call(name, &[arg.into()], Kind::I32).unwrap().try_into().unwrap()
        };
        for _ in 0..200 {
            assert_eq!(pages(&mut p), 5);
            for (at, value) in [(0xFFFF, 0), (0x10000, 7), (0x4FFFF, 7)] {
                assert_eq!(get(&mut p, "byte", at), value);
                p.call("set", &[at.into()], Kind::None).unwrap();
            }
            // Three more until the limit, each time.
            assert_eq!([get(&mut p, "grow", 3), get(&mut p, "grow", 1)], [5, -1]);
            assert_eq!(get(&mut p, "byte", 0x7FFFF), 0);
            p.call("set", &[0x7FFFF.into()], Kind::None).unwrap();
            p.reset().unwrap();
        }
    });
}

/// An allocator that never frees and grows with each call: 1,000,000 resets don't bring it to its limit.
#[test]
fn growth_ends_with_each_reset() {
    let wat = with_allocator(
        r#"(func (export "string") (param i32) (result i32)
             (drop (memory.grow (i32.const 1))) (call $copy_string (local.get 0)))"#,
    );
    for (compiler, resets) in [(Compiler::Cranelift, 1_000_000), (Compiler::Singlepass, 100_000)] {
        let engine = plugins::engine(compiler, Log::default());
        let (mut config, mut limits) = (Config::new(), Limits::default());
        limits.memory_bytes = 4 << 16;
        config.limits(limits);
        let mut p = instance(&engine, &wat, &config);
        let started = Instant::now();
        for _ in 0..resets {
            assert_eq!(
                p.call("string", &["Nic".into()], Kind::String).unwrap(),
                Value::String("Nic")
            );
            p.reset().unwrap();
        }
        println!("{compiler:?}: {:?} a call and reset", started.elapsed() / resets);
        assert_eq!(pages(&mut p), 2);
        p.call("string", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(pages(&mut p), 3);
        assert!(started.elapsed() < Duration::from_secs(300));
    }
}
