//! Children of a process that had compiled plugins.

use crate::alone::alone;
use crate::plugins::{engine, on_both};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use wasp_core::{Compiler, Config, Engine, Kind, Log, Value};

/// With a table that never changes, as LLVM makes one: what the compiler looks into it for, it does on rayon's threads.
const TABLED: &[u8] = br#"(module
    (type $give (func (result i32)))
    (table 3 3 funcref)
    (elem (i32.const 1) $one $two)
    (func $one (result i32) (i32.const 1))
    (func $two (result i32) (i32.const 2))
    (func (export "give") (param i32) (result i32) (call_indirect (type $give) (local.get 0))))"#;

fn gives_two(engine: &Engine, name: &str) -> bool {
    engine.register(name, TABLED, &Config::new()).unwrap();
    let mut p = engine.instance(name, None).unwrap();
    p.call("give", &[2.into()], Kind::I32).unwrap() == Value::I32(2)
}

/// Forks and runs `body` in the child, which must give true within some seconds.
#[track_caller]
pub fn in_child(body: impl FnOnce() -> bool) {
    // SAFETY: the child leaves by `_exit`, and no other thread of this process is at work.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: it ends a child that hangs.
        unsafe { libc::alarm(20) };
        let fine = catch_unwind(AssertUnwindSafe(body)).unwrap_or(false);
        // SAFETY: nothing of the child's needs an end.
        unsafe { libc::_exit(i32::from(!fine)) };
    }
    let mut status = 0;
    // SAFETY: waits for our own child.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status), "it had to be killed: {status:#x}");
    assert_eq!(libc::WEXITSTATUS(status), 0);
}

#[test]
fn they_compile_too() {
    alone("fork::children_compile");
}

#[test]
#[ignore = "forks: run by they_compile_too, in a process without other threads at work"]
fn children_compile() {
    on_both(|engine| {
        assert!(gives_two(engine, "parent's"));
        in_child(|| {
            // What was compiled before the fork, what is compiled after it, and that by a grandchild.
            let both = gives_two(engine, "parent's") && gives_two(engine, "child's");
            in_child(|| gives_two(engine, "grandchild's"));
            both
        });
        assert!(gives_two(engine, "parent's"));
    });
}

/// Catches what it throws from 100 frames down, so often; and throws what nobody catches.
const THROWS: &[u8] = br#"(module
    (tag $t)
    (func $down (param i32)
      (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (throw $t))))
    (func (export "catch") (param i32) (result i32)
      (loop $l
        (block $h (try_table (catch $t $h) (call $down (i32.const 100))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32.const 2))
    (func (export "uncaught") (call $down (i32.const 100))))"#;

#[test]
fn they_throw_too() {
    alone("fork::children_throw");
}

#[test]
#[ignore = "forks: run by they_throw_too"]
fn children_throw() {
    let engine = engine(Compiler::Cranelift, Log::default());
    engine.register("p", THROWS, &Config::new()).unwrap();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut p = engine.instance("p", None).unwrap();
                while !ended.load(Ordering::Relaxed) {
                    p.call("catch", &[10.into()], Kind::I32).unwrap();
                    p.call("uncaught", &[], Kind::None).unwrap_err();
                    p.reset().unwrap();
                }
            });
        }
        let mut p = engine.instance("p", None).unwrap();
        for _ in 0..1000 {
            in_child(|| {
                let caught = p.call("catch", &[1.into()], Kind::I32).unwrap() == Value::I32(2);
                caught && p.call("uncaught", &[], Kind::None).is_err()
            });
        }
        ended.store(true, Ordering::Relaxed);
    });
}
