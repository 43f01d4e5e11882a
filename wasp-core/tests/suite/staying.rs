//! The guest stack that a thread keeps, and hosts that can't have one: those that use wasmer themselves. What C can do to it is in
//! `wasp-capi/tests/c/stacks.c`.

use crate::alone::alone;
use crate::filter::{Refused, refuse};
use crate::plugins;

use plugins::{engine, instance, on_both, with_limits};
use std::sync::{Arc, Mutex};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Instance, Kind, Log, Value};

/// `run` calls back, and then ends as it is told: well, or by a trap that the runtime raises.
const RUN: &str = r#"
    (import "env" "f" (func $f (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (param $depth i32) (param $trap i32) (result i32)
      (local.set $depth (call $f (local.get $depth)))
      (if (local.get $trap)
        (then (memory.fill (i32.const 65535) (i32.const 0) (i32.const 100))))
      (local.get $depth))"#;

fn run(p: &mut Instance, depth: i32, trap: bool) -> Option<i32> {
    match p.call("run", &[depth.into(), i32::from(trap).into()], Kind::I32) {
        Ok(value) => Some(value.try_into().unwrap()),
        Err(error) => {
            assert_eq!(error.kind(), Trap, "{error}");
            assert!(error.to_string().contains("out of bounds"), "{error}");
            p.reset().unwrap();
            None
        }
    }
}

#[test]
fn calls_within_callbacks_end_as_they_like() {
    on_both(|engine| {
        let mut config = Config::new();
        let inner = engine.clone();
        config.callback("env", "f", &[Kind::I32], Kind::I32, move |caller, args| {
            let depth: i32 = args[0].try_into()?;
            if depth > 0 {
                let mut p = inner.instance("p", None)?;
                for trap in [true, false, true] {
                    let expected = (!trap).then_some(depth - 1);
                    assert_eq!(run(&mut p, depth - 1, trap), expected);
                }
            }
            caller.set_result(depth.into());
            Ok(())
        });
        let mut p = instance(engine, RUN, &config);
        for depth in [0, 1, 2, 5, 0, 3] {
            for trap in [false, true, false] {
                assert_eq!(run(&mut p, depth, trap), (!trap).then_some(depth));
            }
        }
    });
}

#[test]
fn a_panic_within_a_nested_callback_ends_all_of_them() {
    on_both(|engine| {
        let mut config = Config::new();
        let inner = engine.clone();
        config.callback("env", "f", &[Kind::I32], Kind::I32, move |caller, args| {
            let depth: i32 = args[0].try_into()?;
            if depth == 0 {
                std::panic::resume_unwind(Box::new("on purpose"));
            }
            let mut p = inner.instance("p", None)?;
            p.call("run", &[(depth - 1).into(), 0.into()], Kind::I32)?;
            caller.set_result(depth.into());
            Ok(())
        });
        let mut p = instance(engine, RUN, &config);
        for depth in [0, 1, 4] {
            let error = p.call("run", &[depth.into(), 0.into()], Kind::I32).unwrap_err();
            assert_eq!(error.kind(), Callback);
            assert!(error.to_string().contains("on purpose"), "{error}");
            p.reset().unwrap();
        }
    });
}

/// Runs a module in wasmer's own way, whose import is `f`.
fn direct(f: &(dyn Fn() + Send + Sync)) {
    const TEXT: &str = r#"(module (import "h" "f" (func $f)) (memory 1)
        (func (export "good") (result i32) (call $f) (i32.const 1))
        (func (export "bad") (result i32)
          (call $f) (memory.fill (i32.const 65535) (i32.const 0) (i32.const 100)) (i32.const 1))
        (func (export "fault") (result i32) (call $f) (i32.load (i32.const 65536))))"#;
    // SAFETY: it is called only before this returns.
    let f: &'static (dyn Fn() + Send + Sync) = unsafe { std::mem::transmute(f) };
    let mut store = wasmer::Store::default();
    let module = wasmer::Module::new(&store, TEXT).unwrap();
    let host = wasmer::Function::new_typed(&mut store, f);
    let imports = wasmer::imports! { "h" => { "f" => host } };
    let it = wasmer::Instance::new(&mut store, &module, &imports).unwrap();
    for (name, good) in
        [("good", true), ("bad", false), ("fault", false), ("good", true), ("bad", false)]
    {
        let function = it.exports.get_typed_function::<(), i32>(&store, name).unwrap();
        assert_eq!(function.call(&mut store).is_ok(), good, "{name}");
    }
}

/// A host that runs WebAssembly through wasmer as well, on the same thread, before, within and around calls of plugins. That is for
/// hosts that haven't promised otherwise.
#[test]
fn a_host_may_use_wasmer_itself() {
    if std::env::var_os("WASP_TEST_STACKS_STAY").is_some() {
        return;
    }
    on_both(|engine| {
        let mut config = Config::new();
        config.callback("env", "f", &[Kind::I32], Kind::I32, move |caller, args| {
            direct(&|| {});
            caller.set_result(args[0]);
            Ok(())
        });
        let p = Mutex::new(instance(engine, RUN, &config));
        let both = || {
            let mut p = p.lock().unwrap();
            for trap in [true, false, true] {
                assert_eq!(run(&mut p, 3, trap), (!trap).then_some(3));
            }
        };
        for _ in 0..3 {
            both();
            direct(&|| {});
            direct(&both);
        }
    });
}

#[test]
fn stacks_of_all_sizes_share_one_zone() {
    alone("staying::alternating_sizes");
}

/// The finding: each change between plugins with stacks of different sizes moved the zone, 5 us.
#[test]
#[ignore = "refuses system calls: run by stacks_of_all_sizes_share_one_zone"]
fn alternating_sizes() {
    let wat = r#"(func $f (export "f") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))"#;
    let engine = engine(Compiler::Singlepass, Log::default());
    let mut all: Vec<(Instance, i32)> = [64 << 10, 4 << 20, 1 << 20, 65 << 10]
        .into_iter()
        .map(|bytes| {
            let config = with_limits(|limits| limits.stack_bytes = bytes);
            let mut p = instance(&engine, wat, &config);
            // Each has what it asked for, and no more.
            let mut works = |depth: i32| {
                let outcome = p.call("f", &[depth.into()], Kind::I32).map(drop);
                if let Err(error) = outcome {
                    assert!(error.to_string().ends_with("call stack exhausted"), "{error}");
                    p.reset().unwrap();
                    return false;
                }
                true
            };
            let (mut low, mut high) = (0, 1 << 20);
            while low + 1 < high {
                let middle = low + (high - low) / 2;
                if works(middle) { low = middle } else { high = middle }
            }
            (p, low)
        })
        .collect();
    let depths: Vec<i32> = all.iter().map(|(_, depth)| *depth).collect();
    let [small, large, middle, other] = depths[..] else { unreachable!() };
    assert!(large > 50 * small && middle > 12 * small && large > 3 * middle, "{depths:?}");
    assert!(other > small && other < 2 * small, "{depths:?}");
    refuse(&[Refused::always(libc::SYS_mprotect, libc::ENOMEM)]);
    for _ in 0..100 {
        for (p, depth) in &mut all {
            // Where a stack begins differs by a page.
            let depth = *depth * 9 / 10;
            assert_eq!(p.call("f", &[depth.into()], Kind::I32).unwrap(), Value::I32(depth));
        }
    }
}

/// The finding: text that nests overflowed the stack of a small thread, which ends the process.
#[test]
fn text_is_read_where_there_is_stack() {
    for nested in ["(component ", "(module (func (block ", "(module (func (i32.add "] {
        let text = nested.repeat(10_000);
        let register = move || {
            let engine = engine(Compiler::Singlepass, Log::default());
            let error = engine.register("p", text.as_bytes(), &Config::new()).unwrap_err();
            assert_eq!(error.kind(), Compile, "{error}");
            instance(&engine, "(func (export \"f\"))", &Config::new())
                .call("f", &[], Kind::None)
                .unwrap();
        };
        // 128 KiB is little for a compiler in any case: this is about the text alone.
        let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(register);
        thread.unwrap().join().unwrap();
    }
}

/// Calls in callbacks, on a thread whose stack is used up by the host itself: an error while there is still room to say so.
#[test]
fn a_nested_call_needs_stack_of_the_host() {
    let engine = engine(Compiler::Singlepass, Log::default());
    let said = Arc::new(Mutex::new(String::new()));
    let mut config = Config::new();
    config.callback("env", "f", &[Kind::I32], Kind::I32, {
        let (engine, said) = (engine.clone(), Arc::clone(&said));
        move |caller, args| {
            fn deeper(engine: &Engine, room: &mut [u8; 4096]) -> wasp_core::Error {
                let mut p = engine.instance("p", None).unwrap();
                match p.call("leaf", &[], Kind::None) {
                    Ok(_) => {
                        room[0] = room[0].wrapping_add(1);
                        std::hint::black_box(&room);
                        deeper(engine, &mut [room[0]; 4096])
                    }
                    Err(error) => error,
                }
            }
            let error = deeper(&engine, &mut [0; 4096]);
            assert_eq!(error.kind(), Resource);
            *said.lock().unwrap() = error.to_string();
            caller.set_result(args[0]);
            Ok(())
        }
    });
    let wat = format!("{RUN} (func (export \"leaf\"))");
    engine.register("p", wat.as_bytes(), &config).unwrap();
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    let thread = thread.spawn(move || {
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(run(&mut p, 5, false), Some(5));
    });
    thread.unwrap().join().unwrap();
    assert!(said.lock().unwrap().contains("bytes are left"), "{said:?}");
}
