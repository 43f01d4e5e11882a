//! Calls with a time limit of their own.

use crate::plugins;

use plugins::{fails, instance, on_both, with_limits};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Kind, Limits, Value};

/// Machines are busy at times; more than this after its deadline a call doesn't end.
const LATE: Duration = Duration::from_millis(800);

const WAT: &str = r#"
    (import "env" "left" (func $left (result i64)))
    (func (export "forever") (loop $again (br $again)))
    (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "left") (result i64) (call $left))"#;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A plugin's own limit, and a callback that tells how many nanoseconds are left, -1 without a limit.
fn config(timeout: Option<Duration>) -> Config {
    let (mut config, mut limits) = (Config::new(), Limits::default());
    limits.timeout = timeout;
    config.limits(limits).callback("env", "left", &[], Kind::I64, |caller, _| {
        let left = caller.remaining().map_or(-1, |left| left.as_nanos() as i64);
        caller.set_result(left.into());
        Ok(())
    });
    config
}

#[test]
fn a_call_ends_at_its_own_limit() {
    on_both(|engine| {
        let mut p = instance(engine, WAT, &config(None));
        let begun = Instant::now();
        let message = r#"plugin "p", function "forever": the call ran past its time limit of 20ms"#;
        fails(p.call_within(ms(20), "forever", &[], Kind::None), Timeout, message);
        let took = begun.elapsed();
        assert!(ms(20) <= took && took < ms(20) + LATE, "{took:?}");
        assert_eq!(p.call("sum", &[1.into(), 2.into()], Kind::I32).unwrap_err().kind(), Poisoned);
        p.reset().unwrap();
        // It was that call's, whatever became of it.
        assert_eq!(p.call("left", &[], Kind::I64).unwrap(), Value::I64(-1));
        let sum = p.call_within(ms(20_000), "sum", &[1.into(), 2.into()], Kind::I32).unwrap();
        assert_eq!(sum, Value::I32(3));
        assert_eq!(p.call("left", &[], Kind::I64).unwrap(), Value::I64(-1));
        let left =
            i64::try_from(p.call_within(ms(20_000), "left", &[], Kind::I64).unwrap()).unwrap();
        assert!(left > 0 && left <= 20_000_000_000, "{left}");
    });
}

#[test]
fn the_shorter_limit_counts() {
    on_both(|engine| {
        let mut p = instance(engine, WAT, &config(Some(ms(30))));
        for (own, counts) in [(ms(10), 10), (ms(60_000), 30), (Duration::MAX, 30), (ms(30), 30)] {
            let begun = Instant::now();
            let message = format!(
                r#"plugin "p", function "forever": the call ran past its time limit of {counts}ms"#
            );
            fails(p.call_within(own, "forever", &[], Kind::None), Timeout, &message);
            let took = begun.elapsed();
            assert!(ms(counts) <= took && took < ms(counts) + LATE, "{took:?}");
            p.reset().unwrap();
            // The plugin's own again.
            let left = i64::try_from(p.call("left", &[], Kind::I64).unwrap()).unwrap();
            assert!(left > 0 && left <= 30_000_000, "{left}");
        }
    });
}

#[test]
fn no_time_is_refused() {
    on_both(|engine| {
        let mut p = instance(engine, WAT, &config(None));
        let message = "a timeout of 0 is no time at all: leave it out for the plugin's own limit";
        fails(p.call_within(Duration::ZERO, "forever", &[], Kind::None), Invalid, message);
        // Nothing ran. The least there is works, and so does the most.
        let outcome = p.call_within(Duration::from_nanos(1), "forever", &[], Kind::None);
        assert_eq!(outcome.unwrap_err().kind(), Timeout);
        p.reset().unwrap();
        let sum = p.call_within(Duration::MAX, "sum", &[1.into(), 2.into()], Kind::I32).unwrap();
        assert_eq!(sum, Value::I32(3));
    });
}

/// Errors before the call, results, and errors of the plugin's own are those of other calls.
#[test]
fn the_rest_is_as_in_other_calls() {
    on_both(|engine| {
        let mut p = instance(engine, WAT, &config(None));
        let one = [1.into()];
        let with = p.call_within(ms(500), "sum", &one, Kind::I32).unwrap_err().to_string();
        assert_eq!(with, p.call("sum", &one, Kind::I32).unwrap_err().to_string());
        let with = p.call_within(ms(500), "sim", &[], Kind::I32).unwrap_err().to_string();
        assert_eq!(with, p.call("sim", &[], Kind::I32).unwrap_err().to_string());
        let named = p.call_named_within(None, b"sum", &[1.into(), 2.into()], Kind::I32).unwrap();
        assert_eq!(named, Value::I32(3));
        let none = Some(Duration::ZERO);
        assert_eq!(p.call_named_within(none, b"sum", &[], Kind::I32).unwrap_err().kind(), Invalid);
    });
}

