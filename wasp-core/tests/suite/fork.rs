//! Children of a process that had compiled plugins.

use crate::alone::alone;
use crate::plugins::on_both;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasp_core::{Config, Engine, Kind, Value};

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
fn in_child(body: impl FnOnce() -> bool) {
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
