//! What an instance may use at most: memory, table elements, stack.

use crate::alone::alone;
use crate::plugins;
use crate::process_limit;

use plugins::{engine, fails, instance, on_both, pages, with_limits};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Kind, Log, Value};

fn memory(bytes: u64) -> Config {
    with_limits(|limits| limits.memory_bytes = bytes)
}

#[test]
fn memory_grows_up_to_its_limit() {
    let wat = r#"(memory (export "memory") 1 100)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "pages") (result i32) (memory.size))
        (func (export "touch") (param i32) (i32.store (local.get 0) (i32.const 1)))"#;
    on_both(|engine| {
        // Ten pages and a half.
        let mut p = instance(engine, wat, &memory((10 << 16) + 1000));
        for _ in 0..3 {
            let mut grow =
                |by: i32| i32::try_from(p.call("grow", &[by.into()], Kind::I32).unwrap());
            assert_eq!(grow(10).unwrap(), -1);
            assert_eq!(grow(4).unwrap(), 1);
            assert_eq!(grow(6).unwrap(), -1);
            assert_eq!(grow(5).unwrap(), 5);
            assert_eq!(grow(0).unwrap(), 10);
            assert_eq!(grow(1).unwrap(), -1);
            assert_eq!(grow(-1).unwrap(), -1);
            assert_eq!(pages(&mut p), 10);
            p.call("touch", &[((10 << 16) - 4).into()], Kind::None).unwrap();
            p.reset().unwrap();
            assert_eq!(pages(&mut p), 1);
        }
        // The module's own maximum counts as well.
        let mut p = instance(engine, wat, &Config::new());
        assert_eq!(p.call("grow", &[100.into()], Kind::I32).unwrap(), Value::I32(-1));
        assert_eq!(p.call("grow", &[99.into()], Kind::I32).unwrap(), Value::I32(1));
    });
}

#[test]
fn a_death_at_the_limit_says_so() {
    let wat = |export: &str| {
        format!(
            r#"(memory {export} 1)
               (func (export "grow") (param i32)
                 (if (i32.eq (memory.grow (local.get 0)) (i32.const -1)) (then unreachable)))
               (func (export "try") (param i32) (drop (memory.grow (local.get 0))))
               (func (export "trap") unreachable)"#
        )
    };
    on_both(|engine| {
        for export in [r#"(export "memory")"#, ""] {
            let mut p = instance(engine, &wat(export), &memory(1 << 20));
            fails(
                p.call("grow", &[16.into()], Kind::None),
                Trap,
                r#"plugin "p", function "grow": unreachable (its memory limit of 1048576 bytes was met)"#,
            );
            p.reset().unwrap();
            p.call("grow", &[15.into()], Kind::None).unwrap();
            // An earlier call's refusal has nothing to do with it.
            p.call("try", &[1.into()], Kind::None).unwrap();
            fails(
                p.call("trap", &[], Kind::None),
                Trap,
                r#"plugin "p", function "trap": unreachable"#,
            );
        }
    });
}

#[test]
fn a_death_at_the_default_limit_says_so_and_at_a_maximum_of_the_plugins_own() {
    let wat = |maximum: &str| {
        format!(
            r#"(memory 1 {maximum})
               (func (export "grow") (param i32)
                 (if (i32.eq (memory.grow (local.get 0)) (i32.const -1)) (then unreachable)))"#
        )
    };
    let dies = r#"plugin "p", function "grow": unreachable"#;
    on_both(|engine| {
        let mut p = instance(engine, &wat(""), &Config::new());
        let message = format!("{dies} (its memory limit of 4294967296 bytes was met)");
        fails(p.call("grow", &[65536.into()], Kind::None), Trap, &message);
        let mut p = instance(engine, &wat("3"), &Config::new());
        let message = format!("{dies} (the maximum of 3 pages that its memory declares was met)");
        fails(p.call("grow", &[3.into()], Kind::None), Trap, &message);
        p.reset().unwrap();
        p.call("grow", &[2.into()], Kind::None).unwrap();
    });
}

