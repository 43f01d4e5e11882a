//! Plugins that mean harm: pointers, lengths and text that are wrong, floods, looks at others. The host lives. Modules that
//! mean harm before they run are in `modules`, work that nothing seems to stop in `stopping`.

use crate::plugins;

use plugins::{fails, instance, live, on_both, well_formed, with_allocator};
use std::fs;
use std::sync::Mutex;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Instance, Kind, Value};

/// An instance of `hostile.wat`, whose callbacks keep quiet.
fn hostile(engine: &Engine) -> Instance {
    let wat = fs::read_to_string(plugins::path("hostile.wat")).unwrap();
    let mut config = Config::new();
    config.callback("env", "string", &[Kind::String], Kind::None, |_, _| Ok(())).callback(
        "env",
        "bytes",
        &[Kind::Bytes],
        Kind::None,
        |_, _| Ok(()),
    );
    instance(engine, &wat, &config)
}

/// Calls a function of `hostile.wat` that gives nothing.
#[track_caller]
fn run(p: &mut Instance, name: &str, args: &[u32]) {
    let args: Vec<_> = args.iter().map(|arg| Value::I32(*arg as i32)).collect();
    p.call(name, &args, Kind::None).unwrap();
}

/// Checks that a pointer is refused in every role that it may play for the kind, with the same words.
#[track_caller]
fn refused(p: &mut Instance, pointer: u32, kind: Kind, message: &str) {
    let arg = [Value::I32(pointer as i32)];
    let context = format!(r#"plugin "p", function "give": {message}"#);
    fails(p.call("give", &arg, kind), Abi, &context);
    // The call was over by then, so the instance is as good as before.
    assert_eq!(p.call("give", &[7.into()], Kind::I32).unwrap(), Value::I32(7));

    let mut in_host_function = |name: &str, host: &str| {
        let context = format!(r#"plugin "p", function "{name}": {host}: {message}"#);
        fails(p.call(name, &arg, Kind::None), Abi, &context);
        // This ended guest code half-way.
        assert_eq!(p.call("give", &[7.into()], Kind::I32).unwrap_err().kind(), Poisoned);
        p.reset().unwrap();
    };
    let name = kind.name();
    in_host_function(name, &format!(r#"callback "env"."{name}""#));
    if kind == Kind::String {
        in_host_function("raise", r#"host function "env"."raise_error""#);
    }
}

#[test]
fn pointers_outside_memory() {
    on_both(|engine| {
        let mut p = hostile(engine);
        for kind in [Kind::String, Kind::Bytes] {
            refused(&mut p, 0, kind, &format!("a null pointer where {kind} should be"));
            for pointer in [0x20000, 0x20001, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, u32::MAX] {
                let message = format!(
                    "the {kind} pointer {pointer:#x} is outside its memory of 131072 bytes"
                );
                refused(&mut p, pointer, kind, &message);
            }
        }
    });
}

#[test]
fn strings_without_end() {
    on_both(|engine| {
        let mut p = hostile(engine);
        for start in [0x1FFFF, 0x1FFF0, 0x10000, 1] {
            // The reset within wipes memory.
            let message = format!("the string at {start:#x} has no end inside memory");
            for role in ["give", "string", "raise"] {
                run(&mut p, "fill", &[start, 0xFF, 0x20000 - start]);
                let arg = [Value::I32(start as i32)];
                let kind = if role == "give" { Kind::String } else { Kind::None };
                let error = p.call(role, &arg, kind).unwrap_err();
                assert_eq!(error.kind(), Abi);
                assert!(error.to_string().ends_with(&message), "{error}");
                p.reset().unwrap();
            }
        }
        // One byte fewer, and it has.
        run(&mut p, "fill", &[0x10000, u32::from(b'x'), 0xFFFF]);
        let text = p.call("give", &[0x10000.into()], Kind::String).unwrap();
        assert_eq!(text, Value::String(&"x".repeat(0xFFFF)));
    });
}

#[test]
fn text_that_is_not_utf8() {
    // Alone, cut short, overlong, a surrogate, beyond the last character.
    let texts: [&[u8]; 7] = [
        b"\x80",
        b"\xFF\xFE",
        b"abc\xE2\x82",
        b"\xC0\x80",
        b"\xED\xA0\x80",
        b"\xF5\x80\x80\x80",
        b"\xF4\x90\x80\x80",
    ];
    on_both(|engine| {
        let mut p = hostile(engine);
        for text in texts {
            // As an argument, so that it lies where the allocator put it; `bytes` has it after its length.
            let mut bytes = text.to_vec();
            bytes.push(0);
            let at = p.call("give", &[(&bytes).into()], Kind::I32).unwrap();
            let at = i32::try_from(at).unwrap() + 4;
            let message = format!("the string at {at:#x} is not UTF-8");
            let context = format!(r#"plugin "p", function "give": {message}"#);
            fails(p.call("give", &[at.into()], Kind::String), Abi, &context);
            for (name, host) in [
                ("string", r#"callback "env"."string""#),
                ("raise", r#"host function "env"."raise_error""#),
            ] {
                p.reset().unwrap();
                p.call("give", &[(&bytes).into()], Kind::I32).unwrap();
                let context = format!(r#"plugin "p", function "{name}": {host}: "#);
                let error = p.call(name, &[0x8004.into()], Kind::None);
                fails(error, Abi, &format!("{context}the string at 0x8004 is not UTF-8"));
            }
            p.reset().unwrap();
        }
    });
}

#[test]
fn bytes_with_a_wrong_length() {
    on_both(|engine| {
        let mut p = hostile(engine);
        for length in [u32::MAX, 0xFFFF_FFFC, 0xFFFF_FFF0, 0x8000_0000, 0x10000, 0xFFFD] {
            let message =
                format!("the bytes at 0x10000 have length {length}, beyond the end of memory");
            for role in ["give", "bytes"] {
                run(&mut p, "set", &[0x10000, length]);
                let kind = if role == "give" { Kind::Bytes } else { Kind::None };
                let error = p.call(role, &[0x10000.into()], kind).unwrap_err();
                assert_eq!(error.kind(), Abi);
                assert!(error.to_string().ends_with(&message), "{error}");
                p.reset().unwrap();
            }
        }
        for pointer in [0x1FFFD, 0x1FFFE, 0x1FFFF] {
            let message = format!("the bytes at {pointer:#x} have no room for their length");
            refused(&mut p, pointer, Kind::Bytes, &message);
        }
        // Up to the last byte it is right.
        let end = p.call("give", &[0x1FFFC.into()], Kind::Bytes).unwrap();
        assert_eq!(end, Value::Bytes(b""));
        run(&mut p, "set", &[0x10000, 0xFFFC]);
        let end = p.call("give", &[0x10000.into()], Kind::Bytes).unwrap();
        assert_eq!(end, Value::Bytes(&[0; 0xFFFC]));
    });
}

#[test]
fn allocate_that_answers_nonsense() {
    on_both(|engine| {
        let mut p = hostile(engine);
        let mut refuses = |answer: u32, arg: Value<'_>, size: usize| {
            run(&mut p, "answer_with", &[answer]);
            let message = format!(
                r#"plugin "p", function "give": "allocate" answered {answer:#x} for {size} bytes, which is not in its memory of 131072 bytes"#
            );
            fails(p.call("give", &[arg], Kind::I32), Abi, &message);
        };
        for answer in [0x1FFFF, 0x1FFFD, 0x20000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, u32::MAX] {
            refuses(answer, "Nic".into(), 4);
            refuses(answer, b"".into(), 4);
            refuses(answer, b"Nic".into(), 7);
        }
        refuses(0x10000, (&vec![0; 0xFFFD]).into(), 0x10001);
        // The last place that has room.
        let mut gives = |answer: u32, arg: Value<'_>| {
            run(&mut p, "answer_with", &[answer]);
            let back = p.call("give", &[arg], arg.kind()).unwrap();
            assert_eq!(back, arg);
        };
        gives(0x1FFFF, "".into());
        gives(0x1FFFC, "Nic".into());
        gives(0x1FFFC, b"".into());
        gives(0x10000, (&vec![7; 0xFFFC]).into());
    });
}

#[test]
fn abort_with_strings_that_are_none() {
    on_both(|engine| {
        let mut p = hostile(engine);
        let mut aborts = |message: u32, length: u32, text: &str| {
            // "öl" at the end of memory, with this length before it.
            run(&mut p, "set", &[0x1FFFC, 0x006C_00F6]);
            run(&mut p, "set", &[0x1FFF8, length]);
            let args = [(message as i32).into(), (message as i32).into()];
            let text = format!(r#"plugin "p", function "abort": the plugin aborted{text}"#);
            fails(p.call("abort", &args, Kind::None), Abort, &text);
            p.reset().unwrap();
        };
        aborts(0x1FFFC, 4, ": öl, at öl:1:2");
        // Odd: the half of a unit is left out.
        aborts(0x1FFFC, 3, ": ö, at ö:1:2");
        for length in [0, 5, 6, 8, 0x7FFF_FFFF, u32::MAX] {
            aborts(0x1FFFC, length, "");
        }
        for pointer in [0, 1, 2, 3, 4, 0x20000, 0x20004, 0x7FFF_FFFF, 0xFFFF_FFF0, u32::MAX] {
            aborts(pointer, 4, "");
        }
        // Half of a pair, and a page of text out of 64 KiB.
        run(&mut p, "set", &[0x100, 4]);
        run(&mut p, "set", &[0x104, 0x0061_D83E]);
        let text = r#"plugin "p", function "abort": the plugin aborted: �a"#;
        fails(p.call("abort", &[0x104.into(), 0.into()], Kind::None), Abort, text);
        p.reset().unwrap();
        run(&mut p, "fill", &[0x10000, 0x20, 0x10000]);
        run(&mut p, "set", &[0x10000, 0xFFF0]);
        let error = p.call("abort", &[0x10004.into(), 0.into()], Kind::None).unwrap_err();
        assert!(error.to_string().len() < 10_000);
    });
}

#[test]
fn an_abort_message_stays_one_line() {
    on_both(|engine| {
        let mut p = hostile(engine);
        run(&mut p, "set", &[0x100, 8]);
        run(&mut p, "set", &[0x104, 0x000A_0061]);
        run(&mut p, "set", &[0x108, 0x0062_0000]);
        let error = p.call("abort", &[0x104.into(), 0.into()], Kind::None).unwrap_err();
        assert_eq!(error.kind(), Abort);
        well_formed(&error);
    });
}

/// Hands out a distinct pointer for each of `count` empty strings, from 1 on.
fn flood(count: u32) -> String {
    format!(
        r#"(import "env" "string" (func $string (param i32)))
           (memory (export "memory") {})
           (global $freed (mut i32) (i32.const 0))
           (func (export "flood") (param $same i32)
             (local $at i32)
             (loop $next
               (local.set $at (i32.add (local.get $at) (i32.const 1)))
               (call $string
                 (select (i32.const 1) (local.get $at) (local.get $same)))
               (br_if $next (i32.lt_u (local.get $at) (i32.const {count})))))
           (func (export "deallocate") (param i32 i32)
             (global.set $freed (i32.add (global.get $freed) (i32.const 1))))
           (func (export "freed") (result i32) (global.get $freed))"#,
        (count >> 16) + 1
    )
}

#[test]
fn a_flood_of_blocks_is_stopped() {
    let mut config = Config::new();
    config.callback("env", "string", &[Kind::String], Kind::None, |_, _| Ok(()));
    on_both(|engine| {
        // Many are fine, and so are any number of the same.
        let mut p = instance(engine, &flood(1_000_000), &config);
        p.call("flood", &[0.into()], Kind::None).unwrap();
        assert_eq!(p.call("freed", &[], Kind::I32).unwrap(), Value::I32(1_000_000));
        let mut p = instance(engine, &flood(10_000_000), &config);
        p.call("flood", &[1.into()], Kind::None).unwrap();
        assert_eq!(p.call("freed", &[], Kind::I32).unwrap(), Value::I32(1));
        // Ten million are not.
        fails(
            p.call("flood", &[0.into()], Kind::None),
            Resource,
            r#"plugin "p", function "flood": callback "env"."string": one call handed over more than 1048576 blocks"#,
        );
        assert_eq!(p.call("freed", &[], Kind::I32).unwrap_err().kind(), Poisoned);
        p.reset().unwrap();
        assert_eq!(p.call("freed", &[], Kind::I32).unwrap(), Value::I32(0));
    });
}

#[test]
fn errors_raised_in_a_loop_are_one_error() {
    let wat = with_allocator(
        r#"(import "env" "raise_error" (func $raise (param i32)))
           (func (export "raise") (param $text i32) (param $count i32)
             (loop $again
               (call $raise (local.get $text))
               (br_if $again
                 (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))"#,
    );
    on_both(|engine| {
        let mut p = instance(engine, &wat, &Config::new());
        fails(p.call("raise", &["oh".into(), 1_000_000.into()], Kind::None), Guest, "oh");
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn a_plugin_without_memory_sees_none_of_another() {
    // While the start section of "outer" runs, its memory is the newest; "blind" has none, and asks for the text in it.
    let outer = r#"
        (import "env" "ask" (func $ask))
        (memory (export "memory") 1)
        (data (i32.const 1024) "secret\00")
        (func $main (call $ask)) (start $main)"#;
    let blind = r#"(func (export "give") (result i32) (i32.const 1024))"#;
    on_both(|engine| {
        engine.register("blind", blind.as_bytes(), &Config::new()).unwrap();
        let blind = Mutex::new(engine.instance("blind", None).unwrap());
        let mut config = Config::new();
        config.callback("env", "ask", &[], Kind::None, move |_, _| {
            blind.lock().unwrap().call("give", &[], Kind::String)?;
            Ok(())
        });
        fails(
            engine.register("outer", outer.as_bytes(), &config),
            Callback,
            concat!(
                r#"plugin "outer": its start: callback "env"."ask": plugin "blind", function "give": "#,
                r#"no memory is exported as "memory", which passing string needs"#
            ),
        );
    });
}

#[test]
fn wasi_with_pointers_outside_memory() {
    let wat = r#"
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "write") (param i32 i32) (result i32)
          (call $write (i32.const 1) (local.get 0) (i32.const 1) (local.get 1)))
        (func (export "random") (param i32 i32) (result i32)
          (call $random (local.get 0) (local.get 1)))"#;
    const FAULT: Value<'_> = Value::I32(21);
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        let mut faults = |name: &str, a: u32, b: u32| {
            let args = [(a as i32).into(), (b as i32).into()];
            assert_eq!(p.call(name, &args, Kind::I32).unwrap(), FAULT, "{name} {a:#x} {b:#x}");
        };
        for pointer in [65533, 65536, 0x7FFF_FFFF, 0xFFFF_FFF0, u32::MAX - 3] {
            faults("write", pointer & !3, 0x10000);
            faults("random", pointer, 16);
        }
        faults("random", 8, u32::MAX);
        faults("random", 8, 65529);
    });
}
