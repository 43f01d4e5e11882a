//! What the process has to pay: memory that stays flat over many calls, instances, plugins and failures.
//!
//! The memory of the process is measured, so these tests run one after the other.

mod plugins;

use plugins::{instance, live, on_both, pages, plugin, with_allocator};
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Instance, Kind, Limits, Value};

const MIB: i64 = 1 << 20;

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The memory of this process that is in use, in bytes.
fn resident() -> i64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: i64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// What `body` made the process grow to at most above what it had before.
fn peak(body: impl FnOnce()) -> i64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident();
    body();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: i64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kilobytes * 1024 - before
}

/// Runs `body` so often to warm up, and then `times`: the process must not grow by more than a little.
#[track_caller]
fn flat(warm_up: u32, times: u32, mut body: impl FnMut()) {
    (0..warm_up).for_each(|_| body());
    let before = resident();
    (0..times).for_each(|_| body());
    let grown = resident() - before;
    assert!(grown < 4 * MIB, "it grew by {grown} bytes over {times} rounds");
}

/// A callback "env"."string" that gives its argument back.
fn echo() -> Config {
    let mut config = Config::new();
    config.callback("env", "string", &[Kind::String], Kind::String, |caller, args| {
        caller.set_result(args[0]);
        Ok(())
    });
    config
}

/// Passes a string through a callback, with a copy at each step.
fn through_callback() -> String {
    with_allocator(
        r#"(import "env" "string" (func $string (param i32) (result i32)))
           (import "env" "raise_error" (func $raise (param i32)))
           (func (export "string") (param i32) (result i32)
             (call $copy_string (call $string (call $copy_string (local.get 0)))))
           (func (export "raise") (param i32) (call $raise (call $copy_string (local.get 0))))
           (func (export "trap") (param i32) unreachable)"#,
    )
}

#[test]
fn a_hundred_thousand_calls() {
    let _alone = alone();
    on_both(|engine| {
        let mut p = instance(engine, &through_callback(), &echo());
        let text = "äöü€🦀".repeat(20);
        let mut call = || {
            let back = p.call("string", &[(&text).into()], Kind::String).unwrap();
            assert_eq!(back, Value::String(&text));
        };
        flat(1000, 100_000, &mut call);
        assert_eq!(live(&mut p), 0);
        assert_eq!(pages(&mut p), 2);
    });
}

#[test]
fn a_hundred_thousand_raised_errors() {
    let _alone = alone();
    on_both(|engine| {
        let mut p = instance(engine, &through_callback(), &echo());
        let mut call = || {
            let error = p.call("raise", &["oh".into()], Kind::None).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (Guest, "oh"));
        };
        flat(1000, 100_000, &mut call);
        assert_eq!(live(&mut p), 0);
        assert_eq!(pages(&mut p), 2);
    });
}

