//! The end of a plugin's stack: reached in every way that guest code has, it is a trap and nothing more.

mod plugins;

use plugins::{engine, fails, instance, on_both, well_formed, with_limits};
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Error, Instance, Kind, Limits, Log, Value};

const EXHAUSTED: &str = r#"plugin "p", function "f": call stack exhausted"#;

/// The smallest stack. Stacks are pooled in the process, so no test here may have a larger one.
fn small_stack() -> Config {
    let mut config = Config::new();
    let mut limits = Limits::default();
    limits.stack_bytes = 64 << 10;
    config.limits(limits);
    config
}

/// Runs `test` on a thread of its own, and ends the process if that hangs: where a stopped plugin has left a lock of the
/// process behind, not even a panic gets through.
fn on_a_thread(test: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        done.send(()).unwrap();
    });
    if wait.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
        // Not captured.
        let _ = std::io::stderr().write_all(b"a test of the stack's end hangs\n");
        std::process::abort();
    }
    thread.join().unwrap();
}

/// How often `f` can call itself before its stack is exhausted.
fn depth(p: &mut Instance) -> i32 {
    let (mut works, mut fails) = (0, 10_000);
    while works + 1 < fails {
        let middle = works + (fails - works) / 2;
        match p.call("f", &[middle.into()], Kind::None) {
            Ok(_) => works = middle,
            Err(error) => {
                assert_eq!(error.to_string(), EXHAUSTED);
                fails = middle;
                p.reset().unwrap();
            }
        }
    }
    works
}

