//! A reset instance is a new one. Modules are generated, called at random, reset, and compared with truly new instances:
//! those of the same module registered without a snapshot. A failure prints its seed; `WASP_SEED=n` runs that one alone.

mod module;
use crate::alone::alone;
use crate::isolation::{elsewhere, in_raw_child, populate_images};
use crate::plugins;
use crate::tiered::{busy_background, tiered};

use module::{Random, Shape, Writer};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use wasp_core::ErrorKind::{Callback, Trap};
use wasp_core::{Compiler, Config, Engine, ErrorKind, Instance, Kind, Limits, Log, Value};

const MODULES: u64 = 250;
const RESETS: u32 = 16;

type State = [Result<i64, ErrorKind>; 4];

fn state(p: &mut Instance) -> State {
    ["memory_digest", "globals_digest", "tables_digest", "probe"].map(|name| {
        p.call(name, &[], Kind::I64)
            .map(|value| value.try_into().unwrap())
            .map_err(|error| error.kind())
    })
}

fn config(limit_pages: u32, snapshot: bool) -> (Config, Arc<AtomicU32>) {
    let starts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&starts);
    let mut limits = Limits::default();
    limits.memory_bytes = u64::from(limit_pages) << 16;
    let mut config = Config::new();
    config
        .limits(limits)
        .snapshot(snapshot)
        .callback("env", "tick", &[Kind::I32], Kind::I32, |caller, args| {
            let number: i32 = args[0].try_into()?;
            if number % 5 == 0 {
                return Err("a multiple of five".into());
            }
            caller.set_result(number.wrapping_mul(17).into());
            Ok(())
        })
        .callback("env", "started", &[], Kind::None, move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
    (config, starts)
}

/// What happened, so that the test can say that it tried enough.
#[derive(Default, Debug)]
struct Tried {
    refused: u32,
    resets: u32,
    failed_calls: u32,
}

struct SeedOnPanic(u64, Compiler);

impl Drop for SeedOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("WASP_SEED={} with {:?}", self.0, self.1);
        }
    }
}

/// Calls some functions with random arguments, until one fails. Returns which.
fn call_some(p: &mut Instance, random: &mut Random, tried: &mut Tried) -> String {
    let functions = p.functions().iter().filter(|function| function.name.starts_with('f')).count();
    let mut calls = String::new();
    for _ in 0..1 + random.below(6) {
        let name = format!("f{}", random.below(functions as u32));
        let args = [(); 2].map(|()| random.next() as i32 >> random.below(32));
        write!(calls, "{name}{args:?} ").unwrap();
        if let Err(error) = p.call(&name, &args.map(Value::I32), Kind::I32) {
            assert!(matches!(error.kind(), Trap | Callback), "{error}");
            tried.failed_calls += 1;
            break;
        }
    }
    calls
}

/// What the host does to its memory, in a process that has no other thread at work.
fn disturb(random: &mut Random) {
    match random.below(4) {
        0 => elsewhere(|| {
            // SAFETY: locks what is mapped, and unlocks it.
            unsafe {
                assert_eq!(libc::mlockall(libc::MCL_CURRENT), 0);
                assert_eq!(libc::munlockall(), 0);
            }
        }),
        1 => elsewhere(populate_images),
        _ => {}
    }
}

fn compare(
    engine: &Engine,
    seed: u64,
    shape: Shape,
    simd: bool,
    restless: bool,
    tried: &mut Tried,
) {
    let module = Writer::module(seed, shape, simd);
    let wat = &module.wat;
    let mut random = Random(!seed);
    let limit = 4 + module.min_pages + random.below(8);
    let (plain, _) = config(limit, false);
    let (with_snapshot, starts) = config(limit, true);
    if let Err(error) = engine.register("plain", wat.as_bytes(), &plain) {
        // Start-up trapped; it does so on both ways.
        assert_eq!(error.kind(), Trap, "{error}\n{wat}");
        assert_eq!(engine.register("p", wat.as_bytes(), &with_snapshot).unwrap_err().kind(), Trap);
        tried.refused += 1;
        return;
    }
    engine.register("p", wat.as_bytes(), &with_snapshot).unwrap();
    let new = state(&mut engine.instance("plain", None).unwrap());
    assert_eq!(state(&mut engine.instance("plain", None).unwrap()), new, "no test\n{wat}");

    let mut p = engine.instance("p", None).unwrap();
    assert_eq!(state(&mut p), new, "as made\n{wat}");
    for round in 0..RESETS {
        if restless {
            disturb(&mut random);
        }
        if restless && random.one_in(8) {
            // A child goes on with the same instance, unlike its parent.
            in_raw_child(|| {
                let calls = call_some(&mut p, &mut Random(random.next()), tried);
                p.reset().unwrap();
                assert_eq!(state(&mut p), new, "in a child after {calls}\n{wat}");
                assert_eq!(state(&mut engine.instance("p", None).unwrap()), new, "{calls}\n{wat}");
                true
            });
        }
        let calls = if restless && random.one_in(3) {
            thread::scope(|scope| {
                scope.spawn(|| call_some(&mut p, &mut random, tried)).join().unwrap()
            })
        } else {
            call_some(&mut p, &mut random, tried)
        };
        let how = if random.one_in(3) {
            // The pool gives the same one again, or makes one.
            drop(p);
            p = engine.instance("p", None).unwrap();
            "the next instance"
        } else {
            p.reset().unwrap();
            "after a reset"
        };
        tried.resets += 1;
        assert_eq!(state(&mut p), new, "{how}, round {round} after {calls}\n{shape:?} {wat}");
        if random.one_in(2) {
            p.reset().unwrap();
        }
    }
    // Which way it took.
    let restorable = matches!(shape, Shape::Plain | Shape::NoMemory);
    if wat.contains("(start $begin)") {
        let starts = starts.load(Ordering::Relaxed);
        assert_eq!(starts == 1, restorable, "{shape:?}: {starts} starts\n{wat}");
    }
}

