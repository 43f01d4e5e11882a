//! Stopping a plugin that never ends: by its time limit, or by the host.

use crate::plugins;

use plugins::{fails, instance, live, on_both, plugin, with_allocator};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Instance, Kind, Limits, Value};

/// The endless functions, with their arguments.
const ENDLESS: [(&str, &[Value<'_>]); 11] = [
    ("empty_loop", &[]),
    ("counting_loop", &[]),
    ("nested_loops", &[]),
    ("loop_by_table", &[Value::I32(7)]),
    ("loop_with_a_value", &[]),
    ("loop_with_if", &[]),
    ("loop_over_memory", &[]),
    ("calls", &[Value::I32(100)]),
    ("indirect_calls", &[]),
    ("callbacks", &[Value::I32(1)]),
    ("sleep", &[]),
];

/// With a callback that waits for so many milliseconds.
fn config(timeout: Option<Duration>) -> Config {
    let (mut config, mut limits) = (Config::new(), Limits::default());
    limits.timeout = timeout;
    config.limits(limits).callback("env", "wait", &[Kind::I32], Kind::None, |_, args| {
        thread::sleep(Duration::from_millis(i32::try_from(args[0])? as u64));
        Ok(())
    });
    config
}

#[track_caller]
fn count(p: &mut Instance, wanted: i32) {
    assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(wanted));
}

#[test]
fn a_time_limit_ends_whatever_a_plugin_does() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("endless"), &config(Some(Duration::from_millis(20))));
        for (name, args) in ENDLESS {
            count(&mut p, 1);
            let started = Instant::now();
            let message = format!(
                r#"plugin "p", function "{name}": the call ran past its time limit of 20ms"#
            );
            fails(p.call(name, args, Kind::None), Timeout, &message);
            let took = started.elapsed();
            assert!(took >= Duration::from_millis(20), "{name}: {took:?}");
            // The machine may be busy, but not for that long.
            assert!(took < Duration::from_secs(5), "{name}: {took:?}");
            let message = format!(
                r#"plugin "p", function "count": the instance was stopped half-way and must be reset first ({message})"#
            );
            fails(p.call("count", &[], Kind::I32), Poisoned, &message);
            p.reset().unwrap();
            count(&mut p, 1);
            p.reset().unwrap();
        }
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn calls_within_their_time_are_left_alone() {
    on_both(|engine| {
        let limit = Duration::from_millis(200);
        let mut p = instance(engine, &plugin("endless"), &config(Some(limit)));
        // Together they take longer than one may.
        let started = Instant::now();
        let mut calls = 0;
        while started.elapsed() < 3 * limit {
            calls += 1;
            count(&mut p, calls);
        }
        for _ in 0..10 {
            p.call("wait", &[40.into()], Kind::None).unwrap();
        }
        count(&mut p, calls + 1);
    });
}