/// A panic of the host's ends the call, and its limit.
#[test]
fn a_panic_takes_the_limit_along() {
    on_both(|engine| {
        let mut config = config(None);
        config.callback("env", "panic", &[], Kind::None, |_, _| panic!("in the callback"));
        let wat = format!(
            r#"(import "env" "panic" (func $panic)) {WAT} (func (export "panic") (call $panic))"#
        );
        let mut p = instance(engine, &wat, &config);
        assert_eq!(p.call_within(ms(5000), "panic", &[], Kind::None).unwrap_err().kind(), Callback);
        p.reset().unwrap();
        assert_eq!(p.call("left", &[], Kind::I64).unwrap(), Value::I64(-1));
    });
}

/// An instance that is recycled for another owner has its plugin's limit.
#[test]
fn the_next_owner_has_the_plugins_limit() {
    on_both(|engine| {
        let mut p = instance(engine, WAT, &config(None));
        p.call_within(ms(5), "forever", &[], Kind::None).unwrap_err();
        drop(p);
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(p.call("left", &[], Kind::I64).unwrap(), Value::I64(-1));
    });
}

/// Many threads, each with limits that are shorter and longer than those before.
#[test]
fn limits_of_many_threads_do_not_mix() {
    on_both(|engine| {
        engine.register("p", WAT.as_bytes(), &config(None)).unwrap();
        let late = Arc::new(Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for thread in 0..4 {
                let (engine, late) = (engine.clone(), Arc::clone(&late));
                scope.spawn(move || {
                    let mut p = engine.instance("p", None).unwrap();
                    for round in 0..10 {
                        let limit = ms(2 + 7 * ((thread + 3 * round) % 5));
                        let begun = Instant::now();
                        let error = p.call_within(limit, "forever", &[], Kind::None).unwrap_err();
                        assert_eq!(error.kind(), Timeout);
                        let took = begun.elapsed();
                        assert!(took >= limit, "{took:?} of {limit:?}");
                        if took > limit + LATE {
                            late.lock().unwrap().push(took);
                        }
                        p.reset().unwrap();
                    }
                });
            }
        });
        assert!(late.lock().unwrap().is_empty(), "{late:?}");
    });
}

/// A plugin that isn't restorable, whose instances are made anew at each reset.
#[test]
fn a_plugin_without_a_snapshot() {
    on_both(|engine| {
        let mut own = with_limits(|limits| limits.timeout = Some(ms(25)));
        own.snapshot(false);
        let wat = r#"(func (export "forever") (loop $again (br $again)))"#;
        let mut p = instance(engine, wat, &own);
        for (limit, counts) in [(ms(5), "5ms"), (ms(5000), "25ms")] {
            let message = format!(
                r#"plugin "p", function "forever": the call ran past its time limit of {counts}"#
            );
            fails(p.call_within(limit, "forever", &[], Kind::None), Timeout, &message);
            p.reset().unwrap();
        }
    });
}

#[test]
fn a_stopped_clock_gives_a_callback_time() {
    let wat =
        br#"(module (import "env" "wait" (func $wait (param i32))) (memory (export "memory") 1)
        (func (export "waits") (param i32) (call $wait (local.get 0)))
        (func (export "spins") (param i32) (call $wait (local.get 0)) (loop $l (br $l))))"#;
    let engine = Engine::new();
    let mut config = Config::new();
    config.timeout(Duration::from_millis(300));
    config.callback("env", "wait", &[Kind::I32], Kind::None, |caller, args| {
        let pauses = args[0] == Value::I32(1);
        if pauses {
            caller.pause_clock();
            assert_eq!(caller.remaining(), None);
            caller.pause_clock();
        }
        std::thread::sleep(Duration::from_millis(500));
        caller.resume_clock()?;
        assert_eq!(caller.remaining().unwrap() > Duration::ZERO, pauses);
        Ok(())
    });
    engine.register("p", wat, &config).unwrap();
    for within in [None, Some(Duration::from_millis(250))] {
        let mut p = engine.instance("p", None).unwrap();
        p.call_named_within(within, b"waits", &[1.into()], Kind::None).unwrap();
        let error = p.call_named_within(within, b"waits", &[0.into()], Kind::None).unwrap_err();
        assert_eq!(error.kind(), Timeout);
        p.reset().unwrap();
        // The time that was left ends all the same.
        let error = p.call_named_within(within, b"spins", &[1.into()], Kind::None).unwrap_err();
        assert_eq!(error.kind(), Timeout);
    }
}