#[test]
fn a_reset_instance_is_like_a_new_one() {
    compare_modules(MODULES, false);
}

#[test]
fn a_reset_instance_of_a_restless_host_is_like_a_new_one() {
    alone("snapshot::restless_host");
}

#[test]
#[ignore = "forks and locks memory: run by a_reset_instance_of_a_restless_host_is_like_a_new_one"]
fn restless_host() {
    compare_modules(MODULES / 2, true);
}

fn compare_modules(modules: u64, restless: bool) {
    use Shape::*;
    let shapes = [
        Plain,
        Plain,
        Plain,
        NoMemory,
        TwoMemories,
        Plain,
        References,
        ChangesTables,
        Plain,
        DropsData,
        DropsElements,
    ];
    let only = std::env::var("WASP_SEED")
        .ok()
        .map(|seed| seed.parse::<u64>().expect("WASP_SEED is a number"));
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let engine = plugins::engine(compiler, Log::default());
        let mut tried = Tried::default();
        for seed in 0..modules {
            if only.is_none_or(|only| only == seed) {
                let _seed = SeedOnPanic(seed, compiler);
                let shape = shapes[seed as usize % shapes.len()];
                let simd = compiler == Compiler::Cranelift;
                compare(&engine, seed, shape, simd, restless, &mut tried);
            }
        }
        println!("{compiler:?}: {tried:?}");
        assert!(only.is_some() || u64::from(tried.refused) < modules / 4, "{tried:?}");
        assert!(only.is_some() || u64::from(tried.resets) > modules * 8, "{tried:?}");
    }
}

/// The snapshot that one compiler's code leaves is where the other's begins.
#[test]
fn the_state_does_not_depend_on_the_compiler() {
    use Shape::*;
    let shapes = [Plain, Plain, NoMemory, Plain, TwoMemories, References, ChangesTables, DropsData];
    let (engine, heard) = tiered();
    for seed in 0..60 {
        let _seed = SeedOnPanic(seed, Compiler::Tiered);
        let shape = shapes[seed as usize % shapes.len()];
        let module = Writer::module(seed, shape, false);
        let (config, starts) = config(4 + module.min_pages, true);
        let pause = busy_background();
        let name = seed.to_string();
        if engine.register(&name, module.wat.as_bytes(), &config).is_err() {
            continue;
        }
        let mut before = engine.instance(&name, None).unwrap();
        let new = state(&mut before);
        drop(pause);
        heard.wait_for_switch(&name);
        let mut after = engine.instance(&name, None).unwrap();
        let mut random = Random(!seed);
        let draws_at_random = module.wat.contains("call $random_get");
        for round in 0..4 {
            assert_eq!(state(&mut after), new, "round {round} {shape:?}\n{}", module.wat);
            // The same calls have the same effect, also where they fail.
            let seed = random.next();
            let [was, is] = [&mut before, &mut after].map(|p| {
                p.reset().unwrap();
                call_some(p, &mut Random(seed), &mut Tried::default());
                state(p)
            });
            assert!(draws_at_random || is == was, "{is:?}, not {was:?}: {shape:?}\n{}", module.wat);
            after.reset().unwrap();
        }
        if matches!(shape, Plain | NoMemory) {
            assert!(starts.load(Ordering::Relaxed) <= 1, "{}", module.wat);
        }
    }
}
