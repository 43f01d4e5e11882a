//! docs/numbers.md, case by case.

use crate::plugins;
use plugins::on_both;
use wasp_core::ErrorKind::{Callback, Signature};
use wasp_core::{Config, Engine, Instance, Kind, Value};

const CASES: &str = include_str!("../../../docs/numbers.txt");

/// Gives back what it is given, and what the host answers.
const ECHO: &str = r#"
    (import "host" "i32" (func $i32 (result i32))) (import "host" "i64" (func $i64 (result i64)))
    (import "host" "f32" (func $f32 (result f32))) (import "host" "f64" (func $f64 (result f64)))
    (func (export "i32") (param i32) (result i32) (local.get 0))
    (func (export "i64") (param i64) (result i64) (local.get 0))
    (func (export "f32") (param f32) (result f32) (local.get 0))
    (func (export "f64") (param f64) (result f64) (local.get 0))
    (func (export "asks i32") (result i32) (call $i32)) (func (export "asks i64") (result i64) (call $i64))
    (func (export "asks f32") (result f32) (call $f32)) (func (export "asks f64") (result f64) (call $f64))"#;

fn kind(name: &str) -> Kind {
    match name {
        "i32" => Kind::I32,
        "i64" => Kind::I64,
        "f32" => Kind::F32,
        _ => Kind::F64,
    }
}

/// A number that a Rust host has; none for those of no type of its own.
fn given(ty: &str, text: &str, to: &str) -> Option<Value<'static>> {
    if ty == "float" {
        return Some(text.parse::<f64>().unwrap().into());
    }
    if let Ok(number) = text.parse::<i32>() {
        return Some(number.into());
    }
    let signed = text.parse::<i64>().map(Value::from);
    // A u64 has an i64's bits, so it doesn't pass as another kind.
    let unsigned = || text.parse::<u64>().ok().filter(|_| to == "i64").map(Value::from);
    signed.ok().or_else(unsigned)
}

fn with_answer(engine: &Engine, answer: Value<'static>) -> Instance {
    let mut config = Config::new();
    for name in ["i32", "i64", "f32", "f64"] {
        config.callback("host", name, &[], kind(name), move |caller, _| {
            caller.set_result(answer);
            Ok(())
        });
    }
    engine.register("p", ECHO.as_bytes(), &config).unwrap();
    engine.instance("p", None).unwrap()
}

fn same(got: Value<'_>, expected: &str) -> bool {
    let float = || expected.parse::<f64>().unwrap();
    let equal =
        |number: f64| number.to_bits() == float().to_bits() || number.is_nan() && float().is_nan();
    match got {
        Value::I32(number) => number.to_string() == expected,
        Value::I64(number) => number.to_string() == expected,
        Value::F32(number) => equal(number.into()),
        Value::F64(number) => equal(number),
        _ => false,
    }
}

#[test]
fn each_case_of_the_documentation() {
    on_both(|engine| {
        let mut count = 0;
        for line in CASES.lines().filter(|line| !line.starts_with('#')) {
            let [ty, text, to, expected] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let Some(value) = given(ty, text, to) else { continue };
            count += 1;
            let mut p = with_answer(engine, value);
            let asks = format!("asks {to}");
            for (function, args, refusal) in [(to, &[value][..], Signature), (&asks, &[], Callback)]
            {
                match p.call(function, args, kind(to)) {
                    Ok(got) => assert!(same(got, expected), "{line}: {function} gave {got:?}"),
                    Err(error) => {
                        assert_eq!(
                            (expected, error.kind()),
                            ("refused", refusal),
                            "{line}: {error}"
                        );
                    }
                }
            }
        }
        assert!(count > 35, "{count}");
    });
}

#[test]
fn unsigned_integers_of_rust() {
    on_both(|engine| {
        let mut p = with_answer(engine, 0.into());
        let mut call = |function: &str, arg: Value<'_>| {
            p.call(function, &[arg], kind(function)).map(|value| match value {
                Value::I32(_) => u32::try_from(value).unwrap().into(),
                _ => u64::try_from(value).unwrap(),
            })
        };
        assert_eq!(call("i32", u32::MAX.into()).unwrap(), u64::from(u32::MAX));
        assert_eq!(call("i64", u32::MAX.into()).unwrap(), u64::from(u32::MAX));
        assert_eq!(call("i64", u64::MAX.into()).unwrap(), u64::MAX);
        assert!(call("i32", (1_u64 << 32).into()).is_err());
        assert!(u32::try_from(Value::I64(1)).is_err());
    });
}