/// A module whose `f` calls itself as often as it is told, with frames of a hundred bytes and more, and then does
/// `last`.
fn recursion(last: &str) -> String {
    let live: String = (1..=10).map(|at| format!("(local.set {at} (call $next))")).collect();
    let used: String = (1..=10).map(|at| format!("(local.get {at}) (i64.add)")).collect();
    format!(
        r#"(import "env" "fail" (func $fail))
           (import "env" "text" (func $text (result i32)))
           (memory (export "memory") 1)
           (table $table 1 funcref)
           (global $zero (mut i32) (i32.const 0))
           (global $next (mut i64) (i64.const 0))
           (func (export "allocate") (param i32) (result i32) (i32.const 8))
           (func $next (result i64)
             (global.set $next (i64.add (global.get $next) (i64.const 1))) (global.get $next))
           (func $f (export "f") (param i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
             {live}
             (if (local.get 0)
               (then (call $f (i32.sub (local.get 0) (i32.const 1))))
               (else {last}))
             (i64.const 0) {used} (global.set $next))"#
    )
}

#[test]
fn recursion_without_end_costs_only_its_call() {
    on_both(|engine| {
        let wat = r#"(func $f (export "f") (param i32) (call $f (i32.add (local.get 0) (i32.const 1))) (call $g))
            (func $g) (func (export "one") (result i32) (i32.const 1))"#;
        let mut p = instance(engine, wat, &small_stack());
        for _ in 0..200 {
            let error = fails(p.call("f", &[0.into()], Kind::None), Trap, EXHAUSTED);
            assert_eq!(error.trace().len(), 100);
            assert_eq!(p.call("one", &[], Kind::I32).unwrap_err().kind(), Poisoned);
            p.reset().unwrap();
            assert_eq!(p.call("one", &[], Kind::I32).unwrap(), Value::I32(1));
        }
    });
}

#[test]
fn recursion_without_end_in_start_up() {
    on_both(|engine| {
        let wat = "(func $f (call $f) (call $g)) (func $g) (start $f)";
        fails(
            engine.register("p", wat.as_bytes(), &small_stack()),
            Trap,
            r#"plugin "p": its start: call stack exhausted"#,
        );
        let wat = r#"(func $f (export "_initialize") (call $f) (call $g)) (func $g)"#;
        fails(
            engine.register("p", wat.as_bytes(), &small_stack()),
            Trap,
            r#"plugin "p": its start-up "_initialize": call stack exhausted"#,
        );
    });
}

/// Functions whose frames, arguments or results are larger than the guard page below a stack. Each calls itself
/// without end.
fn large_frames() -> [(&'static str, String); 4] {
    let many = |what: &str, count| what.repeat(count);
    [
        (
            "results",
            format!(
                r#"(func $f (result {}) (call $f)) (func (export "f") (call $f) unreachable)"#,
                many("i64 ", 1000)
            ),
        ),
        (
            "parameters",
            format!(
                r#"(func $f (param {}) (call $f {}) (call $g)) (func $g) (func (export "f") (call $f {}))"#,
                many("i64 ", 1000),
                many("(i64.const 1) ", 1000),
                many("(i64.const 1) ", 1000)
            ),
        ),
        (
            "locals",
            format!(
                r#"(func $f (export "f") (local {}) (call $f) (call $g)) (func $g)"#,
                many("i64 ", 40_000)
            ),
        ),
        (
            "blocks",
            format!(
                r#"(func $f (export "f") {} (call $f) (i64.const 1) {})"#,
                many("(block (result i64) ", 1000),
                many(")", 1000) + "(drop)"
            ),
        ),
    ]
}

#[test]
fn large_frames_end_in_a_trap() {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        on_a_thread(move || {
            let engine = engine(compiler, Log::default());
            for (name, wat) in large_frames() {
                eprintln!("{compiler:?}: {name}");
                let mut p = instance(&engine, &wat, &small_stack());
                for _ in 0..3 {
                    fails(p.call("f", &[], Kind::None), Trap, EXHAUSTED);
                    p.reset().unwrap();
                }
            }
        });
    }
}

#[test]
fn frames_larger_than_the_zone_are_refused_where_the_compiler_can_not_check_them() {
    // Singlepass moves the stack pointer over a frame at once. What lies below the zone and the reserve is memory of the
    // host: with frames like these a plugin could write to it, or end the process.
    let engine = engine(Compiler::Singlepass, Log::default());
    let nested = |count: usize| {
        let (open, close) = ("(block (result i64) ".repeat(count), ")".repeat(count));
        let locals = "i64 ".repeat(40_000);
        format!(
            r#"(func $f (export "f") (local {locals}) {open} (call $f) (i64.const 1) {close} (drop))"#
        )
    };
    let error = engine.register("p", nested(40_000).as_bytes(), &small_stack()).unwrap_err();
    assert_eq!(error.kind(), Compile, "{error}");
    assert!(error.to_string().contains("of stack"), "{error}");
    well_formed(&error);
    // What real plugins have is fine.
    let wat = format!(
        r#"(func (export "f") (param {}) (local {}))"#,
        "i64 ".repeat(20),
        "i64 ".repeat(2000)
    );
    let mut p = instance(&engine, &wat, &small_stack());
    p.call("f", &[1.into(); 20], Kind::None).unwrap();
}

/// Stops a plugin at each of the last frames of its stack, where the code that takes the trap apart may itself find no
/// room. The process must be as good as before: here, able to register the next plugin.
fn stop_at_the_end(engine: &Engine, last: &str) {
    let mut config = small_stack();
    config.callback("env", "fail", &[], Kind::None, |_, _| Err("oh".into())).callback(
        "env",
        "text",
        &[],
        Kind::String,
        |caller, _| {
            caller.set_result("Nic".into());
            Ok(())
        },
    );
    let deepest = depth(&mut instance(engine, &recursion(""), &config));
    let mut p = instance(engine, &recursion(last), &config);
    let check = |outcome: Result<(), Error>| {
        if let Err(error) = outcome {
            assert!([Trap, Callback].contains(&error.kind()), "{error}");
            well_formed(&error);
        }
    };
    for depth in (deepest - 150).max(0)..deepest + 3 {
        check(p.call("f", &[depth.into()], Kind::None).map(drop));
        p.reset().unwrap();
    }
    engine.register("next", b"(module)", &small_stack()).unwrap();
}

#[test]
fn a_plugin_stopped_at_the_end_of_its_stack_leaves_the_process_in_order() {
    let ends = [
        "unreachable",
        "(drop (i32.div_u (i32.const 1) (global.get $zero)))",
        "(i32.store (i32.const -1) (i32.const 1))",
        "(memory.fill (i32.const 65535) (i32.const 1) (i32.const 100))",
        "(memory.copy (i32.const 65535) (i32.const 1) (i32.const 100))",
        "(table.fill $table (i32.const 9) (ref.null func) (i32.const 9))",
        "(drop (memory.grow (i32.const 0)))",
        "(drop (table.grow $table (ref.null func) (i32.const 0)))",
        "(call $fail)",
        "(drop (call $text))",
    ];
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        on_a_thread(move || {
            let engine = engine(compiler, Log::default());
            for last in ends {
                eprintln!("{compiler:?}: {last}");
                stop_at_the_end(&engine, last);
            }
        });
    }
}