#[test]
fn start_up_is_within_the_limit_too() {
    let body = "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))";
    on_both(|engine| {
        let refuses = |start: &str, context: &str| {
            let wat = format!(r#"(memory (export "memory") 1) (func $main {body}) {start}"#);
            let message = format!(
                r#"plugin "p": {context}: unreachable (its memory limit of 1048576 bytes was met)"#
            );
            fails(engine.register("p", wat.as_bytes(), &memory(1 << 20)), Trap, &message);
            engine.register("p", wat.as_bytes(), &memory(101 << 16)).unwrap();
        };
        refuses("(start $main)", "its start");
        refuses(r#"(export "_initialize" (func $main))"#, r#"its start-up "_initialize""#);
    });
}

#[test]
fn a_module_that_starts_beyond_its_limits() {
    on_both(|engine| {
        let refuses = |wat: &str, config: &Config, message: &str| {
            let message = format!(r#"plugin "p": it starts with {message}"#);
            fails(engine.register("p", wat.as_bytes(), config), Resource, &message);
        };
        let bytes = |has: u64, limit: u64| {
            format!("{has} bytes of memory, more than its limit of {limit} bytes")
        };
        refuses("(memory 17)", &memory(1 << 20), &bytes(17 << 16, 1 << 20));
        refuses("(memory 1)", &memory(65535), &bytes(65536, 65535));
        refuses("(memory 1)", &memory(0), &bytes(65536, 0));
        let two = "(memory 10) (memory 7)";
        refuses(two, &memory(1 << 20), &bytes(17 << 16, 1 << 20));
        let elements =
            |has: u64, limit: u32| format!("{has} table elements, more than its limit of {limit}");
        let table = |elements| with_limits(|limits| limits.table_elements = elements);
        refuses("(table 11 funcref)", &table(10), &elements(11, 10));
        refuses("(table 6 funcref) (table 5 externref)", &table(10), &elements(11, 10));

        for (wat, config) in [
            ("(memory 16)", memory(1 << 20)),
            ("(memory 0)", memory(0)),
            ("(module)", memory(0)),
            ("(memory 10) (memory 6)", memory(1 << 20)),
            ("(table 10 funcref)", table(10)),
            ("(table 0 funcref)", table(0)),
        ] {
            instance(engine, wat, &config);
        }
    });
}

#[test]
fn all_memories_and_tables_share_their_limit() {
    let wat = r#"(memory $a (export "memory") 1) (memory $b 2)
        (table $s 1 funcref) (table $t 2 externref)
        (func (export "a") (param i32) (result i32) (memory.grow $a (local.get 0)))
        (func (export "b") (param i32) (result i32) (memory.grow $b (local.get 0)))
        (func (export "s") (param i32) (result i32) (table.grow $s (ref.null func) (local.get 0)))
        (func (export "t") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0)))"#;
    on_both(|engine| {
        let config = with_limits(|limits| {
            limits.memory_bytes = 10 << 16;
            limits.table_elements = 10;
        });
        let mut p = instance(engine, wat, &config);
        for _ in 0..3 {
            let mut grow = |name: &str, by: i32| -> i32 {
                p.call(name, &[by.into()], Kind::I32).unwrap().try_into().unwrap()
            };
            assert_eq!(grow("a", 8), -1);
            assert_eq!(grow("a", 3), 1);
            assert_eq!(grow("b", 5), -1);
            assert_eq!(grow("b", 4), 2);
            assert_eq!(grow("a", 1), -1);
            assert_eq!(grow("b", 1), -1);
            // Seven elements may come, to whichever table.
            let (mut grown, mut tables) = (0, ["s", "t"].into_iter().cycle());
            for _ in 0..20 {
                let table = tables.next().unwrap();
                grown += i32::from(grow(table, 1) != -1);
            }
            assert_eq!(grown, 7);
            assert_eq!((grow("s", 60_000_000), grow("t", -1)), (-1, -1));
            assert_eq!((grow("s", 0), grow("t", 0)), (5, 5));
            p.reset().unwrap();
        }
    });
}

#[test]
fn a_table_may_declare_any_maximum() {
    let wat = r#"(table $s 1 0xFFFFFFFF funcref)
        (func (export "s") (param i32) (result i32) (table.grow $s (ref.null func) (local.get 0)))"#;
    on_both(|engine| {
        for limit in [10, u32::MAX] {
            let mut p = instance(engine, wat, &with_limits(|limits| limits.table_elements = limit));
            let mut grow = |by: i32| -> i32 {
                p.call("s", &[by.into()], Kind::I32).unwrap().try_into().unwrap()
            };
            assert_eq!((grow(128 << 20), grow(9), grow(-1)), (-1, 1, -1));
        }
    });
}

#[test]
fn any_table_may_take_all_that_is_left() {
    let wat = r#"(table $s 1 funcref) (table $t 2 externref) (table $u 0 3 funcref)
        (func (export "s") (param i32) (result i32) (table.grow $s (ref.null func) (local.get 0)))
        (func (export "t") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0)))
        (func (export "u") (param i32) (result i32) (table.grow $u (ref.null func) (local.get 0)))"#;
    on_both(|engine| {
        let config = with_limits(|limits| limits.table_elements = 10);
        let mut p = instance(engine, wat, &config);
        let mut grow = |name: &str, by: i32| -> i32 {
            p.call(name, &[by.into()], Kind::I32).unwrap().try_into().unwrap()
        };
        // What a table's own maximum refuses is there for the others.
        assert_eq!((grow("u", 4), grow("u", 2)), (-1, 0));
        assert_eq!((grow("t", 6), grow("t", 5), grow("s", 1)), (-1, 2, -1));
    });
}

