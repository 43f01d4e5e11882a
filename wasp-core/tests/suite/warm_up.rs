//! Calls that are made before the snapshot: every instance starts from what they left.

use crate::plugins;

use plugins::{fails, instance, on_both, with_allocator, with_limits};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Kind, Value};

/// Sums up what it is given, and keeps the last text.
const SUMS: &str = r#"
    (import "env" "told" (func $told (param i32)))
    (global $sum (mut i32) (i32.const 0))
    (global $text (mut i32) (i32.const 0))
    (func (export "add") (param i32) (result i32)
      (call $told (local.get 0))
      (global.set $sum (i32.add (global.get $sum) (local.get 0)))
      (global.get $sum))
    (func (export "keep") (param i32) (global.set $text (call $copy_string (local.get 0))))
    (func (export "sum") (result i32) (global.get $sum))
    (func (export "text") (result i32) (call $copy_string (global.get $text)))
    (func (export "trap") unreachable)
    (func (export "loop") (loop (br 0)))"#;

#[test]
fn every_instance_starts_from_what_they_left() {
    on_both(|engine| {
        for snapshot in [true, false] {
            let told = Arc::new(AtomicI32::new(0));
            let mut config = Config::new();
            let counted = Arc::clone(&told);
            config.callback("env", "told", &[Kind::I32], Kind::None, move |_, args| {
                counted.fetch_add(i32::try_from(args[0])?, Ordering::SeqCst);
                Ok(())
            });
            let mut text = String::from("Grüße");
            config.warm_up("add", &[3.into()]).warm_up("add", &[4.into()]);
            config.warm_up("keep", &[(&text).into()]).snapshot(snapshot);
            // The Config has copies.
            text.clear();
            let mut p = instance(engine, &with_allocator(SUMS), &config);
            for _ in 0..3 {
                assert_eq!(p.call("sum", &[], Kind::I32).unwrap(), Value::I32(7));
                let kept = p.call("text", &[], Kind::String).unwrap();
                assert_eq!(kept, Value::String("Grüße"));
                p.call("add", &[0.into()], Kind::None).unwrap();
                p.reset().unwrap();
            }
            let mut other = engine.instance("p", None).unwrap();
            assert_eq!(other.call("sum", &[], Kind::I32).unwrap(), Value::I32(7));
            let told = told.load(Ordering::SeqCst);
            assert_eq!(told == 7, snapshot, "once with a snapshot: {told}");
        }
    });
}

#[test]
fn an_error_in_one_is_the_registrations() {
    on_both(|engine| {
        let refuses = |warm: &dyn Fn(&mut Config), kind, message: &str| {
            let mut config =
                with_limits(|limits| limits.timeout = Some(Duration::from_millis(200)));
            config.callback("env", "told", &[Kind::I32], Kind::None, |_, _| Err("oh".into()));
            warm(&mut config);
            let message = format!("plugin \"p\": its warm-up {message}");
            let error = engine.register("p", with_allocator(SUMS).as_bytes(), &config);
            fails(error, kind, &message);
            assert_eq!(engine.instance("p", None).err().unwrap().kind(), PluginNotFound);
        };
        let none: &[Value<'_>] = &[];
        refuses(
            &|c| {
                c.warm_up("trap", none);
            },
            Trap,
            "\"trap\": unreachable",
        );
        let late = "\"loop\": the call ran past its time limit of 200ms";
        refuses(
            &|c| {
                c.warm_up("loop", none);
            },
            Timeout,
            late,
        );
        let callback = "\"add\": callback \"env\".\"told\": oh";
        refuses(
            &|c| {
                c.warm_up("add", &[1.into()]);
            },
            Callback,
            callback,
        );
        let mut config = Config::new();
        config.callback("env", "told", &[Kind::I32], Kind::None, |_, _| Ok(()));
        config.warm_up("nothing", none);
        let error = engine.register("p", with_allocator(SUMS).as_bytes(), &config).unwrap_err();
        assert_eq!(error.kind(), FunctionNotFound, "{error}");
        let misfit = "\"add\": it takes 1 argument, not 2";
        refuses(
            &|c| {
                c.warm_up("add", &[1.into(), 2.into()]);
            },
            Signature,
            misfit,
        );
    });
}

#[test]
fn a_file_that_is_left_open_is_an_error_that_names_it() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("warm-up-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("model.bin"), "weights").unwrap();
    let wat = r#"
        (import "wasi_snapshot_preview1" "path_open"
          (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "model.bin")
        (func (export "open")
          (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 0)
                (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)) (then unreachable)))
        (func (export "close") (if (call $close (i32.load (i32.const 32))) (then unreachable)))
        (func (export "both")
          (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 0)
                (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)) (then unreachable))
          (if (call $close (i32.load (i32.const 32))) (then unreachable)))"#;
    on_both(|engine| {
        let mut config = Config::new();
        config.volume("/data", &dir, true).warm_up("open", &[]);
        let message = r#"plugin "p": its warm-up "open": it left the file "model.bin" open, and a snapshot has no open files"#;
        fails(engine.register("p", wat.as_bytes(), &config), Invalid, message);
        let mut config = Config::new();
        config.volume("/data", &dir, true).warm_up("both", &[]);
        instance(engine, wat, &config).call("both", &[], Kind::None).unwrap();
        // Without a snapshot an instance has it open itself.
        let mut config = Config::new();
        config.volume("/data", &dir, true).warm_up("open", &[]).snapshot(false);
        engine.register("p", wat.as_bytes(), &config).unwrap();
    });
    std::fs::remove_dir_all(dir).unwrap();
}
