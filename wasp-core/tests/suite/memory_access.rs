//! The host's way into guest memory, for modules that take and give addresses.

use crate::plugins;
use plugins::{fails, instance, on_both};
use std::io::{Read, Seek, Write};
use std::thread;
use wasp_core::ErrorKind::{Callback, Invalid};
use wasp_core::{Config, Kind, Value};

/// Adds up the bytes of a range, tells the host of ranges, and grows.
const FOREIGN: &str = r#"
    (import "env" "on_data" (func $on_data (param i32 i32) (result i32)))
    (import "env" "on_text" (func $on_text (param i32 i32) (result i32)))
    (memory (export "memory") 1 3)
    (data (i32.const 64) "abc\00")
    (func $sum (export "sum") (param $at i32) (param $count i32) (result i32) (local $sum i32)
      (block $end (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
      (local.get $sum))
    (func (export "tell") (param i32 i32) (result i32) (call $on_data (local.get 0) (local.get 1)))
    (func (export "tell_text") (param i32) (result i32) (call $on_text (i32.const 64) (local.get 0)))
    (func (export "grow") (drop (memory.grow (i32.const 1))))"#;

fn config() -> Config {
    let mut config = Config::new();
    config.callback("env", "on_data", &[Kind::I32; 2], Kind::I32, |caller, args| {
        let (at, count) = (u32::try_from(args[0])?, u32::try_from(args[1])?);
        let data = caller.read(at, count as usize)?;
        caller.write(at, &data.iter().map(u8::to_ascii_uppercase).collect::<Vec<_>>())?;
        let mut last = [0];
        caller.read_into(at + count - 1, &mut last)?;
        caller.set_result(i32::from(last[0]).into());
        Ok(())
    });
    // Writes beside the text, or into it.
    config.callback("env", "on_text", &[Kind::String, Kind::I32], Kind::I32, |caller, args| {
        let text: &str = args[0].try_into()?;
        assert_eq!((text, caller.memory_size()), ("abc", 65536));
        caller.write(u32::try_from(args[1])?, b"xy")?;
        let text: &str = args[0].try_into()?;
        assert_eq!(text, "abc");
        caller.set_result(1.into());
        Ok(())
    });
    config
}

#[test]
fn bytes_are_copied_out_and_in() {
    on_both(|engine| {
        let mut p = instance(engine, FOREIGN, &config());
        assert_eq!((p.memory_size(), p.read(64, 3).unwrap()), (65536, b"abc".to_vec()));
        p.write(100, &[1, 2, 3]).unwrap();
        assert_eq!(p.call("sum", &[100.into(), 3.into()], Kind::I32).unwrap(), Value::I32(6));
        assert_eq!(&p.memory().unwrap()[99..104], [0, 1, 2, 3, 0]);
        // To the end, and not beyond it.
        p.write(65533, b"end").unwrap();
        assert_eq!(p.read(65533, 3).unwrap(), b"end");
        p.write(65536, b"").unwrap();
        assert_eq!(p.read(65536, 0).unwrap(), b"");
        for (at, count) in [(65534, 3), (65537, 0), (u32::MAX, 2), (0, 1 << 40), (0, usize::MAX)] {
            let message = format!(
                r#"plugin "p": {count} bytes from {at:#x} on are not in its memory of 65536 bytes"#
            );
            fails(p.read(at, count), Invalid, &message);
        }
        fails(
            p.write(65535, b"ab"),
            Invalid,
            r#"plugin "p": 2 bytes from 0xffff on are not in its memory of 65536 bytes"#,
        );
        p.call("grow", &[], Kind::None).unwrap();
        p.write(65535, b"ab").unwrap();
        assert_eq!(p.memory_size(), 131_072);
        // None of it is there for the next one.
        p.reset().unwrap();
        assert_eq!((p.memory_size(), p.read(100, 3).unwrap()), (65536, vec![0; 3]));
        assert_eq!(p.read(65533, 3).unwrap(), [0; 3]);
    });
}

#[test]
fn callbacks_read_and_write() {
    on_both(|engine| {
        let mut p = instance(engine, FOREIGN, &config());
        let last = p.call("tell", &[64.into(), 3.into()], Kind::I32).unwrap();
        assert_eq!(last, Value::I32(b'C'.into()));
        assert_eq!(p.read(64, 3).unwrap(), b"ABC");
        let beyond = r#"plugin "p", function "tell": callback "env"."on_data": 2 bytes from 0xffff on are not in its memory of 65536 bytes"#;
        fails(p.call("tell", &[65535.into(), 2.into()], Kind::I32), Callback, beyond);
        p.reset().unwrap();
        // What the callback has borrowed doesn't change under it.
        for (at, fits) in [(62, true), (63, false), (64, false), (66, false), (67, true)] {
            let outcome = p.call("tell_text", &[at.into()], Kind::I32).map(drop);
            assert_eq!(outcome.is_ok(), fits, "{at}: {outcome:?}");
            p.reset().unwrap();
        }
    });
}

#[test]
fn a_plugin_without_memory_has_none() {
    on_both(|engine| {
        let mut p = instance(engine, "(memory 1)", &Config::new());
        assert_eq!((p.memory_size(), p.memory()), (0, None));
        assert_eq!(p.memory_mut(), None);
        let none = r#"plugin "p": the plugin exports no memory as "memory""#;
        fails(p.read(0, 0), Invalid, none);
        fails(p.write(0, b"a"), Invalid, none);
    });
}

#[test]
fn what_was_written_through_a_slice_is_gone_too() {
    on_both(|engine| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 4096]).unwrap();
        let mut p = instance(engine, FOREIGN, &config());
        for _ in 0..3 {
            let memory = p.memory_mut().unwrap();
            let (first, second) = memory[4096..12288].split_at_mut(4096);
            // Neither makes a page fault that this thread can know of: another thread, and the kernel.
            thread::scope(|scope| {
                scope.spawn(|| first.fill(7));
            });
            file.rewind().unwrap();
            file.read_exact(second).unwrap();
            p.reset().unwrap();
            assert!(p.memory().unwrap()[4096..12288].iter().all(|byte| *byte == 0));
            // By a copy, also of a thread that doesn't call.
            p = thread::scope(|scope| {
                let mut p = p;
                scope.spawn(move || p.write(4096, &[7; 4096]).map(|()| p)).join().unwrap().unwrap()
            });
            p.reset().unwrap();
            assert!(p.memory().unwrap()[4096..12288].iter().all(|byte| *byte == 0));
        }
    });
}

#[test]
fn what_emscripten_tells_its_host_is_heard() {
    let wat = r#"
        (import "env" "emscripten_notify_memory_growth" (func $grown (param i32)))
        (memory (export "memory") 1)
        (func (export "grow") (drop (memory.grow (i32.const 1))) (call $grown (i32.const 0)))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        p.call("grow", &[], Kind::None).unwrap();
        assert_eq!(p.memory_size(), 131_072);
    });
}