#[test]
fn a_larger_stack_reaches_deeper() {
    let wat = r#"(func $f (export "f") (param i32)
        (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))"#;
    // How often `f` can call itself.
    let depth = |engine: &Engine, bytes: usize| {
        let mut p = instance(engine, wat, &with_limits(|limits| limits.stack_bytes = bytes));
        let (mut works, mut fails) = (0, 10_000_000);
        while works + 1 < fails {
            let middle = works + (fails - works) / 2;
            match p.call("f", &[middle.into()], Kind::None) {
                Ok(_) => works = middle,
                Err(error) => {
                    let message = r#"plugin "p", function "f": call stack exhausted"#;
                    assert_eq!(error.to_string(), message);
                    fails = middle;
                    p.reset().unwrap();
                }
            }
        }
        works
    };
    // Stacks are pooled, so each has to be larger than all before.
    let cranelift = engine(Compiler::Cranelift, Log::default());
    let (small, large) = (depth(&cranelift, 4 << 20), depth(&cranelift, 16 << 20));
    assert!(small > 20_000 && large > 2 * small, "{small} {large}");
    let singlepass = engine(Compiler::Singlepass, Log::default());
    let (small, large) = (depth(&singlepass, 32 << 20), depth(&singlepass, 96 << 20));
    assert!(small > 100_000 && large > 2 * small, "{small} {large}");
}

#[test]
#[cfg(target_os = "linux")]
fn growth_that_the_machine_refuses_costs_the_next_tenant_nothing() {
    alone("limits::growth_with_little_memory");
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "limits its process: run by growth_that_the_machine_refuses_costs_the_next_tenant_nothing"]
fn growth_with_little_memory() {
    let data = |bytes| process_limit::limit(libc::RLIMIT_DATA, bytes);
    let wat = r#"
        (memory (export "memory") 1)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#;
    // 1 GiB.
    let config = with_limits(|limits| limits.memory_bytes = 1 << 30);
    let engine = engine(Compiler::Cranelift, Log::default());
    let mut p = instance(&engine, wat, &config);
    data(512 << 20);
    assert_eq!(p.call("grow", &[12_000.into()], Kind::I32).unwrap(), Value::I32(-1));
    p.reset().unwrap();
    data(libc::RLIM_INFINITY);
    assert_eq!(p.call("grow", &[16_383.into()], Kind::I32).unwrap(), Value::I32(1));
}
