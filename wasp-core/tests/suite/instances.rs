//! What an instance has to itself, and how long it lives.

use crate::plugins;

use plugins::{engine, instance, live, on_both, plugin, with_allocator};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Instance, Kind, Log, Value};

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
