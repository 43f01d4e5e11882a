//! Exceptions that plugins throw: what catches them, what doesn't, and what they leave behind.

use crate::alone::alone;
use crate::plugins;

use plugins::{engine, fails, with_limits};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::{self, *};
use wasp_core::{Compiler, Config, Engine, Instance, Kind, Level, Log, Value};

/// Throws in all ways. `$v` carries one value of each type that a plain value can be, and a vector.
const THROWS: &str = r#"
    (import "env" "host" (func $host (param i32) (result i32)))
    (tag $t (param i32)) (tag $other (param i32)) (tag $empty)
    (tag $v (param i32 i64 f32 f64 v128))
    (func $throw (param i32) (throw $t (local.get 0)))
    (func $pass (param i32) ;; Catches another one, on the way of it.
      (drop (block $h (result i32)
        (try_table (catch $other $h) (call $throw (local.get 0)))
        (i32.const 0))))
    (func $uncaught (export "uncaught") (param i32) (result i32) (call $throw (local.get 0)) (i32.const 1))
    (func (export "caught") (param i32) (result i32)
      (block $h (result i32)
        (try_table (catch $t $h) (call $pass (local.get 0)))
        (i32.const -1)))
    (func (export "all") (result i32)
      (block $h (try_table (catch_all $h) (throw $empty)) (return (i32.const -1)))
      (i32.const 7))
    (func (export "values") (result f64)
      (local $i i32) (local $l i64) (local $f f32) (local $d f64) (local $v v128)
      (block $h (result i32 i64 f32 f64 v128)
        (try_table (catch $v $h)
          (throw $v (i32.const 1) (i64.const 2) (f32.const 4) (f64.const 8) (v128.const i64x2 16 32)))
        (unreachable))
      (local.set $v) (local.set $d) (local.set $f) (local.set $l) (local.set $i)
      (f64.add (local.get $d) (f64.add (f64.promote_f32 (local.get $f)) (f64.convert_i64_s
        (i64.add (i64x2.extract_lane 1 (local.get $v))
          (i64.add (local.get $l) (i64.extend_i32_s (local.get $i))))))))
    (func (export "again") (param i32) (result i32) ;; Catches a reference, throws others, then that one again.
      (local $e exnref)
      (block $outer (result i32)
        (try_table (catch $t $outer)
          (local.set $e (block $h (result exnref)
            (try_table (catch_all_ref $h) (call $throw (local.get 0)))
            (unreachable)))
          (drop (block $inner (result i32)
            (try_table (catch $t $inner) (call $throw (i32.const 1000)))
            (unreachable)))
          (throw_ref (local.get $e)))
        (unreachable)))
    (func (export "null") (throw_ref (ref.null exn)))
    (func (export "host") (param i32) (result i32)
      (block $h (try_table (catch_all $h) (return (call $host (local.get 0)))))
      (i32.const 99))
    (func $deep (param i32) (result i32)
      (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
    (func (export "overflow") (result i32)
      (block $h (try_table (catch_all $h) (return (call $deep (i32.const 0)))))
      (i32.const 99))
    (func (export "unreachable") (result i32)
      (block $h (try_table (catch_all $h) (unreachable)))
      (i32.const 99))
    (func (export "forever") (result i32)
      (loop $again
        (block $h (try_table (catch_all $h) (loop $in (br $in))))
        (br $again))
      (i32.const 99))
"#;

/// Throws and catches so many times: with [`KEEPS`] each may be needed, and without only the last.
const LOOPS: &str = r#"
    (tag $t (param i32))
    (memory (export "memory") 1)
    (func $throw (param i32) (throw $t (local.get 0)))
    (func (export "loop") (param i32) (result i32) (local $sum i32)
      (loop $l
        (local.set $sum (i32.add (local.get $sum)
          (block $h (result i32)
            (try_table (catch $t $h) (call $throw (i32.const 1)))
            (unreachable))))
        (br_if $l (i32.lt_u (local.get $sum) (local.get 0))))
      (local.get $sum))
    (func $down (param i32)
      (if (local.get 0)
        (then (call $down (i32.sub (local.get 0) (i32.const 1))))
        (else (call $throw (i32.const 5)))))
    (func (export "deep") (param i32) (result i32)
      (block $h (result i32)
        (try_table (catch $t $h) (call $down (local.get 0)))
        (unreachable)))
    (func (export "deep_uncaught") (param i32) (call $down (local.get 0)))
    (func (export "deep_loop") (param $times i32) (param $depth i32) (result i32) (local $sum i32)
      (loop $l
        (local.set $sum (i32.add (local.get $sum)
          (block $h (result i32)
            (try_table (catch $t $h) (call $down (local.get $depth)))
            (unreachable))))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br_if $l (local.get $times)))
      (local.get $sum))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
"#;

const KEEPS: &str = r#"
    (func (export "keeps") (result i32)
      (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t (i32.const 1))) (unreachable))
      (drop) (i32.const 3))"#;

