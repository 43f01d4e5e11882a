//! Stacks that threads exchange.

use crate::alone::alone;
use crate::plugins::on_both;
use std::sync::{Arc, Mutex};
use wasp_core::{Config, Instance, Kind, Limits};

#[test]
fn threads_that_exchange_stacks_keep_each_plugins_limit() {
    alone("stacks::threads_that_exchange_stacks");
}

#[test]
#[ignore = "stacks are pooled by process: run by threads_that_exchange_stacks_keep_each_plugins_limit"]
fn threads_that_exchange_stacks() {
    on_both(|engine| {
        let wat = r#"(import "env" "deeper" (func $deeper))
            (func (export "outer") (call $deeper))
            (func $f (export "f") (param i32) (result i32)
              (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
              (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))"#;
        let depth = |p: &mut Instance| {
            let (mut works, mut fails) = (0, 1_000_000);
            while works + 1 < fails {
                let middle = (works + fails) / 2;
                match p.call("f", &[middle.into()], Kind::I32) {
                    Ok(_) => works = middle,
                    Err(_) => {
                        fails = middle;
                        p.reset().unwrap();
                    }
                }
            }
            works
        };
        let found = Arc::new(Mutex::new(Vec::new()));
        for (name, bytes) in [("small", 64 << 10), ("large", 1 << 20)] {
            let mut config = Config::new();
            let mut limits = Limits::default();
            limits.stack_bytes = bytes;
            config.limits(limits);
            let (engine2, found) = (engine.clone(), Arc::clone(&found));
            config.callback("env", "deeper", &[], Kind::None, move |_, _| {
                found.lock().unwrap().push(depth(&mut engine2.instance("large", None)?));
                Ok(())
            });
            engine.register(name, wat.as_bytes(), &config).unwrap();
        }
        let engine = engine.clone();
        std::thread::spawn(move || {
            let mut p = engine.instance("large", None).unwrap();
            // The inner call has a second stack, which waits for any thread afterwards.
            p.call("outer", &[], Kind::None).unwrap();
            let engine2 = engine.clone();
            std::thread::spawn(move || {
                engine2.instance("small", None).unwrap().call("f", &[1.into()], Kind::I32).unwrap();
            })
            .join()
            .unwrap();
            p.call("outer", &[], Kind::None).unwrap();
        })
        .join()
        .unwrap();
        let found = found.lock().unwrap();
        assert_eq!(found[0], found[1], "the same plugin has another stack");
    });
}
