//! The kind `json` of plain plugins: a string in memory, whose text is JSON.

use crate::plugins;

use plugins::{fails, instance, on_both, with_allocator};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Kind, Value};

/// Gives back what it is given, as it is declared.
fn plugin(listing: &str) -> String {
    with_allocator(&format!(
        r#"(import "env" "change" (func $change (param i32) (result i32)))
        (data (i32.const 1024) "{listing}\00")
        (func (export "wasp_signatures") (result i32) (i32.const 1024))
        (func (export "same") (param i32) (result i32) (call $copy_string (local.get 0)))
        (func (export "changed") (param i32) (result i32)
          (call $copy_string (call $change (local.get 0))))"#
    ))
}

fn config() -> Config {
    let mut config = Config::new();
    config.callback("env", "change", &[Kind::Json], Kind::Json, |caller, args| {
        match args[0] {
            Value::Json("1") => caller.set_result(Value::String("one")),
            Value::Json("2") => caller.set_result(Value::I64(2)),
            Value::Json("3") => caller.set_result(Value::Json("[3]")),
            Value::Json("4") => caller.set_result(Value::Bytes(b"4")),
            _ => {}
        }
        Ok(())
    });
    config
}

#[test]
fn values_are_passed_as_the_json_of_them() {
    on_both(|engine| {
        let wat = plugin("same(value: json) json\\0achanged(json) json");
        let mut instance = instance(engine, &wat, &config());
        for (value, json) in [
            (Value::Json("{\"a\": 1}"), "{\"a\": 1}"),
            (Value::String("a\"b\0"), r#""a\"b\u0000""#),
            (Value::I32(-1), "-1"),
            (Value::F64(0.5), "0.5"),
            (Value::None, "null"),
        ] {
            for kind in [Kind::Json, Kind::Any] {
                let result = instance.call("same", &[value], kind).unwrap();
                assert_eq!(result, Value::Json(json));
            }
        }
        let mut changed = |number: i32| {
            let result = instance.call("changed", &[number.into()], Kind::Json);
            let text = result.map(|value| format!("{value:?}"));
            text.map_err(|error| (error.kind(), error.to_string()))
        };
        assert_eq!(changed(1).unwrap(), r#"Json("\"one\"")"#);
        assert_eq!(changed(2).unwrap(), r#"Json("2")"#);
        assert_eq!(changed(3).unwrap(), r#"Json("[3]")"#);
        assert_eq!(changed(4).unwrap_err().0, Callback);
    });
}

#[test]
fn what_has_no_json_is_refused() {
    on_both(|engine| {
        let wat = plugin("same(value: json) json");
        let mut instance = instance(engine, &wat, &config());
        let refused = [
            (Value::Bytes(b"a"), "argument 1 is bytes [1 bytes], which does not fit json"),
            (Value::F64(f64::NAN), "argument 1 is f64 [NaN], which does not fit json"),
        ];
        for (value, says) in refused {
            let message = format!("plugin \"p\", function \"same\": {says}");
            fails(instance.call("same", &[value], Kind::Json), Signature, &message);
        }
        let message = "plugin \"p\", function \"same\": its result is json, not string";
        fails(instance.call("same", &[1.into()], Kind::String), Signature, message);
        let message = "plugin \"p\", function \"same\": a json with a NUL inside can't be passed to a plugin; bytes can";
        fails(instance.call("same", &[Value::Json("\0")], Kind::Json), Invalid, message);
    });
}

#[test]
fn what_declares_nothing_takes_json_as_a_string() {
    on_both(|engine| {
        let mut instance = instance(engine, &plugin(""), &config());
        let args = [Value::Json("[1]")];
        assert_eq!(instance.call("same", &args, Kind::Json).unwrap(), Value::Json("[1]"));
        assert_eq!(instance.call("same", &args, Kind::String).unwrap(), Value::String("[1]"));
        assert!(matches!(instance.call("same", &args, Kind::Any).unwrap(), Value::I32(_)));
        // Only scripts have values of any kind.
        let wat = plugin("same(value: any) any");
        let message = "plugin \"q\": \"wasp_signatures\" declares \"same\", which does not fit its WebAssembly type (i32) -> i32";
        fails(engine.register("q", wat.as_bytes(), &config()), Signature, message);
    });
}