fn host(engine: &Engine) -> Config {
    let mut config = with_limits(|limits| limits.timeout = Some(Duration::from_millis(300)));
    let inner = Mutex::new(None::<Instance>);
    let engine = engine.clone();
    config.callback("env", "host", &[Kind::I32], Kind::I32, move |caller, args| {
        let mut inner = inner.lock().unwrap();
        let mut nested = |function: &str| {
            let instance = inner.get_or_insert_with(|| engine.instance("p", None).unwrap());
            let outcome = instance.call(function, &[9.into()], Kind::I32);
            let answer = outcome.map_or(-2, |value| i32::try_from(value).unwrap());
            instance.reset().unwrap();
            answer
        };
        match i32::try_from(args[0])? {
            0 => caller.set_result(3.into()),
            1 => return Err("the host says no".into()),
            2 => caller.set_result(nested("uncaught").into()),
            _ => caller.set_result(nested("caught").into()),
        }
        Ok(())
    });
    config
}

#[track_caller]
fn gives(p: &mut Instance, function: &str, args: &[Value<'_>], expected: i32) {
    assert_eq!(p.call(function, args, Kind::I32).unwrap(), Value::I32(expected), "{function}");
}

#[track_caller]
fn ends(p: &mut Instance, function: &str, args: &[Value<'_>], kind: ErrorKind, message: &str) {
    let outcome = p.call(function, args, Kind::None).map(drop);
    fails(outcome, kind, &format!(r#"plugin "p", function "{function}": {message}"#));
    p.reset().unwrap();
}

fn check_all(engine: &Engine) {
    engine.register("p", THROWS.as_bytes(), &host(engine)).unwrap();
    let mut p = engine.instance("p", None).unwrap();
    for _ in 0..3 {
        gives(&mut p, "caught", &[7.into()], 7);
        ends(&mut p, "uncaught", &[7.into()], Trap, "uncaught exception");
        gives(&mut p, "all", &[], 7);
        assert_eq!(p.call("values", &[], Kind::F64).unwrap(), Value::F64(47.0));
        gives(&mut p, "again", &[5.into()], 5);
        ends(&mut p, "null", &[], Trap, "uninitialized exnref");
        // What is no exception of the plugin's own is caught by nobody.
        gives(&mut p, "host", &[0.into()], 3);
        ends(&mut p, "host", &[1.into()], Callback, r#"callback "env"."host": the host says no"#);
        // Another instance within this one's handlers.
        gives(&mut p, "host", &[2.into()], -2);
        gives(&mut p, "host", &[3.into()], 9);
        ends(&mut p, "overflow", &[], Trap, "call stack exhausted");
        ends(&mut p, "unreachable", &[], Trap, "unreachable");
        ends(&mut p, "forever", &[], Timeout, "the call ran past its time limit of 300ms");
    }
}

#[test]
fn what_is_caught_and_what_is_not() {
    check_all(&engine(Compiler::Cranelift, Log::default()));
}

#[test]
fn the_same_with_a_log() {
    // Calls take another way to the guest's stack then.
    check_all(&engine(Compiler::Cranelift, Log::new(Level::Debug, |_| {})));
}

#[test]
fn an_uncaught_one_has_a_trace() {
    let engine = engine(Compiler::Cranelift, Log::default());
    engine.register("p", THROWS.as_bytes(), &host(&engine)).unwrap();
    let mut p = engine.instance("p", None).unwrap();
    let error = p.call("uncaught", &[7.into()], Kind::I32).unwrap_err();
    let names: Vec<_> = error.trace().iter().map(|frame| frame.function.as_deref()).collect();
    assert_eq!(names, [Some("throw"), Some("uncaught")]);
}

#[test]
fn during_start_up() {
    let engine = engine(Compiler::Cranelift, Log::default());
    let wat = r#"
        (tag $t (param i32))
        (global $caught (mut i32) (i32.const 0))
        (func $start
          (global.set $caught (block $h (result i32)
            (try_table (catch $t $h) (throw $t (i32.const 7)))
            (unreachable))))
        (start $start)
        (func (export "again") (result i32)
          (i32.add (global.get $caught) (block $h (result i32)
            (try_table (catch $t $h) (throw $t (i32.const 1)))
            (unreachable))))"#;
    engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
    for _ in 0..3 {
        gives(&mut engine.instance("p", None).unwrap(), "again", &[], 8);
    }
    let wat = "(tag $t) (func $start (throw $t)) (start $start)";
    fails(
        engine.register("p", wat.as_bytes(), &Config::new()),
        Trap,
        r#"plugin "p": its start: uncaught exception"#,
    );
}

#[test]
fn no_reference_outlives_a_call() {
    let engine = engine(Compiler::Cranelift, Log::default());
    for (fields, what) in [
        ("(global (mut exnref) (ref.null exn))", "global 0"),
        ("(global i32 (i32.const 1)) (global exnref (ref.null exn))", "global 1"),
        ("(table 1 exnref)", "table 0"),
        ("(table 1 funcref) (table 0 8 exnref)", "table 1"),
    ] {
        let message = format!(
            r#"plugin "p": {what} is of exnref: exceptions end with the call, and only locals can hold one"#
        );
        fails(engine.register("p", fields.as_bytes(), &Config::new()), Compile, &message);
    }
    fails(
        engine.register("p", br#"(import "a" "b" (tag (param i32)))"#, &Config::new()),
        ImportNotFound,
        r#"plugin "p": it imports tag "a"."b", but only functions can be imported"#,
    );
    // A host can't give one, and what it gets of one is nothing.
    let wat = r#"
        (tag $t)
        (func (export "take") (param exnref))
        (func (export "give") (result exnref)
          (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t)) (unreachable)))"#;
    engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
    let mut p = engine.instance("p", None).unwrap();
    assert_eq!(p.functions(), []);
    assert_eq!(p.call("take", &[0.into()], Kind::None).unwrap_err().kind(), Signature);
    assert_eq!(p.call("give", &[], Kind::I32).unwrap_err().kind(), Signature);
}

#[test]
fn a_compiler_without_exceptions_says_so() {
    let engine = engine(Compiler::Singlepass, Log::default());
    let error = engine.register("p", b"(tag $t) (func (throw $t))", &Config::new()).unwrap_err();
    assert_eq!(error.kind(), Compile);
    assert!(error.to_string().contains("exceptions"), "{error}");
}

/// The resident memory of this process, in bytes.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn a_million_leave_nothing() {
    alone("exceptions::a_million");
}

#[test]
#[ignore = "measures the process: run by a_million_leave_nothing"]
fn a_million() {
    let engine = engine(Compiler::Cranelift, Log::default());
    for (module, one_call) in [(LOOPS.to_owned(), 1_000_000), (format!("{LOOPS}{KEEPS}"), 10_000)] {
        engine.register("p", module.as_bytes(), &Config::new()).unwrap();
        let mut p = engine.instance("p", None).unwrap();
        gives(&mut p, "loop", &[one_call.into()], one_call);
        let before = resident();
        for _ in 0..1_000_000 / one_call {
            gives(&mut p, "loop", &[one_call.into()], one_call);
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 1 << 20, "{grown} bytes");
    }
}

#[test]
fn what_may_be_needed_counts_as_memory() {
    let engine = engine(Compiler::Cranelift, Log::default());
    let config = with_limits(|limits| limits.memory_bytes = 16 << 20);
    engine.register("p", format!("{LOOPS}{KEEPS}").as_bytes(), &config).unwrap();
    let mut p = engine.instance("p", None).unwrap();
    gives(&mut p, "loop", &[50_000.into()], 50_000);
    let error = p.call("loop", &[1_000_000.into()], Kind::I32).unwrap_err();
    assert_eq!(error.kind(), Resource);
    assert!(error.to_string().ends_with(" bytes, and its memory limit is met"), "{error}");
    // All of it is given back, whether the call ended well or not.
    p.reset().unwrap();
    gives(&mut p, "loop", &[50_000.into()], 50_000);
    gives(&mut p, "grow", &[255.into()], 1);
    // Now there is no room for any: what is kept starts with a page.
    let error = p.call("loop", &[50_000.into()], Kind::I32).unwrap_err();
    assert_eq!(error.kind(), Resource);
}

#[test]
fn from_deep_stacks() {
    alone("exceptions::deep");
}

#[test]
#[ignore = "measures the process: run by from_deep_stacks"]
fn deep() {
    let engine = engine(Compiler::Cranelift, Log::default());
    let config = with_limits(|limits| limits.stack_bytes = 8 << 20);
    for module in [LOOPS.to_owned(), format!("{LOOPS}{KEEPS}")] {
        engine.register("p", module.as_bytes(), &config).unwrap();
        let mut p = engine.instance("p", None).unwrap();
        gives(&mut p, "deep", &[20_000.into()], 5);
        let before = resident();
        let started = Instant::now();
        gives(&mut p, "deep_loop", &[100.into(), 20_000.into()], 500);
        eprintln!("a throw through 20,000 frames: {:?}", started.elapsed() / 100);
        let grown = resident().saturating_sub(before);
        assert!(grown < 8 << 20, "{grown} bytes");
        let error = p.call("deep_uncaught", &[20_000.into()], Kind::None).unwrap_err();
        assert_eq!((error.kind(), error.trace().len()), (Trap, 100), "{error}");
        p.reset().unwrap();
        ends(&mut p, "deep", &[10_000_000.into()], Trap, "call stack exhausted");
    }
}

#[test]
fn threads_throw_at_once() {
    let engine = engine(Compiler::Cranelift, Log::default());
    engine.register("p", LOOPS.as_bytes(), &Config::new()).unwrap();
    let engine = Arc::new(engine);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let mut p = engine.instance("p", None).unwrap();
                    gives(&mut p, "loop", &[100.into()], 100);
                    let error = p.call("deep_uncaught", &[3.into()], Kind::None).unwrap_err();
                    assert_eq!(error.kind(), Trap);
                }
            });
        }
    });
}