#[test]
fn ten_thousand_traps_and_resets() {
    let _alone = alone();
    on_both(|engine| {
        let mut p = instance(engine, &through_callback(), &echo());
        flat(1000, 10_000, || {
            let error = p.call("trap", &["oh".into()], Kind::None).unwrap_err();
            assert_eq!(error.kind(), Trap);
            assert_eq!(p.call("live", &[], Kind::I32).unwrap_err().kind(), Poisoned);
            p.reset().unwrap();
        });
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn ten_thousand_instances() {
    let _alone = alone();
    on_both(|engine| {
        engine.register("p", through_callback().as_bytes(), &echo()).unwrap();
        let one = |name: &str| {
            let mut p = engine.instance("p", None).unwrap();
            let _ = p.call(name, &["Nic".into()], Kind::None);
        };
        flat(1000, 10_000, || one("string"));
        flat(1000, 10_000, || one("trap"));
        // All at once, and gone again.
        flat(3, 10, || {
            let mut all: Vec<_> = (0..500).map(|_| engine.instance("p", None).unwrap()).collect();
            for p in &mut all {
                p.call("string", &["Nic".into()], Kind::None).unwrap();
            }
        });
    });
}

#[test]
fn instances_that_are_never_kept() {
    let _alone = alone();
    on_both(|engine| {
        // Neither idle instances nor an image: each is a new one.
        let (mut config, mut limits) = (echo(), Limits::default());
        limits.idle_instances = 0;
        config.limits(limits).snapshot(false);
        engine.register("p", through_callback().as_bytes(), &config).unwrap();
        flat(500, 3000, || {
            let mut p = engine.instance("p", None).unwrap();
            p.call("string", &["Nic".into()], Kind::String).unwrap();
        });
    });
}

/// One tenant must not leave all that it wrote in each idle instance.
#[test]
fn an_idle_instance_keeps_no_more_of_its_memory_than_it_may() {
    let _alone = alone();
    let wat = r#"(module (memory (export "memory") 1024)
        (func (export "write") (param i32)
            (loop (i32.store (i32.shl (local.get 0) (i32.const 12)) (i32.const 7))
                (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    const TENANTS: i64 = 16;
    on_both(|engine| {
        for (kept, most) in [(None, 4 * MIB), (Some(1 << 20), MIB), (Some(0), 0)] {
            let (mut config, mut limits) = (Config::new(), Limits::default());
            limits.idle_memory_bytes = kept.unwrap_or(limits.idle_memory_bytes);
            config.limits(limits);
            engine.register("p", wat.as_bytes(), &config).unwrap();
            let tenants = |pages: i32| {
                let mut all: Vec<_> =
                    (0..TENANTS).map(|_| engine.instance("p", None).unwrap()).collect();
                for p in &mut all {
                    p.call("write", &[pages.into()], Kind::None).unwrap();
                }
            };
            tenants(1);
            let before = resident();
            // 32 MiB each.
            tenants(8_000);
            let grown = resident() - before;
            assert!(grown < 4 * MIB, "{grown} bytes are kept");
            // What is less than it may keep is kept, so that it needn't be faulted in again.
            tenants(200);
            let grown = resident() - before;
            assert!(grown <= TENANTS * most.min(MIB) + 4 * MIB, "{grown}");
            assert!(most == 0 || grown > TENANTS * 100 * 4096, "{grown}");
        }
    });
}

/// How many linear memories of this process begin from an image.
fn memories() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains(" rw-p ") && line.contains("wasp-image")).count()
}

#[test]
fn as_many_instances_wait_as_the_limit_says() {
    let _alone = alone();
    on_both(|engine| {
        for limit in [0, 1, 3, 20, 64] {
            let (mut config, mut limits) = (echo(), Limits::default());
            limits.idle_instances = limit;
            config.limits(limits);
            engine.register("p", through_callback().as_bytes(), &config).unwrap();
            assert_eq!(memories(), limit.min(1));
            let make = |count: usize| -> Vec<_> {
                (0..count).map(|_| engine.instance("p", None).unwrap()).collect()
            };
            // From one thread, and from several at once: all places are everybody's.
            drop(make(100));
            assert_eq!(memories(), limit);
            drop(make(limit));
            assert_eq!(memories(), limit);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| drop(make(25)));
                }
            });
            assert_eq!(memories(), limit);
            // Those that live when the plugin goes are freed with their owners.
            let living = make(5);
            engine.unregister("p").unwrap();
            assert_eq!(memories(), 5);
            drop(living);
            assert_eq!(memories(), 0);
        }
    });
}

#[test]
fn hundreds_of_plugins() {
    let _alone = alone();
    on_both(|engine| {
        // The same name again, other names, and such as are refused at each stage.
        let good = through_callback();
        flat(20, 100, || {
            let mut p = instance(engine, &good, &echo());
            engine.register("other", good.as_bytes(), &echo()).unwrap();
            p.call("string", &["Nic".into()], Kind::String).unwrap();
            engine.unregister("other").unwrap();
            for bad in ["(module", r#"(import "a" "b" (func))"#, "(func $f unreachable) (start $f)"]
            {
                engine.register("bad", bad.as_bytes(), &echo()).unwrap_err();
            }
        });
    });
}

#[test]
fn what_one_huge_call_needed_is_given_back() {
    let _alone = alone();
    on_both(|engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        let before = resident();
        let text = "x".repeat(64 << 20);
        p.call("same", &[(&text).into()], Kind::String).unwrap();
        drop(text);
        // The host's copy goes with the next result; the guest's pages stay with the guest.
        p.call("string", &["Nic".into()], Kind::String).unwrap();
        let grown = resident() - before;
        assert!(grown < 68 * MIB, "{grown}");
        p.reset().unwrap();
        let grown = resident() - before;
        assert!(grown < 4 * MIB, "{grown}");
    });
}

