//! What real plugins do before their first call holds for every instance that starts from the snapshot of it.

use crate::plugins;

use plugins::{instance, on_both, pages, with_allocator};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use wasp_core::{Compiler, Config, Instance, Kind, Limits, Log, Value};

fn build(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../build").join(name)
}

/// An example plugin, as `make plugins` leaves it.
fn example(language: &str) -> Vec<u8> {
    let path = build(&format!("plugins/{language}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{path:?}: {error}; `make plugins` builds it"))
}

/// A plugin of `tests/guests`, built by Go.
fn go(name: &str) -> Vec<u8> {
    let out = std::path::absolute(build("tests")).unwrap().join(format!("{name}.wasm"));
    let output = Command::new("go")
        .args(["build", "-buildmode=c-shared", "-buildvcs=false", "-trimpath", "-o"])
        .arg(&out)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(name))
        .envs([("GOOS", "wasip1"), ("GOARCH", "wasm"), ("GOTOOLCHAIN", "local"), ("GOWORK", "off")])
        .output()
        .unwrap_or_else(|error| panic!("this test needs Go 1.24 or later: {error}"));
    assert!(output.status.success(), "go build: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(out).unwrap()
}

fn number(p: &mut Instance, name: &str, args: &[i64]) -> i64 {
    let args: Vec<_> = args.iter().map(|number| (*number).into()).collect();
    p.call(name, &args, Kind::I64).unwrap().try_into().unwrap()
}

fn with_call_me() -> Config {
    let mut config = Config::new();
    config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
        caller.set_result(args[0]);
        Ok(())
    });
    config
}

