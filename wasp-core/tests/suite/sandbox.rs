//! What an instance has to itself, and what it may use at most.

use crate::plugins;

use plugins::{engine, fails, instance, live, on_both, pages, plugin, with_allocator};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Instance, Kind, Limits, Log, Value};

fn limited(limit: impl FnOnce(&mut Limits)) -> Config {
    let (mut config, mut limits) = (Config::new(), Limits::default());
    limit(&mut limits);
    config.limits(limits);
    config
}

fn memory(bytes: u64) -> Config {
    limited(|limits| limits.memory_bytes = bytes)
}

/// Everything about the state of `state.wat`, as one number that is 0 only in a new instance.
#[track_caller]
fn state(p: &mut Instance) -> i64 {
    p.call("state", &[], Kind::I64).unwrap().try_into().unwrap()
}

#[test]
fn a_reset_brings_back_the_state_of_a_new_instance() {
    on_both(|engine| {
        for snapshot in [true, false] {
            let mut config = Config::new();
            config.snapshot(snapshot);
            let mut p = instance(engine, &plugin("state"), &config);
            assert_eq!(state(&mut p), 0);
            for change in ["bytes", "globals", "table", "grow", "everything"] {
                for round in 0..3 {
                    p.call(change, &[], Kind::None).unwrap();
                    assert_ne!(state(&mut p), 0, "{change} {round}");
                    p.reset().unwrap();
                    assert_eq!(state(&mut p), 0, "{change} {round}");
                }
            }
            for _ in 0..3 {
                p.call("use_segments", &[], Kind::None).unwrap();
                p.call("segments", &[], Kind::None).unwrap();
                assert_eq!(p.call("use_segments", &[], Kind::None).unwrap_err().kind(), Trap);
                p.reset().unwrap();
            }
            // After a trap too.
            for _ in 0..3 {
                p.call("everything_and_trap", &[], Kind::None).unwrap_err();
                assert_eq!(p.call("state", &[], Kind::I64).unwrap_err().kind(), Poisoned);
                p.reset().unwrap();
                assert_eq!(state(&mut p), 0);
            }
        }
    });
}

#[test]
fn instances_see_nothing_of_each_other() {
    on_both(|engine| {
        let mut first = instance(engine, &plugin("state"), &Config::new());
        let mut second = engine.instance("p", None).unwrap();
        first.call("everything", &[], Kind::None).unwrap();
        assert_eq!(state(&mut second), 0);
        second.call("everything_and_trap", &[], Kind::None).unwrap_err();
        assert_ne!(state(&mut first), 0);
        // What an instance leaves behind when it goes is not there for the next.
        for trap in ["everything", "everything_and_trap"] {
            for _ in 0..10 {
                let mut p = engine.instance("p", None).unwrap();
                assert_eq!(state(&mut p), 0);
                let _ = p.call(trap, &[], Kind::None);
            }
        }
    });
}

#[test]
fn a_replaced_plugin_lives_on_in_its_instances() {
    let gives = |number| format!(r#"(func (export "version") (result i32) (i32.const {number}))"#);
    on_both(|engine| {
        let mut old = instance(engine, &gives(1), &Config::new());
        let mut new = instance(engine, &gives(2), &Config::new());
        let version = |p: &mut Instance, wanted: i32| {
            assert_eq!(p.call("version", &[], Kind::I32).unwrap(), Value::I32(wanted));
            p.reset().unwrap();
            assert_eq!(p.call("version", &[], Kind::I32).unwrap(), Value::I32(wanted));
        };
        version(&mut old, 1);
        version(&mut new, 2);
        engine.unregister("p").unwrap();
        assert_eq!(engine.instance("p", None).err().unwrap().kind(), PluginNotFound);
        version(&mut old, 1);
        version(&mut new, 2);
        drop(old);
        version(&mut new, 2);
        version(&mut instance(engine, &gives(3), &Config::new()), 3);
    });
}

#[test]
fn instances_outlive_their_engine() {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let engine = engine(compiler, Log::default());
        let mut config = Config::new();
        config.callback("env", "string", &[Kind::String], Kind::String, |caller, args| {
            caller.set_result(args[0]);
            Ok(())
        });
        let wat = with_allocator(
            r#"(import "env" "string" (func $string (param i32) (result i32)))
               (func (export "string") (param i32) (result i32) (call $string (local.get 0)))
               (func (export "trap") unreachable)"#,
        );
        let mut p = instance(&engine, &wat, &config);
        let mut other = engine.instance("p", None).unwrap();
        drop((engine, config));
        for _ in 0..3 {
            let text = p.call("string", &["Nic".into()], Kind::String).unwrap();
            assert_eq!(text, Value::String("Nic"));
            let error = p.call("trap", &[], Kind::None).unwrap_err();
            assert_eq!((error.kind(), error.trace().len()), (Trap, 1));
            p.reset().unwrap();
        }
        drop(p);
        let text = other.call("string", &["Nic".into()], Kind::String).unwrap();
        assert_eq!(text, Value::String("Nic"));
    }
}

#[test]
fn a_thousand_instances_at_once() {
    on_both(|engine| {
        engine.register("p", plugin("echo").as_bytes(), &Config::new()).unwrap();
        let mut all: Vec<_> = (0..1000).map(|_| engine.instance("p", None).unwrap()).collect();
        for round in 0..2 {
            for (at, p) in all.iter_mut().enumerate() {
                let text = format!("{round} {at}");
                let back = p.call("string", &[(&text).into()], Kind::String).unwrap();
                assert_eq!(back, Value::String(&text));
            }
        }
        assert!(all.iter_mut().all(|p| live(p) == 0));
    });
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
        let table = |elements| limited(|limits| limits.table_elements = elements);
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
        let config = limited(|limits| {
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
            p.reset().unwrap();
        }
    });
}

#[test]
fn a_larger_stack_reaches_deeper() {
    let wat = r#"(func $f (export "f") (param i32)
        (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))"#;
    // How often `f` can call itself.
    let depth = |engine: &Engine, bytes: usize| {
        let mut p = instance(engine, wat, &limited(|limits| limits.stack_bytes = bytes));
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
fn a_plugin_sees_only_its_own_environment() {
    // The number of variables, and their size with "=" and NUL.
    let wat = r#"
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "count") (result i32)
          (drop (call $sizes (i32.const 8) (i32.const 12))) (i32.load (i32.const 8)))
        (func (export "size") (result i32)
          (drop (call $sizes (i32.const 8) (i32.const 12))) (i32.load (i32.const 12)))"#;
    on_both(|engine| {
        let mut config = Config::new();
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(0));
        config.env("LANGUAGE", "en").env("A", "1").env("LANGUAGE", "grüezi");
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("count", &[], Kind::I32).unwrap(), Value::I32(2));
        let size = "LANGUAGE=grüezi\0A=1\0".len() as i32;
        assert_eq!(p.call("size", &[], Kind::I32).unwrap(), Value::I32(size));
    });
}