#[test]
fn a_flood_of_blocks_is_bounded() {
    let _alone = alone();
    // Hands out a distinct pointer for each of five million empty strings.
    let wat = r#"
        (import "env" "string" (func $string (param i32) (result i32)))
        (memory (export "memory") 80)
        (func (export "allocate") (param i32) (result i32) (i32.const 8))
        (func (export "flood")
          (local $at i32)
          (loop $next
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (drop (call $string (local.get $at)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 0x4FFFF0)))))"#;
    on_both(|engine| {
        engine.register("p", wat.as_bytes(), &echo()).unwrap();
        let before = resident();
        let mut all: Vec<_> = (0..4).map(|_| engine.instance("p", None).unwrap()).collect();
        for p in &mut all {
            let peak = peak(|| {
                assert_eq!(p.call("flood", &[], Kind::None).unwrap_err().kind(), Resource);
            });
            assert!(peak < 96 * MIB, "{peak}");
            p.reset().unwrap();
        }
        // The guests' memory may stay, which is 5 MiB each, but not what the host needed.
        let grown = resident() - before;
        assert!(grown < 48 * MIB, "{grown}");
    });
}

#[test]
fn tables_and_memories_cost_nothing_before_they_are_refused() {
    let _alone = alone();
    on_both(|engine| {
        for wat in ["(table 60000000 funcref)", "(memory 65536) (memory 65536)"] {
            let peak = peak(|| {
                let error = engine.register("p", wat.as_bytes(), &Config::new()).unwrap_err();
                assert_eq!(error.kind(), Resource);
            });
            assert!(peak < 16 * MIB, "{wat}: {peak}");
        }
    });
}

#[test]
fn a_large_memory_costs_only_what_is_touched() {
    let _alone = alone();
    on_both(|engine| {
        let started = Instant::now();
        let peak = peak(|| {
            let mut p = instance(engine, "(memory 65536)", &Config::new());
            p.reset().unwrap();
        });
        assert!(peak < 16 * MIB, "{peak}");
        let took = started.elapsed();
        assert!(took < Duration::from_millis(500), "{took:?}");
    });
}

#[test]
fn a_trace_is_no_larger_than_people_can_read() {
    let _alone = alone();
    // Ten thousand frames of a function, or a module, with a name of 90,000 bytes.
    let long = "n".repeat(90_000);
    for (module, function) in [("$m", long.as_str()), (&format!("${long}"), "f")] {
        let wat = format!(
            r#"(module {module} (func ${function} (export "f") (param i32)
                 (if (local.get 0)
                   (then (call ${function} (i32.sub (local.get 0) (i32.const 1))))
                   (else unreachable))))"#
        );
        on_both(|engine| {
            let mut p = instance(engine, &wat, &Config::new());
            let peak = peak(|| {
                let error = p.call("f", &[10_000.into()], Kind::None).unwrap_err();
                assert_eq!(error.to_string(), r#"plugin "p", function "f": unreachable"#);
                let trace = error.trace();
                assert!((10..1000).contains(&trace.len()), "{}", trace.len());
                assert!(trace.iter().all(|frame| frame.function_index == 0));
            });
            assert!(peak < 64 * MIB, "{peak}");
        });
    }
}

#[test]
fn the_end_of_the_address_space_is_an_error() {
    let _alone = alone();
    // Each memory reserves gigabytes of address space, and each instance has as many as there may be.
    let wat = format!(
        r#"{} (func (export "seven") (result i32) (i32.const 7))"#,
        "(memory 0) ".repeat(16)
    );
    on_both(|engine: &Engine| {
        engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
        let mut all: Vec<Instance> = Vec::new();
        let error = loop {
            match engine.instance("p", None) {
                Ok(p) => all.push(p),
                Err(error) => break error,
            }
            assert!(all.len() < 2000, "it never ends");
        };
        assert_eq!(error.kind(), Resource, "{error}");
        plugins::well_formed(&error);
        assert!(error.to_string().starts_with(r#"plugin "p": "#), "{error}");
        // Those that are there work on, and the room comes back.
        for p in &mut all {
            assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
        }
        drop(all);
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
    });
}
