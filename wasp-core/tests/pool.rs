//! Sandboxes that wait for their next owner: how many there are, what they hold, and that the first is like all others.

mod plugins;

use plugins::{instance, live, on_both, plugin, with_limits};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Instance, Kind, Value};

/// Tests that look at the whole process run one at a time.
static PROCESS: Mutex<()> = Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    PROCESS.lock().unwrap_or_else(|e| e.into_inner())
}

/// The memory of this process that is its own, in bytes.
fn private_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let fields: Vec<usize> = statm.split_whitespace().map(|field| field.parse().unwrap()).collect();
    (fields[1] - fields[2]) * 4096
}

/// How many sandboxes and images there are of plugins that have `pages` of memory and a snapshot. Other tests run
/// beside this one, with memories of other sizes.
fn images(pages: usize) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let size = |line: &str| {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        usize::from_str_radix(end, 16).unwrap() - usize::from_str_radix(start, 16).unwrap()
    };
    // One page more is the sentinel's.
    let of_this = |line: &&str| line.contains("wasp-image") && size(line) == (pages << 16) + 4096;
    maps.lines().filter(of_this).count()
}

#[test]
fn an_error_is_not_lost_with_the_guests_stack() {
    let _alone = alone();
    // It raises a megabyte, and dies when that is to be freed.
    let wat = r#"(import "env" "raise_error" (func $raise (param i32)))
        (memory (export "memory") 20)
        (func (export "allocate") (param i32) (result i32) (i32.const 8))
        (func (export "deallocate") (param i32 i32) unreachable)
        (func (export "f")
          (memory.fill (i32.const 8) (i32.const 0x61) (i32.const 1000000))
          (call $raise (i32.const 8)))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        let mut f = || {
            assert_eq!(p.call("f", &[], Kind::None).unwrap_err().kind(), Trap);
            p.reset().unwrap();
        };
        f();
        let before = private_bytes();
        (0..200).for_each(|_| f());
        let grown = private_bytes().saturating_sub(before);
        assert!(grown < 50 << 20, "{} MiB are lost", grown >> 20);
    });
}

#[test]
fn answers_that_wait_for_a_block_are_few() {
    let _alone = alone();
    // Each answer needs a block, and each block asks for an answer.
    let wat = r#"
        (import "env" "ask" (func $ask (result i32)))
        (memory (export "memory") 1)
        (func $allocate (export "allocate") (param i32) (result i32) (call $ask))
        (func (export "ask") (result i32) (call $ask))"#;
    on_both(|engine| {
        let asked = Arc::new(AtomicUsize::new(0));
        let mut config = Config::new();
        config.callback("env", "ask", &[], Kind::Bytes, {
            let asked = Arc::clone(&asked);
            let megabyte = vec![0_u8; 1 << 10];
            move |caller, _| {
                asked.fetch_add(1, Ordering::Relaxed);
                caller.set_result(megabyte.as_slice().into());
                Ok(())
            }
        });
        let mut p = instance(engine, wat, &config);
        p.call("ask", &[], Kind::I32).unwrap_err();
        let asked = asked.load(Ordering::Relaxed);
        assert!(asked <= 65, "{asked} answers wait at once");
    });
}

#[test]
fn an_idle_sandbox_does_not_keep_what_a_huge_result_needed() {
    let _alone = alone();
    on_both(|engine| {
        engine.register("p", plugin("echo").as_bytes(), &Config::new()).unwrap();
        let bytes = vec![1_u8; 64 << 20];
        let before = private_bytes();
        let mut many: Vec<_> = (0..4).map(|_| engine.instance("p", None).unwrap()).collect();
        for p in &mut many {
            // The argument itself comes back, so it is copied.
            p.call("same", &[bytes.as_slice().into()], Kind::Bytes).unwrap();
        }
        drop(many);
        let kept = private_bytes().saturating_sub(before);
        assert!(kept < 100 << 20, "{} MiB are kept", kept >> 20);
    });
}

