//! Section 9 of docs/guest-abi.md: `host_alloc`, and callbacks that are imported by addresses.

use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Error, Kind, Value};

const WAT: &[u8] = br#"(module
    (import "host" "call" (func $call (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 4096))
    (func (export "host_alloc") (param i32) (result i32) (local $at i32)
      (if (i32.gt_u (local.get 0) (i32.const 50000)) (then (return (i32.const 0))))
      (local.set $at (global.get $top))
      (global.set $top (i32.add (local.get $at) (local.get 0)))
      (local.get $at))
    ;; Sends what it is given, and returns the answer's length in the upper half and its first byte in the lower one.
    (func (export "send") (param $text i32) (param $length i32) (result i32)
      (if (call $call (local.get $text) (local.get $length) (i32.const 8) (i32.const 12)) (then (return (i32.const -1))))
      (i32.or (i32.shl (i32.load (i32.const 12)) (i32.const 16)) (i32.load8_u (i32.load (i32.const 8)))))
    (func (export "wild") (param i32 i32 i32 i32) (result i32)
      (call $call (local.get 0) (local.get 1) (local.get 2) (local.get 3))))"#;

fn engine() -> Engine {
    let engine = Engine::new();
    let mut config = Config::new();
    config.callback("host", "call", &[Kind::Bytes], Kind::Bytes, |caller, args| {
        let Value::Bytes(request) = args[0] else { panic!("no bytes") };
        let answer = match request {
            b"nothing" => Vec::new(),
            b"much" => vec![b'm'; 60_000],
            b"fail" => return Err("refused".into()),
            _ => request.iter().rev().copied().collect(),
        };
        caller.set_result(Value::Bytes(&answer));
        Ok(())
    });
    engine.register("p", WAT, &config).unwrap();
    engine
}

#[test]
fn a_callback_takes_and_gives_bytes_by_their_addresses() {
    let mut p = engine().instance("p", None).unwrap();
    let mut send = |text: &str| {
        let args = [text.into(), (text.len() as i32).into()];
        p.call("send", &args, Kind::I32).map(|answer| i32::try_from(answer).unwrap())
    };
    assert_eq!(send("abc").unwrap(), 3 << 16 | i32::from(b'c'));
    assert_eq!(send("").unwrap(), 0);
    assert_eq!(send("nothing").unwrap() >> 16, 0);
    let error = send("fail").unwrap_err();
    assert_eq!(error.kind(), Callback);
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn addresses_are_not_believed() {
    let mut p = engine().instance("p", None).unwrap();
    let mut wild = |args: [i32; 4]| -> Error {
        p.reset().unwrap();
        p.call("wild", &args.map(Value::I32), Kind::I32).unwrap_err()
    };
    for args in [
        [-1, 1, 8, 12],
        [65_530, 7, 8, 12],
        [0, -1, 8, 12],
        [16, 1, -2, 12],
        [16, 1, 8, 65_533],
        [16, 1, 0, 12],
    ] {
        let error = wild(args);
        assert_eq!(error.kind(), Abi, "{args:?}: {error}");
    }
    // An allocator that has nothing.
    let args = ["much".into(), 4.into()];
    p.reset().unwrap();
    assert_eq!(p.call("send", &args, Kind::I32).unwrap_err().kind(), Abi);
    p.reset().unwrap();
    assert_eq!(
        p.call("send", &["ab".into(), 2.into()], Kind::I32).unwrap(),
        Value::I32(2 << 16 | i32::from(b'b'))
    );
}

#[test]
fn other_modules_have_callbacks_as_ever() {
    let engine = engine();
    let mut config = Config::new();
    config.callback("host", "call", &[Kind::Bytes], Kind::Bytes, |_, _| Ok(()));
    let wat = br#"(module (import "host" "call" (func (param i32 i32 i32) (result i32))))"#;
    assert_eq!(engine.register("q", wat, &config).unwrap_err().kind(), ImportNotFound);
    let wat = br#"(module (import "host" "call" (func (param i32) (result i32))))"#;
    engine.register("q", wat, &config).unwrap();
    // Not the type of an allocator.
    let wat = br#"(module (memory (export "memory") 1) (func (export "host_alloc") (param i64) (result i32) unreachable)
        (func (export "f") (param i32)))"#;
    engine.register("q", wat, &config).unwrap();
    let error =
        engine.instance("q", None).unwrap().call("f", &["a".into()], Kind::None).unwrap_err();
    assert_eq!(error.kind(), Abi);
}
