//! Several threads: an engine is shared, an instance moves.

use crate::plugins;

use plugins::{fails, instance, live, on_both, plugin, with_allocator};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Error, Instance, Kind, Limits, Log, Value};

const THREADS: u32 = 8;

#[test]
fn what_may_be_sent_and_shared() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Engine>();
    sync::<Engine>();
    send::<Instance>();
    send::<Config>();
    sync::<Config>();
    send::<Error>();
    sync::<Error>();
    send::<Log>();
    sync::<Log>();
    send::<Limits>();
    send::<Compiler>();
}

#[test]
fn threads_share_an_engine() {
    on_both(|engine| {
        let called = Arc::new(AtomicU32::new(0));
        let mut config = Config::new();
        config.callback("env", "string", &[Kind::String], Kind::String, {
            let called = Arc::clone(&called);
            move |caller, args| {
                called.fetch_add(1, Ordering::Relaxed);
                caller.set_result(args[0]);
                Ok(())
            }
        });
        let wat = with_allocator(
            r#"(import "env" "string" (func $string (param i32) (result i32)))
               (func (export "string") (param i32) (result i32) (call $string (local.get 0)))
               (func (export "count") (result i32)
                 (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1)))
                 (i32.load (i32.const 1024)))"#,
        );
        engine.register("p", wat.as_bytes(), &config).unwrap();
        let start = Barrier::new(THREADS as usize);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (engine, start) = (engine.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    for round in 0..5 {
                        let mut p = engine.instance("p", None).unwrap();
                        for call in 0..2000 {
                            let text = format!("{thread}.{round}.{call} äöü");
                            let back = p.call("string", &[(&text).into()], Kind::String).unwrap();
                            assert_eq!(back, Value::String(&text));
                        }
                        // Nobody else was in this memory.
                        assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(1));
                        assert_eq!(live(&mut p), 0);
                    }
                });
            }
        });
        assert_eq!(called.load(Ordering::Relaxed), THREADS * 5 * 2000);
    });
}

#[test]
fn threads_trap_at_the_same_time() {
    on_both(|engine| {
        engine.register("p", plugin("traps").as_bytes(), &Config::new()).unwrap();
        let start = Barrier::new(THREADS as usize);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (engine, start) = (engine.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    let mut p = engine.instance("p", None).unwrap();
                    for round in 0..100 {
                        let (name, args, message): (_, &[Value<'_>], _) = match (thread + round) % 4
                        {
                            0 => ("unreachable", &[], "unreachable"),
                            1 => ("read", &[Value::I32(-1)], "out of bounds memory access"),
                            2 => ("divide", &[Value::I32(0)], "integer divide by zero"),
                            _ => ("forever", &[], "call stack exhausted"),
                        };
                        let message = format!(r#"plugin "p", function "{name}": {message}"#);
                        fails(p.call(name, args, Kind::None), Trap, &message);
                        p.reset().unwrap();
                        assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(1));
                    }
                });
            }
        });
    });
}

#[test]
fn an_instance_moves_between_threads() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("traps"), &Config::new());
        let mut count = 0;
        for round in 0..50 {
            (p, count) = thread::spawn(move || {
                if round % 10 == 9 {
                    assert_eq!(p.call("unreachable", &[], Kind::None).unwrap_err().kind(), Trap);
                    p.reset().unwrap();
                    count = 0;
                }
                count += 1;
                let wanted = Value::I32(count * count);
                assert_eq!(p.call("count", &[], Kind::I32).unwrap(), wanted);
                (p, count)
            })
            .join()
            .unwrap();
        }
        assert_eq!(count, 1);
    });
}