#[test]
fn no_more_sandboxes_wait_than_the_limit_says() {
    let _alone = alone();
    on_both(|engine| {
        for idle in [0, 1, 3, 16, 17, 64] {
            let before = images(7);
            let wat = r#"(memory (export "memory") 7) (func (export "f") (i32.store (i32.const 0) (i32.const 1)))"#;
            let config = with_limits(|limits| limits.idle_instances = idle);
            engine.register("p", wat.as_bytes(), &config).unwrap();
            // The image itself is mapped once.
            assert_eq!(images(7) - before, 1 + idle.min(1), "of {idle}");
            let barrier = Arc::new(Barrier::new(24));
            let threads: Vec<_> = (0..24)
                .map(|_| {
                    let (engine, barrier) = (engine.clone(), Arc::clone(&barrier));
                    std::thread::spawn(move || {
                        for _ in 0..3 {
                            let mut all: Vec<_> =
                                (0..4).map(|_| engine.instance("p", None).unwrap()).collect();
                            for p in &mut all {
                                p.call("f", &[], Kind::None).unwrap();
                            }
                            barrier.wait();
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            let waiting = images(7) - before - 1;
            assert_eq!(waiting, idle, "of {idle}");
            engine.unregister("p").unwrap();
            assert_eq!(images(7), before, "of {idle}");
        }
    });
}

#[test]
fn a_plugin_that_was_replaced_is_freed_with_its_last_instance() {
    let _alone = alone();
    on_both(|engine| {
        let before = images(9);
        let wat = r#"(memory (export "memory") 9) (func (export "f"))"#;
        let told = Arc::new(());
        let mut config = Config::new();
        let held = Arc::clone(&told);
        config.callback("env", "unused", &[], Kind::None, move |_, _| {
            let _ = &held;
            Ok(())
        });
        let mut p = instance(engine, wat, &config);
        let others: Vec<_> = (0..40).map(|_| engine.instance("p", None).unwrap()).collect();
        engine.register("p", b"(module)", &Config::new()).unwrap();
        drop(others);
        p.call("f", &[], Kind::None).unwrap();
        drop((p, config));
        assert_eq!(images(9), before);
        assert_eq!(Arc::strong_count(&told), 1);
    });
}

/// What `state` says of the first sandbox, which ran start-up, of a reset one, and of new ones.
fn states(engine: &Engine, wat: &str, config: &Config, call: &[&str]) -> Vec<Vec<String>> {
    let state = |p: &mut Instance| {
        call.iter()
            .map(|name| {
                let outcome = p.call(name, &[], Kind::I32);
                format!("{name}: {:?}", outcome.map_err(|error| error.to_string()))
            })
            .collect::<Vec<_>>()
    };
    let mut first = instance(engine, wat, config);
    let mut second = engine.instance("p", None).unwrap();
    let mut all = vec![state(&mut first), state(&mut second)];
    for p in [&mut first, &mut second] {
        p.reset().unwrap();
        all.push(state(p));
    }
    drop((first, second));
    let mut many: Vec<_> = (0..3).map(|_| engine.instance("p", None).unwrap()).collect();
    all.extend(many.iter_mut().map(state));
    all
}

#[test]
fn the_first_sandbox_is_like_all_others() {
    on_both(|engine| {
        let start = |memory: &str, body: &str| {
            format!(
                r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                {memory}
                (data $passive "xyz")
                (table $table 2 4 funcref) (elem (i32.const 0) func $f)
                (global $g (mut i64) (i64.const 5))
                (func $f)
                (func (export "_start") (global.set $g (i64.add (global.get $g) (i64.const 1))) {body})
                (func (export "count") (result i32)
                  (global.set $g (i64.add (global.get $g) (i64.const 1))) (i32.wrap_i64 (global.get $g)))
                (func (export "size") (result i32) (memory.size))
                (func (export "first") (result i32) (i32.load (i32.const 8)))
                (func (export "last") (result i32)
                  (i32.load (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4))))
                (func (export "write") (result i32)
                  (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (i32.const 77))
                  (i32.store (i32.const 8) (i32.const 78)) (i32.const 0))
                (func (export "init") (result i32)
                  (memory.init $passive (i32.const 100) (i32.const 0) (i32.const 3)) (i32.load (i32.const 100)))
                (func (export "grow") (result i32) (memory.grow (i32.const 1)))
                (func (export "fill") (result i32) (local i32)
                  (loop $l (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
                    (then (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $l))))
                  (local.get 0))
                (func (export "null") (result i32) (ref.is_null (table.get $table (i32.const 0))))"#
            )
        };
        let store = "(i32.store (i32.const 8) (i32.const 99))";
        let grown = "(drop (memory.grow (i32.const 3)))
            (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (i32.const 55))";
        let one = r#"(memory (export "memory") 1 20)"#;
        let config = with_limits(|limits| limits.memory_bytes = 10 << 16);
        let mut fresh = with_limits(|limits| limits.memory_bytes = 10 << 16);
        fresh.snapshot(false);
        for (memory, body) in [
            (one, String::new()),
            (one, store.to_owned()),
            (one, grown.to_owned()),
            (one, format!("{grown} {store} (call $exit (i32.const 0))")),
            ("(memory 1 20)", format!("{grown} {store} (call $exit (i32.const 0))")),
            (r#"(memory (export "memory") 0 20)"#, String::new()),
            (r#"(memory (export "memory") 0 20)"#, grown.to_owned()),
            // More than there may be.
            (one, "(drop (memory.grow (i32.const 30)))".to_owned()),
        ] {
            let wat = start(memory, &body);
            let calls = [
                "count", "size", "null", "grow", "first", "last", "init", "write", "first", "count",
            ];
            for calls in [
                &calls[..],
                &["fill", "size", "write", "last", "count"],
                &["grow", "write", "grow", "last", "first"],
            ] {
                let all = states(engine, &wat, &config, calls);
                for (at, state) in all.iter().enumerate() {
                    assert_eq!(*state, all[0], "{at}: {memory} {body}");
                }
                // And like those that need no snapshot.
                assert_eq!(states(engine, &wat, &fresh, calls)[0], all[0], "{memory} {body}");
            }
        }
    });
}

#[test]
fn a_sandbox_that_threads_pass_on_untouched_is_clean() {
    on_both(|engine| {
        let mut config = with_limits(|limits| limits.idle_instances = 1);
        config.snapshot(true);
        engine.register("p", plugin("state").as_bytes(), &config).unwrap();
        let wat = r#"(memory (export "memory") 4)
            (func (export "swap") (param i32) (result i32)
              (i32.load (local.get 0)) (i32.store (local.get 0) (i32.const 1)))"#;
        engine.register("p", wat.as_bytes(), &config).unwrap();
        let engine = Arc::new(engine.clone());
        let turn = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..3)
            .map(|number| {
                let (engine, turn) = (Arc::clone(&engine), Arc::clone(&turn));
                std::thread::spawn(move || {
                    for round in 0..200 {
                        while turn.load(Ordering::Acquire) % 3 != number {
                            std::thread::yield_now();
                        }
                        let mut p = engine.instance("p", None).unwrap();
                        // Sometimes nobody calls it, and sometimes it writes to pages of its own.
                        if (round + number) % 3 != 0 {
                            let page = ((round * 7 + number * 13) % 60) as i32 * 4096;
                            for page in [page, page + 4096] {
                                assert_eq!(
                                    p.call("swap", &[page.into()], Kind::I32).unwrap(),
                                    Value::I32(0)
                                );
                            }
                        }
                        drop(p);
                        turn.fetch_add(1, Ordering::Release);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn start_up_that_fails_leaves_nothing() {
    let _alone = alone();
    on_both(|engine| {
        let before = images(11);
        let told = Arc::new(());
        for wat in [
            r#"(memory (export "memory") 11) (func (export "_start") unreachable)"#,
            r#"(memory (export "memory") 11) (func (export "wasp_signatures") (result i32) (i32.const 0))"#,
            r#"(memory (export "memory") 11) (func (export "wasp_signatures") (result i32) (i32.const 8)) (data (i32.const 8) "nothing()\00")"#,
        ] {
            let mut config = Config::new();
            let held = Arc::clone(&told);
            config.callback("env", "unused", &[], Kind::None, move |_, _| {
                let _ = &held;
                Ok(())
            });
            engine.register("p", wat.as_bytes(), &config).unwrap_err();
        }
        assert_eq!(images(11), before);
        assert_eq!(Arc::strong_count(&told), 1);
        assert!(live_plugins(engine));
    });
}

fn live_plugins(engine: &Engine) -> bool {
    engine.register("echo", plugin("echo").as_bytes(), &Config::new()).unwrap();
    live(&mut engine.instance("echo", None).unwrap()) == 0
}
