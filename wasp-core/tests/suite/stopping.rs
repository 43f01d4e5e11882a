//! Calls end when their time is up or the host says so, whatever the guest does, and only those.

use crate::alone::alone;
use crate::plugins;

use plugins::{engine, fails, instance, live, on_both, plugin, with_allocator, with_limits};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Caller, Compiler, Config, Engine, ErrorKind, Instance, Interrupter, Kind, Limits};
use wasp_core::{Log, Options, Stdio, Value};

/// The functions of `time.wat` that never end, by their number there.
const WAYS: [&str; 15] = [
    "loop",
    "recursion",
    "callbacks",
    "WASI calls",
    "a sleep of an hour",
    "bulk memory",
    "a deep stack",
    "calls by a table",
    "reads of nothing",
    "allocations",
    "a counting loop",
    "nested loops",
    "a loop by a table",
    "a loop with a value",
    "a loop with an if",
];

/// Machines are busy at times; more than this after its deadline a call doesn't end.
const LATE: Duration = Duration::from_millis(800);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn config(timeout: Option<Duration>) -> Config {
    let (mut config, mut limits) = (Config::new(), Limits::default());
    limits.timeout = timeout;
    let left = |caller: &Caller<'_>| caller.remaining().map_or(-1, |left| left.as_millis() as i32);
    config
        .limits(limits)
        .callback("env", "tick", &[Kind::I32], Kind::I32, move |caller, _| {
            caller.set_result(left(caller).into());
            Ok(())
        })
        .callback("env", "long", &[Kind::I32], Kind::None, |_, args| {
            thread::sleep(ms(i32::try_from(args[0])? as u64));
            Ok(())
        });
    config
}

fn run(p: &mut Instance, way: usize) -> ErrorKind {
    p.call("run", &[(way as i32).into()], Kind::None).unwrap_err().kind()
}

/// The same, which must end with this error, and nothing else until a reset.
#[track_caller]
fn ends(p: &mut Instance, way: usize, kind: ErrorKind, words: &str) {
    let message = format!(r#"plugin "p", function "run": {words}"#);
    fails(p.call("run", &[(way as i32).into()], Kind::None), kind, &message);
    let message = format!(
        r#"plugin "p", function "short": the instance was stopped half-way and must be reset first ({message})"#
    );
    fails(p.call("short", &[1.into()], Kind::I32), Poisoned, &message);
}

/// The instance is poisoned, and after a reset as good as new.
#[track_caller]
fn comes_back(p: &mut Instance) {
    assert_eq!(p.call("short", &[1.into()], Kind::I32).unwrap_err().kind(), Poisoned);
    p.reset().unwrap();
    short(p);
    assert_eq!(live(p), 0);
}

#[track_caller]
fn short(p: &mut Instance) {
    assert_eq!(p.call("short", &[100.into()], Kind::I32).unwrap(), Value::I32(5050));
}

#[test]
fn every_way_ends_after_its_deadline() {
    on_both(|engine| {
        let limit = ms(30);
        let mut p = instance(engine, &plugin("time"), &config(Some(limit)));
        for (way, name) in WAYS.iter().enumerate() {
            let mut overshoot = Duration::ZERO;
            for _ in 0..3 {
                let started = Instant::now();
                ends(&mut p, way, Timeout, "the call ran past its time limit of 30ms");
                let took = started.elapsed();
                assert!(took >= limit && took < limit + LATE, "{name}: {took:?}");
                overshoot = overshoot.max(took - limit);
                comes_back(&mut p);
            }
            println!("{name}: {overshoot:?} after its deadline at most");
        }
        // The host function waits itself; its guest ends when it is back.
        let error = p.call("wait", &[60.into()], Kind::None).unwrap_err();
        assert_eq!(error.kind(), Timeout);
        comes_back(&mut p);
    });
}

#[test]
fn every_way_ends_when_the_host_says_so() {
    on_both(|engine| {
        // A limit that is far away, or none.
        for timeout in [None, Some(Duration::from_secs(60))] {
            let mut p = instance(engine, &plugin("time"), &config(timeout));
            for (way, name) in WAYS.iter().enumerate() {
                let interrupter = p.interrupter();
                let host = thread::spawn(move || {
                    thread::sleep(ms(20));
                    interrupter.interrupt();
                    Instant::now()
                });
                ends(&mut p, way, Cancelled, "the host interrupted the call");
                let took = host.join().unwrap().elapsed();
                assert!(took < LATE, "{name}: {took:?}");
                comes_back(&mut p);
            }
        }
    });
}

#[test]
fn a_guest_s_own_end_stays_its_own() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("time"), &config(Some(ms(500))));
        let own = |p: &mut Instance| {
            let error = p.call("own_unreachable", &[], Kind::None).unwrap_err();
            assert_eq!(error.kind(), Trap);
            assert!(error.to_string().ends_with(": unreachable"), "{error}");
            comes_back(p);
        };
        let interrupter = p.interrupter();
        for _ in 0..50 {
            interrupter.interrupt();
            own(&mut p);
        }
        assert_eq!(run(&mut p, 0), Timeout);
        comes_back(&mut p);
        own(&mut p);
        let recursion = p.call("endless_recursion", &[0.into()], Kind::I32).unwrap_err();
        assert_eq!(recursion.kind(), Trap);
        assert!(recursion.to_string().ends_with("call stack exhausted"), "{recursion}");
        comes_back(&mut p);
    });
}