#[test]
fn start_up_and_the_allocator_are_within_the_limit() {
    let endless = "(loop $again (br $again))";
    on_both(|engine| {
        let config = config(Some(Duration::from_millis(20)));
        let refuses = |fields: &str, context: &str| {
            let wat = format!(r#"(memory (export "memory") 1) {fields}"#);
            let message =
                format!(r#"plugin "p": {context}: the call ran past its time limit of 20ms"#);
            fails(engine.register("p", wat.as_bytes(), &config), Timeout, &message);
        };
        refuses(&format!("(func $main {endless}) (start $main)"), "its start");
        for name in ["_initialize", "_start"] {
            let start = format!(r#"(func (export "{name}") {endless})"#);
            refuses(&start, &format!(r#"its start-up "{name}""#));
        }
        refuses(
            &format!(r#"(func (export "wasp_signatures") (result i32) {endless} (i32.const 8))"#),
            r#""wasp_signatures""#,
        );

        let ends = |fields: &str| {
            let wat =
                format!(r#"(memory (export "memory") 1) (func (export "f") (param i32)) {fields}"#);
            let mut p = instance(engine, &wat, &config);
            let message = r#"plugin "p", function "f": the call ran past its time limit of 20ms"#;
            fails(p.call("f", &["Nic".into()], Kind::None), Timeout, message);
            p.reset().unwrap();
            p.call("f", &[7.into()], Kind::None).unwrap();
        };
        ends(&format!(
            r#"(func (export "allocate") (param i32) (result i32) {endless} (i32.const 8))"#
        ));
        ends(&format!(
            r#"(func (export "allocate") (param i32) (result i32) (i32.const 8))
                   (func (export "deallocate") (param i32 i32) {endless})"#
        ));
    });
}

#[test]
fn a_host_interrupts_from_another_thread() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("endless"), &config(None));
        for (name, args) in ENDLESS {
            count(&mut p, 1);
            let interrupter = p.interrupter();
            let other = thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                interrupter.interrupt();
            });
            let message =
                format!(r#"plugin "p", function "{name}": the host interrupted the call"#);
            fails(p.call(name, args, Kind::None), Cancelled, &message);
            other.join().unwrap();
            assert_eq!(p.call("count", &[], Kind::I32).unwrap_err().kind(), Poisoned);
            p.reset().unwrap();
        }
        count(&mut p, 1);
    });
}

#[test]
fn an_interrupt_stops_only_the_call_that_it_was_meant_for() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("endless"), &config(None));
        let mut bystander = engine.instance("p", None).unwrap();
        // When no call runs, it is nothing.
        let interrupter = p.interrupter();
        for calls in 1..=100 {
            interrupter.interrupt();
            count(&mut p, calls);
        }
        // It stays that of its instance over a reset.
        p.reset().unwrap();
        let other = {
            let interrupter = interrupter.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                interrupter.interrupt();
            })
        };
        bystander.call("wait", &[60.into()], Kind::None).unwrap();
        other.join().unwrap();
        count(&mut bystander, 1);
        // But the next owner of the same memory is another one.
        drop((p, bystander));
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    interrupter.interrupt();
                }
            });
            for _ in 0..1000 {
                count(&mut engine.instance("p", None).unwrap(), 1);
            }
            over.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn interrupts_at_any_moment_leave_all_in_order() {
    let wat = with_allocator(
        r#"(func (export "string") (param i32) (result i32) (call $copy_string (local.get 0)))"#,
    );
    on_both(|engine| {
        let mut p = instance(engine, &wat, &Config::new());
        let interrupter = p.interrupter();
        let over = AtomicBool::new(false);
        let (mut done, mut stopped) = (0, 0);
        let text = "äöü".repeat(100);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    interrupter.interrupt();
                    thread::yield_now();
                }
            });
            while (done < 200 || stopped < 200) && done + stopped < 1_000_000 {
                match p.call("string", &[(&text).into()], Kind::String) {
                    Ok(back) => {
                        assert_eq!(back, Value::String(&text));
                        done += 1;
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), Cancelled, "{error}");
                        p.reset().unwrap();
                        stopped += 1;
                    }
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        assert!(done > 0 && stopped > 0, "{done} {stopped}");
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn each_thread_has_its_own_time() {
    on_both(|engine| {
        let config = config(Some(Duration::from_millis(100)));
        engine.register("p", plugin("endless").as_bytes(), &config).unwrap();
        thread::scope(|scope| {
            for thread in 0..8 {
                let engine = engine.clone();
                scope.spawn(move || {
                    let mut p = engine.instance("p", None).unwrap();
                    for round in 0..4 {
                        if (thread + round) % 2 == 0 {
                            let error = p.call("callbacks", &[1.into()], Kind::None).unwrap_err();
                            assert_eq!(error.kind(), Timeout);
                            p.reset().unwrap();
                        } else {
                            p.call("wait", &[10.into()], Kind::None).unwrap();
                        }
                    }
                });
            }
        });
    });
}

#[test]
fn a_config_has_setters_for_the_limits_that_most_set() {
    on_both(|engine| {
        let mut config = Config::new();
        config.timeout(Duration::from_millis(20)).memory_limit(2 << 16);
        let mut p = instance(engine, r#"(func (export "spin") (loop (br 0)))"#, &config);
        assert_eq!(p.call("spin", &[], Kind::None).unwrap_err().kind(), Timeout);
        let wat = r#"(memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#;
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("grow", &[2.into()], Kind::I32).unwrap(), Value::I32(-1));
        assert_eq!(p.call("grow", &[1.into()], Kind::I32).unwrap(), Value::I32(1));
    });
}
