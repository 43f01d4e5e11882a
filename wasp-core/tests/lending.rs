//! Results: short ones are copied and freed within their call, long ones are lent and freed by the next one.

mod plugins;

use plugins::{fails, instance, live, on_both, on_both_with};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Instance, Kind, Level, Log, Value};

fn lending(engine: &Engine) -> Instance {
    instance(engine, include_str!("plugins/lending.wat"), &Config::new())
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
