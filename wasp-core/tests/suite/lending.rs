//! Results: short ones are copied and freed within their call, long ones are lent and freed by the next one.

use crate::plugins;

use plugins::{ask, fails, instance, live, on_both, on_both_with, pages};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Instance, Kind, Level, Limits, Log, Value};

fn lending(engine: &Engine) -> Instance {
    instance(engine, include_str!("../plugins/lending.wat"), &Config::new())
}

/// Around the length from which results are lent.
const LENGTHS: [usize; 7] = [0, 1, 100, 4095, 4096, 4097, 100_000];

fn check_all_lengths(engine: &Engine) {
    let mut p = lending(engine);
    for length in LENGTHS {
        let letters = "a".repeat(length);
        let count = Value::I32(length as i32);
        assert_eq!(p.call("text", &[count], Kind::String).unwrap(), Value::String(&letters));
        assert_eq!(live(&mut p), 0);
        let bytes = p.call("bytes", &[count], Kind::Bytes).unwrap();
        assert_eq!(bytes, Value::Bytes(letters.as_bytes()));
        assert_eq!(live(&mut p), 0);
        // One that nobody reads, and one right after another.
        p.call("text", &[count], Kind::None).unwrap();
        p.call("text", &[count], Kind::String).unwrap();
        assert_eq!(p.call("text", &[count], Kind::String).unwrap(), Value::String(&letters));
        p.reset().unwrap();
        assert_eq!(live(&mut p), 0);
    }
}

#[test]
fn results_of_all_lengths_are_whole_and_freed() {
    on_both(check_all_lengths);
}

#[test]
fn and_with_a_log_that_reads_them() {
    let lines = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lines);
    let log = Log::new(Level::Trace, move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    on_both_with(log, check_all_lengths);
    assert!(lines.load(Ordering::Relaxed) > 100);
}

#[test]
fn an_argument_that_comes_back_is_read_before_it_is_freed() {
    on_both(|engine| {
        let mut p = lending(engine);
        for length in LENGTHS {
            let letters = "é".repeat(length);
            let value = p.call("same", &[Value::String(&letters)], Kind::String).unwrap();
            assert_eq!(value, Value::String(&letters));
            assert_eq!(live(&mut p), 0);
            let value = p.call("same", &[Value::Bytes(letters.as_bytes())], Kind::Bytes).unwrap();
            assert_eq!(value, Value::Bytes(letters.as_bytes()));
            assert_eq!(live(&mut p), 0);
        }
        p.reset().unwrap();
        // The end of the argument's block: freeing that fills this too.
        let letters = "a".repeat(100_000);
        let value = p.call("part", &[Value::String(&letters)], Kind::String).unwrap();
        assert_eq!(value, Value::String(&letters[1..]));
    });
}

#[test]
fn what_was_lent_is_freed_before_anything_is_allocated() {
    on_both(|engine| {
        // The allocator has room for four of these, and begins anew only when nothing lives.
        let mut p = lending(engine);
        let letters = "a".repeat(100_000);
        for _ in 0..100 {
            let args = [Value::String("x"), Value::I32(100_000)];
            assert_eq!(p.call("long", &args, Kind::String).unwrap(), Value::String(&letters));
        }
    });
}