/// A directory with `in.txt`.
fn workspace(name: &str, text: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("runtimes-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("in.txt"), text).unwrap();
    dir
}

/// Each instance reads and writes its own `/workspace`, which its runtime looked for during start-up.
fn uses_its_workspace(language: &str) {
    let (one, two) =
        (workspace(&format!("{language}-1"), "one"), workspace(&format!("{language}-2"), "two"));
    on_both(|engine| {
        engine.register("p", &example(language), &with_call_me()).unwrap();
        for round in 0..20 {
            for (dir, text) in [(&one, "one"), (&two, "two")] {
                let mut p = engine.instance("p", Some(dir)).unwrap();
                for reset in 0..2 {
                    let said = format!("{round}.{reset}");
                    let answer = p.call("workspace", &[(&said).into()], Kind::String).unwrap();
                    let wanted = format!("{said} {text}");
                    assert_eq!(answer, Value::String(&wanted));
                    assert_eq!(std::fs::read_to_string(dir.join("out.txt")).unwrap(), wanted);
                    p.reset().unwrap();
                }
            }
            let mut p = engine.instance("p", None).unwrap();
            assert!(p.call("workspace", &["x".into()], Kind::String).is_err());
            p.reset().unwrap();
            assert_eq!(p.call("sum", &[3.into(), 2.into()], Kind::I32).unwrap(), Value::I32(5));
            p.reset().unwrap();
            let hello = p.call("hello", &["Nic".into()], Kind::String).unwrap();
            assert_eq!(hello, Value::String("Hello Nic"));
        }
    });
}

#[test]
fn go_uses_its_workspace() {
    uses_its_workspace("go");
}

#[test]
fn assemblyscript_uses_its_workspace() {
    uses_its_workspace("assemblyscript");
}

#[test]
fn go_reads_its_environment_during_start_up() {
    let wasm = go("clock");
    on_both(|engine| {
        for greeting in ["", "Hello", "Hello again"] {
            let mut config = Config::new();
            config.env("GREETING", greeting);
            engine.register(greeting, &wasm, &config).unwrap();
        }
        for _ in 0..50 {
            for greeting in ["Hello", "", "Hello again"] {
                let mut p = engine.instance(greeting, None).unwrap();
                for _ in 0..3 {
                    assert_eq!(number(&mut p, "greeting_size", &[]), greeting.len() as i64);
                    assert_eq!(number(&mut p, "count", &[]), 1);
                    p.reset().unwrap();
                }
            }
        }
    });
}

#[test]
fn time_never_goes_back() {
    let wasm = go("clock");
    on_both(|engine| {
        let before = Instant::now();
        engine.register("p", &wasm, &Config::new()).unwrap();
        let registered = Instant::now();
        let mut p = engine.instance("p", None).unwrap();
        let (mut last, mut last_wall) = (0, 0);
        for round in 0..2000 {
            let least = registered.elapsed().as_nanos() as i64;
            let now = number(&mut p, "since_start", &[]);
            let most = before.elapsed().as_nanos() as i64;
            assert!(now >= last && now >= least && now <= most, "{last} {least} {now} {most}");
            last = now;
            let wall = number(&mut p, "wall", &[]);
            assert!(wall >= last_wall, "{last_wall} {wall}");
            last_wall = wall;
            // Timers of its own, and the one that was started before the snapshot.
            if round % 100 == 0 {
                let slept = number(&mut p, "sleep", &[2]);
                assert!(slept >= 2_000_000, "{slept}");
                let fired = number(&mut p, "start_timer", &[]);
                assert!(
                    fired >= 20_000_000 && fired <= before.elapsed().as_nanos() as i64,
                    "{fired}"
                );
            }
            assert_eq!(number(&mut p, "count", &[]), 1);
            if round % 2 == 0 {
                p.reset().unwrap();
            } else {
                drop(p);
                p = engine.instance("p", None).unwrap();
            }
        }
    });
}

#[test]
fn a_start_section_runs_once_for_each_registration() {
    let wat = r#"(import "env" "started" (func $started (param i32)))
        (memory (export "memory") 1)
        (global $started_times (mut i32) (i32.const 0))
        (func $start
          (global.set $started_times (i32.add (global.get $started_times) (i32.const 1)))
          (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
          (call $started (i32.const 1)))
        (start $start)
        (func (export "_initialize") (call $started (i32.const 100)))
        (func (export "times") (result i32)
          (i32.add (i32.load (i32.const 8)) (i32.mul (i32.const 10) (global.get $started_times))))"#;
    on_both(|engine| {
        let counter = Arc::new(AtomicU32::new(0));
        let mut config = Config::new();
        let counted = Arc::clone(&counter);
        config.callback("env", "started", &[Kind::I32], Kind::None, move |_, args| {
            counted.fetch_add(i32::try_from(args[0])? as u32, Ordering::Relaxed);
            Ok(())
        });
        for registered in 1..4 {
            let mut all = vec![instance(engine, wat, &config)];
            all.extend((0..20).map(|_| engine.instance("p", None).unwrap()));
            for p in &mut all {
                for _ in 0..3 {
                    assert_eq!(p.call("times", &[], Kind::I32).unwrap(), Value::I32(11));
                    p.reset().unwrap();
                }
            }
            assert_eq!(counter.load(Ordering::Relaxed), 101 * registered);
        }
    });
}

#[test]
fn what_start_up_grew_by_is_there() {
    let wat = r#"(memory (export "memory") 1 20)
        (func (export "_initialize")
          (drop (memory.grow (i32.const 4)))
          (memory.fill (i32.const 0x10000) (i32.const 7) (i32.const 0x40000)))
        (func (export "pages") (result i32) (memory.size))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "set") (param i32) (i32.store8 (local.get 0) (i32.const 9)))"#;
    on_both(|engine| {
        let (mut config, mut limits) = (Config::new(), Limits::default());
        limits.memory_bytes = 8 << 16;
        config.limits(limits);
        let mut p = instance(engine, wat, &config);
        let get = |p: &mut Instance, name: &str, arg: i32| -> i32 {
            p.call(name, &[arg.into()], Kind::I32).unwrap().try_into().unwrap()
        };
        for _ in 0..200 {
            assert_eq!(pages(&mut p), 5);
            for (at, value) in [(0xFFFF, 0), (0x10000, 7), (0x4FFFF, 7)] {
                assert_eq!(get(&mut p, "byte", at), value);
                p.call("set", &[at.into()], Kind::None).unwrap();
            }
            // Three more until the limit, each time.
            assert_eq!([get(&mut p, "grow", 3), get(&mut p, "grow", 1)], [5, -1]);
            assert_eq!(get(&mut p, "byte", 0x7FFFF), 0);
            p.call("set", &[0x7FFFF.into()], Kind::None).unwrap();
            p.reset().unwrap();
        }
    });
}

/// An allocator that never frees and grows with each call: 1,000,000 resets don't bring it to its limit.
#[test]
fn growth_ends_with_each_reset() {
    let wat = with_allocator(
        r#"(func (export "string") (param i32) (result i32)
             (drop (memory.grow (i32.const 1))) (call $copy_string (local.get 0)))"#,
    );
    for (compiler, resets) in [(Compiler::Cranelift, 1_000_000), (Compiler::Singlepass, 100_000)] {
        let engine = plugins::engine(compiler, Log::default());
        let (mut config, mut limits) = (Config::new(), Limits::default());
        limits.memory_bytes = 4 << 16;
        config.limits(limits);
        let mut p = instance(&engine, &wat, &config);
        let started = Instant::now();
        for _ in 0..resets {
            assert_eq!(
                p.call("string", &["Nic".into()], Kind::String).unwrap(),
                Value::String("Nic")
            );
            p.reset().unwrap();
        }
        println!("{compiler:?}: {:?} a call and reset", started.elapsed() / resets);
        assert_eq!(pages(&mut p), 2);
        p.call("string", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(pages(&mut p), 3);
        assert!(started.elapsed() < Duration::from_secs(300));
    }
}