#[test]
fn a_call_that_returns_from_the_end_of_its_stack_does_not_stop_the_next() {
    on_both(|engine| {
        for last in ["(call $nothing)", "(drop (memory.grow (i32.const 0)))", "(drop (call $text))"]
        {
            let wat = format!(
                r#"(import "env" "nothing" (func $nothing))
                (import "env" "text" (func $text (result i32)))
                (memory (export "memory") 1)
                (func (export "allocate") (param i32) (result i32) (i32.const 8))
                (func $f (export "f") (param i32)
                  (if (local.get 0)
                    (then (call $f (i32.sub (local.get 0) (i32.const 1))))
                    (else {last})))
                (func (export "one") (result i32) (i32.const 1))"#
            );
            let mut config = with_limits(|limits| limits.stack_bytes = 64 << 10);
            config.callback("env", "nothing", &[], Kind::None, |_, _| Ok(()));
            config.callback("env", "text", &[], Kind::String, |caller, _| {
                caller.set_result("Nic".into());
                Ok(())
            });
            let mut p = instance(engine, &wat, &config);
            let (mut works, mut stops) = (0, 100_000);
            while works + 1 < stops {
                let middle = (works + stops) / 2;
                match p.call("f", &[middle.into()], Kind::None) {
                    Ok(_) => works = middle,
                    Err(_) => stops = middle,
                }
                // After each, so that nothing of one call is left for the next.
                p = engine.instance("p", None).unwrap();
            }
            for depth in works - 300..works + 20 {
                match p.call("f", &[depth.into()], Kind::None) {
                    Ok(_) => {
                        let one = p.call("one", &[], Kind::I32);
                        let one =
                            one.unwrap_or_else(|e| panic!("{last} at {depth} of {works}: {e}"));
                        assert_eq!(one, Value::I32(1));
                    }
                    Err(_) => p.reset().unwrap(),
                }
            }
        }
    });
}

#[test]
fn a_call_that_returns_from_the_end_of_its_stack_does_not_stop_the_next_owners() {
    on_both(|engine| {
        let wat = r#"(import "env" "nothing" (func $nothing))
            (memory (export "memory") 1)
            (func $f (export "f") (param i32)
              (if (local.get 0)
                (then (call $f (i32.sub (local.get 0) (i32.const 1))))
                (else (call $nothing))))
            (func (export "one") (result i32) (i32.const 1))"#;
        let mut config = with_limits(|limits| {
            limits.stack_bytes = 64 << 10;
            limits.idle_instances = 1;
        });
        config.callback("env", "nothing", &[], Kind::None, |_, _| Ok(()));
        engine.register("p", wat.as_bytes(), &config).unwrap();
        for depth in 300..8000 {
            // Whatever this tenant does, the next one has a new instance.
            let _ = engine.instance("p", None).unwrap().call("f", &[depth.into()], Kind::None);
            let mut next = engine.instance("p", None).unwrap();
            let one = next.call("one", &[], Kind::I32);
            assert_eq!(one.unwrap_or_else(|e| panic!("after {depth}: {e}")), Value::I32(1));
        }
    });
}