#[test]
fn an_instance_is_made_on_one_thread_and_dropped_on_another() {
    on_both(|engine| {
        engine.register("p", plugin("echo").as_bytes(), &Config::new()).unwrap();
        let made: Vec<_> = (0..20)
            .map(|_| {
                let engine = engine.clone();
                thread::spawn(move || {
                    let mut p = engine.instance("p", None).unwrap();
                    p.call("string", &["Nic".into()], Kind::String).unwrap();
                    p
                })
                .join()
                .unwrap()
            })
            .collect();
        thread::spawn(move || drop(made)).join().unwrap();
        let mut p = engine.instance("p", None).unwrap();
        let back = p.call("string", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(back, Value::String("Nic"));
    });
}

#[test]
fn a_mutex_makes_an_instance_shared() {
    on_both(|engine| {
        let p = Mutex::new(instance(engine, &plugin("echo"), &Config::new()));
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let p = &p;
                scope.spawn(move || {
                    for call in 0..500 {
                        let text = format!("{thread}.{call}");
                        let mut p = p.lock().unwrap();
                        let back = p.call("string", &[(&text).into()], Kind::String).unwrap();
                        assert_eq!(back, Value::String(&text));
                    }
                });
            }
        });
        assert_eq!(live(&mut p.into_inner().unwrap()), 0);
    });
}

#[test]
fn plugins_come_and_go_while_others_use_them() {
    let wat =
        |number: u32| format!(r#"(func (export "version") (result i32) (i32.const {number}))"#);
    on_both(|engine| {
        engine.register("p", wat(0).as_bytes(), &Config::new()).unwrap();
        let (over, newest) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 1..THREADS {
                let (engine, over, newest) = (engine.clone(), &over, &newest);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        let oldest = newest.load(Ordering::SeqCst);
                        let mut p = engine.instance("p", None).unwrap();
                        let version = p.call("version", &[], Kind::I32).unwrap();
                        let version = i32::try_from(version).unwrap() as u32;
                        // No older than what was there before, and it stays the same.
                        assert!(version >= oldest, "{version} {oldest}");
                        p.reset().unwrap();
                        let again = p.call("version", &[], Kind::I32).unwrap();
                        assert_eq!(again, Value::I32(version as i32));
                        let _ = engine.instance("other", None);
                    }
                });
            }
            for version in 1..100 {
                engine.register("p", wat(version).as_bytes(), &Config::new()).unwrap();
                newest.store(version, Ordering::SeqCst);
                engine.register("other", b"(module)", &Config::new()).unwrap();
                engine.unregister("other").unwrap();
            }
            over.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn a_thread_with_little_stack_of_its_own() {
    // Guests have stacks of their own, so that of the host's thread doesn't matter to them.
    on_both(|engine| {
        engine.register("p", plugin("traps").as_bytes(), &Config::new()).unwrap();
        let engine = engine.clone();
        thread::Builder::new()
            .stack_size(128 << 10)
            .spawn(move || {
                let mut p = engine.instance("p", None).unwrap();
                fails(
                    p.call("forever", &[], Kind::None),
                    Trap,
                    r#"plugin "p", function "forever": call stack exhausted"#,
                );
                p.reset().unwrap();
                assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(1));
            })
            .unwrap()
            .join()
            .unwrap();
    });
}

#[test]
fn a_panic_of_one_thread_is_no_matter_to_others() {
    let wat = r#"(import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "ask") (param i32) (result i32) (call $ask (local.get 0)))"#;
    on_both(|engine| {
        let mut config = Config::new();
        config.callback("env", "ask", &[Kind::I32], Kind::I32, |caller, args| {
            let number: i32 = args[0].try_into()?;
            assert!(number % 7 != 0, "seven");
            caller.set_result(number.into());
            Ok(())
        });
        engine.register("p", wat.as_bytes(), &config).unwrap();
        thread::scope(|scope| {
            for thread in 0..4 {
                let engine = engine.clone();
                scope.spawn(move || {
                    let mut p = engine.instance("p", None).unwrap();
                    for call in 0..50 {
                        let number = thread + call;
                        let outcome = p.call("ask", &[number.into()], Kind::I32);
                        if number % 7 == 0 {
                            assert_eq!(outcome.unwrap_err().kind(), Callback);
                            p.reset().unwrap();
                        } else {
                            assert_eq!(outcome.unwrap(), Value::I32(number));
                        }
                    }
                });
            }
        });
    });
}
