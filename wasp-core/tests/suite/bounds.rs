//! How compiled code keeps within linear memory, with checks and without, and what address space that takes.

use crate::alone::alone;
use crate::plugins;
use crate::process_limit::limit;

use plugins::{engine, fails, instance, on_both, with_limits};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Instance, Kind, Log, Value};

/// Limits below and above which plugins are compiled with checks.
const SMALL: u64 = 16 << 20;
const LARGE: u64 = 32 << 20;

const PAGE: u64 = 64 << 10;

fn within(bytes: u64) -> Config {
    with_limits(|limits| limits.memory_bytes = bytes)
}

/// Offsets around all that a guard could cover.
const OFFSETS: [u64; 8] = [0, 1, PAGE - 8, PAGE, SMALL - 8, SMALL, (1 << 31) - 1, u32::MAX as u64];

/// A module that reads and writes 1, 8 and 16 bytes at each of the offsets, as far as the compiler has them.
fn accesses(compiler: Compiler) -> String {
    let mut wat = String::from(
        r#"(memory (export "memory") 2)
           (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#,
    );
    for (number, offset) in OFFSETS.iter().enumerate() {
        wat += &format!(
            r#"(func (export "load1-{number}") (param i32)
                 (drop (i32.load8_u offset={offset} (local.get 0))))
               (func (export "store1-{number}") (param i32)
                 (i32.store8 offset={offset} (local.get 0) (i32.const 1)))
               (func (export "load8-{number}") (param i32)
                 (drop (i64.load offset={offset} (local.get 0))))
               (func (export "store8-{number}") (param i32)
                 (f64.store offset={offset} (local.get 0) (f64.const 1)))"#
        );
        if compiler == Compiler::Cranelift {
            wat += &format!(
                r#"(func (export "load16-{number}") (param i32)
                     (drop (v128.load offset={offset} (local.get 0))))
                   (func (export "store16-{number}") (param i32)
                     (v128.store offset={offset} (local.get 0) (v128.const i64x2 1 1)))"#
            );
        }
    }
    wat
}

/// Accesses the memory, of `len` bytes, on both sides of its end and at the ends of what 32 bits can say.
fn access(p: &mut Instance, compiler: Compiler, len: u64) {
    let widths = if compiler == Compiler::Cranelift { &[1, 8, 16][..] } else { &[1, 8] };
    for (number, offset) in OFFSETS.iter().enumerate() {
        for &width in widths {
            let last = (len as i64) - (*offset as i64) - width;
            let indices =
                [last - 1, last, last + 1, last + width, 0, len as i64, 1 << 31, u32::MAX.into()];
            for index in indices.into_iter().filter(|index| (0..1 << 32).contains(index)) {
                for what in ["load", "store"] {
                    let name = format!("{what}{width}-{number}");
                    let outcome = p.call(&name, &[Value::I32(index as u32 as i32)], Kind::None);
                    let kind = outcome.err().map(|error| error.kind());
                    let expected = (index > last).then_some(Trap);
                    assert_eq!(kind, expected, "{name} at {index} of {len}");
                    if kind.is_some() {
                        p.reset().unwrap();
                        if len > 2 * PAGE {
                            let grow = ((len / PAGE) - 2) as i32;
                            p.call("grow", &[Value::I32(grow)], Kind::I32).unwrap();
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn accesses_end_where_the_memory_does() {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let engine = engine(compiler, Log::default());
        for most in [2 * PAGE, SMALL, LARGE] {
            let mut p = instance(&engine, &accesses(compiler), &within(most));
            access(&mut p, compiler, 2 * PAGE);
            let grow = (most / PAGE) as i32 - 2;
            let before = p.call("grow", &[Value::I32(grow)], Kind::I32).unwrap();
            assert_eq!(before, Value::I32(2));
            access(&mut p, compiler, most);
            let more = p.call("grow", &[Value::I32(1)], Kind::I32).unwrap();
            assert_eq!(more, Value::I32(-1));
        }
    }
}

/// What the process has mapped, in bytes.
fn address_space() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').next().unwrap().parse::<u64>().unwrap() * 4096
}

const ANSWER: &str = r#"
    (memory (export "memory") 1)
    (func (export "answer") (result i32) (i32.store (i32.const 0) (i32.const 42)) (i32.load (i32.const 0)))"#;

fn answer(p: &mut Instance) {
    assert_eq!(p.call("answer", &[], Kind::I32).unwrap(), Value::I32(42));
}

fn many(engine: &Engine, count: usize) -> Vec<Instance> {
    let mut all: Vec<Instance> = (0..count).map(|_| engine.instance("p", None).unwrap()).collect();
    all.iter_mut().for_each(answer);
    all
}

#[test]
fn small_limits_reserve_little() {
    alone("bounds::little_reserved");
}

#[test]
#[ignore = "measures the process: run by small_limits_reserve_little"]
fn little_reserved() {
    on_both(|engine| {
        for (most, per_instance) in [(SMALL, 2 * SMALL), (PAGE, SMALL + PAGE)] {
            engine.register("p", ANSWER.as_bytes(), &within(most)).unwrap();
            drop(many(engine, 1));
            let before = address_space();
            // So many that the arenas of malloc, which threads reserve meanwhile, don't count.
            let all = many(engine, 500);
            let taken = (address_space() - before) / all.len() as u64;
            assert!(taken <= per_instance + (1 << 20), "{taken} for a limit of {most}");
        }
    });
}

#[test]
fn a_thousand_small_instances_fit_into_64_gib() {
    alone("bounds::a_thousand_instances");
}

#[test]
#[ignore = "limits the address space: run by a_thousand_small_instances_fit_into_64_gib"]
fn a_thousand_instances() {
    // Of an engine that was there before the limit, too.
    on_both(|engine| {
        engine.register("p", ANSWER.as_bytes(), &within(SMALL)).unwrap();
        limit(libc::RLIMIT_AS, 64 << 30);
        assert_eq!(many(engine, 1000).len(), 1000);
        limit(libc::RLIMIT_AS, libc::RLIM_INFINITY);
    });
}

#[test]
fn small_plugins_run_within_4_gib() {
    alone("bounds::within_4_gib");
}

/// The finding: no plugin could be registered there, whatever its limit.
#[test]
#[ignore = "limits the address space: run by small_plugins_run_within_4_gib"]
fn within_4_gib() {
    limit(libc::RLIMIT_AS, 4 << 30);
    on_both(|engine| {
        // Where address space is limited, plugins with larger limits reserve no more than these.
        for most in [SMALL, 256 << 20, 1 << 30] {
            let mut p = instance(engine, ANSWER, &within(most));
            answer(&mut p);
        }
        // A memory that says how large it becomes needs no limit.
        let small = ANSWER.replace(r#""memory") 1"#, r#""memory") 1 16"#);
        answer(&mut instance(engine, &small, &Config::new()));
        let error = engine.register("p", ANSWER.as_bytes(), &Config::new()).unwrap_err();
        assert_eq!(error.kind(), Resource, "{error}");
        assert!(error.to_string().contains("4311744512 bytes were asked for"), "{error}");
    });
}

#[test]
fn memories_are_counted() {
    on_both(|engine| {
        let wat = |count: usize| format!("(module {})", "(memory 0) ".repeat(count));
        engine.register("p", wat(16).as_bytes(), &within(PAGE)).unwrap();
        let message = r#"plugin "p": it has 17 memories, and 16 are the most"#;
        fails(engine.register("p", wat(17).as_bytes(), &within(PAGE)), Resource, message);
    });
}