#[test]
fn text_that_the_guest_spoils_while_it_is_lent_is_no_text() {
    on_both(|engine| {
        let mut p = lending(engine);
        let spoiled = |length: i32| {
            let mut p = engine.instance("p", None).unwrap();
            let args = [Value::String("x"), Value::I32(length)];
            let outcome = p.call("spoiled", &args, Kind::String);
            outcome.map(|text| <&str>::try_from(text).unwrap().to_owned())
        };
        assert_eq!(spoiled(100).unwrap(), "a".repeat(100));
        // The argument's block is 2 bytes at 1024.
        let message = r#"plugin "p", function "spoiled": the string at 0x402 is not UTF-8"#;
        fails(spoiled(10_000), Abi, message);
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn a_block_that_can_not_be_freed_fails_the_next_call() {
    on_both(|engine| {
        let mut p = lending(engine);
        p.call("die", &[], Kind::None).unwrap();
        let error = p.call("text", &[Value::I32(100)], Kind::String).unwrap_err();
        assert_eq!(error.kind(), Trap);
        p.reset().unwrap();
        p.call("die", &[], Kind::None).unwrap();
        assert!(p.call("text", &[Value::I32(10_000)], Kind::String).is_ok());
        let error = p.call("live", &[], Kind::I32).unwrap_err();
        assert_eq!((error.kind(), error.function()), (Trap, Some("live")));
        assert!(error.to_string().contains(r#"function "live": "deallocate": "#), "{error}");
        assert_eq!(p.call("live", &[], Kind::I32).unwrap_err().kind(), Poisoned);
        // A reset, or the next owner, doesn't free it again.
        p.reset().unwrap();
        assert_eq!(live(&mut p), 0);
        assert!(p.call("text", &[Value::I32(10_000)], Kind::String).is_ok());
        drop(p);
        assert_eq!(live(&mut engine.instance("p", None).unwrap()), 0);
    });
}

/// A result of `length` bytes of 0xFF, which is in no UTF-8.
const SPOILT: &str = r#"(memory (export "memory") 8)
    (func (export "wasp_signatures") (result i32) (i32.const 16))
    (data (i32.const 16) "declared(i32) string\00")
    (func $text (export "text") (param $length i32) (result i32)
      (memory.fill (i32.const 1024) (i32.const 0xFF) (local.get $length))
      (i32.store8 (i32.add (i32.const 1024) (local.get $length)) (i32.const 0))
      (i32.const 1024))
    (export "declared" (func $text))"#;

#[test]
fn long_text_that_is_no_text_is_logged_as_short_text_is() {
    let lines = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lines);
    let log = Log::new(Level::Error, move |record| {
        assert_eq!(record.message, "Calling function failed");
        count.fetch_add(1, Ordering::Relaxed);
    });
    on_both_with(log, |engine| {
        let mut p = instance(engine, SPOILT, &Config::new());
        for length in [100, 4095, 4096, 100_000] {
            let before = lines.load(Ordering::Relaxed);
            let message = r#"plugin "p", function "text": the string at 0x400 is not UTF-8"#;
            fails(p.call("text", &[length.into()], Kind::String), Abi, message);
            assert_eq!(lines.load(Ordering::Relaxed), before + 1, "{length}");
        }
    });
}

#[test]
fn declared_text_that_nobody_reads_is_checked_whatever_its_length() {
    on_both(|engine| {
        let mut p = instance(engine, SPOILT, &Config::new());
        let outcomes = [100, 4095, 4096, 100_000]
            .map(|length| p.call("declared", &[length.into()], Kind::None).is_ok());
        assert!(outcomes.iter().all(|ok| *ok == outcomes[0]), "{outcomes:?}");
    });
}

/// Lends, and does `body` when that is to be freed.
fn late(body: &str) -> String {
    format!(
        r#"(import "env" "raise_error" (func $raise (param i32)))
        (import "env" "ask" (func $ask (param i32) (result i32)))
        (memory (export "memory") 2)
        (data (i32.const 16) "oh\00")
        (global $next (mut i32) (i32.const 1024))
        (global $frees (mut i32) (i32.const 0))
        (func (export "allocate") (param i32) (result i32)
          (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
        (func (export "deallocate") (param $block i32) (param $size i32)
          (global.set $frees (i32.add (global.get $frees) (i32.const 1)))
          (if (i32.eq (local.get $size) (i32.const 5001)) (then {body})))
        (func (export "text") (result i32)
          (memory.fill (i32.const 60000) (i32.const 0x61) (i32.const 5000))
          (i32.const 60000))
        (func (export "frees") (result i32) (global.get $frees))
        (func (export "pages") (result i32) (memory.size))
        (func (export "same") (param i32) (result i32) (local.get 0))"#
    )
}

#[test]
fn a_late_free_may_do_what_any_guest_code_may() {
    on_both(|engine| {
        let a = "a".repeat(5000);
        for body in ["(drop (memory.grow (i32.const 1)))", "(drop (call $ask (i32.const 16)))"] {
            let mut p = instance(engine, &late(body), &ask());
            for _ in 0..3 {
                assert_eq!(p.call("text", &[], Kind::String).unwrap(), Value::String(&a));
            }
            assert_eq!(
                p.call("same", &["Nic".into()], Kind::String).unwrap(),
                Value::String("Nic")
            );
            p.reset().unwrap();
            assert_eq!(p.call("frees", &[], Kind::I32).unwrap(), Value::I32(0));
            assert_eq!(pages(&mut p), 2);
        }
    });
}

#[test]
fn an_error_raised_in_a_late_free_is_not_the_next_calls() {
    on_both(|engine| {
        let mut p = instance(engine, &late("(call $raise (i32.const 16))"), &ask());
        p.call("text", &[], Kind::String).unwrap();
        let next = p.call("frees", &[], Kind::I32);
        assert_eq!(next.map_err(|error| error.to_string()), Ok(Value::I32(1)));
    });
}

#[test]
fn a_late_free_without_end_is_stopped_by_the_next_calls_limit() {
    on_both(|engine| {
        let mut config = ask();
        let mut limits = Limits::default();
        limits.timeout = Some(Duration::from_millis(250));
        config.limits(limits);
        let mut p = instance(engine, &late("(loop (br 0))"), &config);
        p.call("text", &[], Kind::String).unwrap();
        assert_eq!(p.call("frees", &[], Kind::I32).unwrap_err().kind(), Timeout);
        assert_eq!(p.call("frees", &[], Kind::I32).unwrap_err().kind(), Poisoned);
        p.reset().unwrap();
        assert_eq!(p.call("frees", &[], Kind::I32).unwrap(), Value::I32(0));
        // Where there is no next call, nobody frees it.
        p.call("text", &[], Kind::String).unwrap();
        drop(p);
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(p.call("frees", &[], Kind::I32).unwrap(), Value::I32(0));
    });
}

#[test]
fn a_late_free_can_be_cancelled() {
    on_both(|engine| {
        let mut p = instance(engine, &late("(loop (br 0))"), &ask());
        p.call("text", &[], Kind::String).unwrap();
        let interrupter = p.interrupter();
        let stop = std::thread::spawn(move || {
            for _ in 0..50 {
                std::thread::sleep(Duration::from_millis(5));
                interrupter.interrupt();
            }
        });
        assert_eq!(p.call("frees", &[], Kind::I32).unwrap_err().kind(), Cancelled);
        stop.join().unwrap();
    });
}