#[test]
fn start_up_has_its_time_too() {
    let forever = "(loop $again (br $again))";
    on_both(|engine| {
        for snapshot in [true, false] {
            let mut config = config(Some(ms(30)));
            config.snapshot(snapshot);
            let refuses = |fields: &str, context: &str| {
                let wat = format!(r#"(memory (export "memory") 1) {fields}"#);
                let words = "the call ran past its time limit of 30ms";
                let started = Instant::now();
                let message = format!(r#"plugin "p": {context}: {words}"#);
                fails(engine.register("p", wat.as_bytes(), &config), Timeout, &message);
                let took = started.elapsed();
                assert!(took >= ms(30) && took < LATE, "{took:?}");
            };
            refuses(&format!("(func $main {forever}) (start $main)"), "its start");
            for name in ["_initialize", "_start"] {
                let start = format!(r#"(func (export "{name}") {forever})"#);
                refuses(&start, &format!(r#"its start-up "{name}""#));
            }
            refuses(
                &format!(
                    r#"(func (export "wasp_signatures") (result i32) {forever} (i32.const 8))"#
                ),
                r#""wasp_signatures""#,
            );
            instance(engine, &plugin("time"), &config);
        }
    });
}

#[test]
fn the_allocator_is_within_the_limit() {
    let forever = "(loop $again (br $again))";
    on_both(|engine| {
        let ends = |fields: &str| {
            let wat =
                format!(r#"(memory (export "memory") 1) (func (export "f") (param i32)) {fields}"#);
            let mut p = instance(engine, &wat, &config(Some(ms(30))));
            let message = r#"plugin "p", function "f": the call ran past its time limit of 30ms"#;
            fails(p.call("f", &["Nic".into()], Kind::None), Timeout, message);
            p.reset().unwrap();
            p.call("f", &[7.into()], Kind::None).unwrap();
        };
        ends(&format!(
            r#"(func (export "allocate") (param i32) (result i32) {forever} (i32.const 8))"#
        ));
        ends(&format!(
            r#"(func (export "allocate") (param i32) (result i32) (i32.const 8))
                   (func (export "deallocate") (param i32 i32) {forever})"#
        ));
    });
}

#[test]
fn an_interrupt_between_calls_is_nothing() {
    on_both(|engine| {
        for timeout in [None, Some(Duration::from_secs(60))] {
            let mut p = instance(engine, &plugin("time"), &config(timeout));
            let interrupter = p.interrupter();
            for round in 0..5000 {
                interrupter.interrupt();
                if round % 100 == 0 {
                    p.reset().unwrap();
                    interrupter.interrupt();
                }
                short(&mut p);
            }
        }
    });
}

#[test]
fn an_interrupt_stays_with_its_instance() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("time"), &config(None));
        let mut bystander = engine.instance("p", None).unwrap();
        let interrupter = p.interrupter();
        let later = |interrupter: &Interrupter| {
            let interrupter = interrupter.clone();
            thread::spawn(move || {
                thread::sleep(ms(20));
                interrupter.interrupt();
            })
        };
        // Over a reset too.
        p.reset().unwrap();
        let other = later(&interrupter);
        bystander.call("wait", &[60.into()], Kind::None).unwrap();
        other.join().unwrap();
        short(&mut bystander);
        short(&mut p);
        let other = later(&interrupter);
        assert_eq!(run(&mut p, 0), Cancelled);
        other.join().unwrap();
    });
}

#[test]
fn an_earlier_owner_stops_nobody() {
    on_both(|engine| {
        for timeout in [None, Some(Duration::from_secs(60))] {
            engine.register("p", plugin("time").as_bytes(), &config(timeout)).unwrap();
            let (over, sent) = (&AtomicBool::new(false), &AtomicU32::new(0));
            let (sender, receiver) = std::sync::mpsc::channel::<Interrupter>();
            thread::scope(|scope| {
                // Interrupts the owners before the last one, all the time.
                scope.spawn(move || {
                    let mut earlier = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        earlier.extend(receiver.try_iter());
                        let extra = earlier.len().saturating_sub(8);
                        earlier.drain(..extra);
                        earlier.iter().for_each(Interrupter::interrupt);
                        sent.fetch_add(earlier.len() as u32, Ordering::Relaxed);
                    }
                });
                for _ in 0..10_000 {
                    let mut p = engine.instance("p", None).unwrap();
                    short(&mut p);
                    let interrupter = p.interrupter();
                    // Not its owner's before it is released.
                    drop(p);
                    sender.send(interrupter).unwrap();
                }
                over.store(true, Ordering::Relaxed);
            });
            println!("{} interrupts", sent.load(Ordering::Relaxed));
        }
    });
}

#[test]
fn a_callback_knows_how_long_is_left() {
    on_both(|engine| {
        let left =
            |p: &mut Instance| i32::try_from(p.call("left", &[], Kind::I32).unwrap()).unwrap();
        let mut p = instance(engine, &plugin("time"), &config(None));
        assert_eq!(left(&mut p), -1);
        let mut p = instance(engine, &plugin("time"), &config(Some(Duration::from_secs(60))));
        let first = left(&mut p);
        assert!(first > 50_000 && first < 60_000, "{first}");
        // Each call has all of it.
        p.call("wait", &[50.into()], Kind::None).unwrap();
        thread::sleep(ms(20));
        assert!(left(&mut p) > 50_000);
    });
}

#[test]
fn many_short_calls_are_never_stopped() {
    on_both(|engine| {
        // The limit passes again and again, but never within one call.
        let mut p = instance(engine, &plugin("time"), &config(Some(ms(150))));
        let started = Instant::now();
        let mut calls = 0;
        while calls < 10_000 || started.elapsed() < ms(500) {
            short(&mut p);
            calls += 1;
            if calls % 1000 == 0 {
                p = engine.instance("p", None).unwrap();
                thread::sleep(ms(20));
            }
        }
        // Together they take longer than one may.
        for _ in 0..10 {
            p.call("wait", &[30.into()], Kind::None).unwrap();
        }
    });
}

#[test]
fn threads_have_deadlines_of_their_own() {
    on_both(|engine| {
        let limits = [40, 90, 200, 400];
        for limit in limits {
            let wat = plugin("time");
            engine.register(&limit.to_string(), wat.as_bytes(), &config(Some(ms(limit)))).unwrap();
        }
        thread::scope(|scope| {
            for limit in limits {
                scope.spawn(move || {
                    let mut p = engine.instance(&limit.to_string(), None).unwrap();
                    for way in 0..4 {
                        let started = Instant::now();
                        assert_eq!(run(&mut p, way), Timeout);
                        let took = started.elapsed();
                        assert!(took >= ms(limit) && took < ms(limit) + LATE, "{limit}: {took:?}");
                        comes_back(&mut p);
                    }
                });
            }
        });
    });
}

#[test]
fn each_thread_has_its_own_time() {
    on_both(|engine| {
        let config = config(Some(ms(100)));
        engine.register("p", plugin("time").as_bytes(), &config).unwrap();
        thread::scope(|scope| {
            for thread in 0..8 {
                let engine = engine.clone();
                scope.spawn(move || {
                    let mut p = engine.instance("p", None).unwrap();
                    for round in 0..4 {
                        if (thread + round) % 2 == 0 {
                            assert_eq!(run(&mut p, 2), Timeout);
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
fn a_config_has_setters_for_the_limits_that_most_set() {
    on_both(|engine| {
        let mut config = Config::new();
        config.timeout(ms(20)).memory_limit(2 << 16);
        let mut p = instance(engine, r#"(func (export "spin") (loop (br 0)))"#, &config);
        assert_eq!(p.call("spin", &[], Kind::None).unwrap_err().kind(), Timeout);
        let wat = r#"(memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#;
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("grow", &[2.into()], Kind::I32).unwrap(), Value::I32(-1));
        assert_eq!(p.call("grow", &[1.into()], Kind::I32).unwrap(), Value::I32(1));
    });
}

#[test]
fn a_call_that_is_late_in_the_host_is_late() {
    // Nothing looks at the time after the host function.
    let wat = r#"(import "env" "long" (func $long (param i32)))
        (func (export "over") (param i32) (result i32) (call $long (local.get 0)) (i32.const 7))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &config(Some(ms(30))));
        for _ in 0..2 {
            assert_eq!(p.call("over", &[0.into()], Kind::I32).unwrap(), Value::I32(7));
            let error = p.call("over", &[400.into()], Kind::I32).unwrap_err();
            let message =
                r#"plugin "p", function "over": the call ran past its time limit of 30ms"#;
            assert_eq!((error.kind(), error.to_string().as_str()), (Timeout, message));
            assert_eq!(p.call("over", &[0.into()], Kind::I32).unwrap_err().kind(), Poisoned);
            p.reset().unwrap();
        }
        // The same for an interrupt.
        let mut p = instance(engine, wat, &config(None));
        let interrupter = p.interrupter();
        let stopper = thread::spawn(move || {
            thread::sleep(ms(100));
            interrupter.interrupt();
        });
        assert_eq!(p.call("over", &[400.into()], Kind::I32).unwrap_err().kind(), Cancelled);
        stopper.join().unwrap();
        assert_eq!(p.call("over", &[0.into()], Kind::I32).unwrap_err().kind(), Poisoned);
    });
}

#[test]
fn a_nested_call_has_its_own_time_within_the_outer_one_s() {
    on_both(|engine| {
        engine.register("inner", plugin("time").as_bytes(), &config(Some(ms(30)))).unwrap();
        let mut config = config(Some(Duration::from_secs(30)));
        let shared: Engine = engine.clone();
        let inner = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&inner);
        config.callback("env", "long", &[Kind::I32], Kind::None, move |_, _| {
            let mut p = shared.instance("inner", None)?;
            assert_eq!(run(&mut p, 0), Timeout);
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let mut p = instance(engine, &plugin("time"), &config);
        for _ in 0..3 {
            p.call("wait", &[0.into()], Kind::None).unwrap();
            short(&mut p);
        }
        assert_eq!(inner.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_read_of_a_stdin_that_never_comes_ends() {
    alone("stopping::silent_stdin");
}

#[test]
#[ignore = "needs a standard input that stays open: run by a_read_of_a_stdin_that_never_comes_ends"]
fn silent_stdin() {
    // SAFETY: ends this process if the guest isn't stopped.
    unsafe { libc::alarm(10) };
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let mut options = Options::default();
        options.compiler = compiler;
        options.stdio = Stdio::Inherit;
        let mut p =
            instance(&Engine::with_options(options), &plugin("time"), &config(Some(ms(30))));
        let started = Instant::now();
        assert_eq!(run(&mut p, 8), Timeout);
        assert!(started.elapsed() < ms(30) + LATE);
        comes_back(&mut p);
    }
}

#[test]
fn a_fork_has_time_limits_too() {
    alone("stopping::fork");
}

#[test]
#[ignore = "forks: run by a_fork_has_time_limits_too, in a process without other threads at work"]
fn fork() {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let mut p =
            instance(&engine(compiler, Log::default()), &plugin("time"), &config(Some(ms(30))));
        // The watchdog runs, and is asleep again.
        assert_eq!(run(&mut p, 0), Timeout);
        p.reset().unwrap();
        thread::sleep(ms(100));
        // SAFETY: the child leaves by `_exit`, and no other thread is at work.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends the child if the guest isn't stopped.
            unsafe { libc::alarm(5) };
            let ended = run(&mut p, 0) == Timeout && p.reset().is_ok() && run(&mut p, 4) == Timeout;
            // SAFETY: nothing of the child's needs an end.
            unsafe { libc::_exit(i32::from(!ended)) };
        }
        let mut status = 0;
        // SAFETY: waits for our own child.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert!(libc::WIFEXITED(status), "it had to be killed: {status:#x}");
        assert_eq!(libc::WEXITSTATUS(status), 0);
        assert_eq!(run(&mut p, 0), Timeout);
    }
}

/// Far less than what a guest of these tests takes when nothing stops it, on a busy machine too.
const SOON: Duration = Duration::from_secs(2);

#[test]
fn long_instructions_in_a_row_are_stopped_between_two() {
    let config = with_limits(|limits| limits.timeout = Some(Duration::from_millis(100)));
    // Each takes milliseconds.
    let instructions = [
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))",
        "(memory.copy (i32.const 0) (i32.const 1) (i32.const 0x3FFFFFF))",
        "(table.fill (i32.const 0) (ref.null func) (i32.const 500000))",
        // Of no elements, but wasmer looks at the whole table afterwards.
        "(table.copy (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.init $none (i32.const 0) (i32.const 0) (i32.const 0))",
        "(drop (call $random (i32.const 0) (i32.const 0x1000000)))",
        "(drop (call_indirect $t (type $random) (i32.const 0) (i32.const 0x1000000) (i32.const 0)))",
    ];
    for instruction in instructions {
        let wat = format!(
            r#"(type $random (func (param i32 i32) (result i32)))
               (import "wasi_snapshot_preview1" "random_get" (func $random (type $random)))
               (memory (export "memory") 1024)
               (table 500000 500000 funcref)
               (table $t funcref (elem $random))
               (elem $none func)
               (func (export "f") {})"#,
            instruction.repeat(2000)
        );
        on_both(|engine| {
            let mut p = instance(engine, &wat, &config);
            let start = Instant::now();
            let message = r#"plugin "p", function "f": the call ran past its time limit of 100ms"#;
            fails(p.call("f", &[], Kind::None), Timeout, message);
            let took = start.elapsed();
            assert!(took < SOON, "{instruction} ended after {took:?}");
            p.reset().unwrap();
        });
    }
}
