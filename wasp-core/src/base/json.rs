//! Values as JSON, and as the kinds that a host or a script wants them in.

use crate::base::slots;
use crate::base::value::{Kind, Value};

/// Returns the JSON of a value: one that is JSON already as it is, none as `null`. Bytes, infinity and what is no number have none.
pub(crate) fn encode(value: Value<'_>) -> Option<String> {
    let float =
        |number: f64| number.is_finite().then(|| serde_json::to_string(&number)).transpose();
    match value {
        Value::None => Ok(Some("null".to_owned())),
        Value::I32(number) => Ok(Some(number.to_string())),
        Value::I64(number) => Ok(Some(number.to_string())),
        // By way of its own digits: 0.1, not the 0.10000000149011612 that it is as an f64.
        Value::F32(number) if number.is_finite() => serde_json::to_string(&number).map(Some),
        Value::F32(_) => Ok(None),
        Value::F64(number) => float(number),
        Value::String(text) => serde_json::to_string(text).map(Some),
        Value::Json(text) => Ok(Some(text.to_owned())),
        Value::Bytes(_) => Ok(None),
    }
    .ok()
    .flatten()
}

/// Returns `value` as one of kind `to` where nothing is lost: numbers as [`slots::lift`] has it, and everything that has a JSON as
/// that, which is put into `room`.
pub(crate) fn convert<'a>(value: Value<'a>, to: Kind, room: &'a mut String) -> Option<Value<'a>> {
    if to == Kind::Any || value.kind() == to {
        return Some(value);
    }
    match to {
        Kind::None => Some(Value::None),
        Kind::Json => {
            *room = encode(value)?;
            Some(Value::Json(room))
        }
        _ => number(value, to),
    }
}

/// Returns a number, or the truth of JSON, as one of kind `to`: plain functions have no other kind for it than an integer.
pub(crate) fn number(value: Value<'_>, to: Kind) -> Option<Value<'static>> {
    let truth = match (value, to) {
        (Value::Json("true"), Kind::I32 | Kind::I64) => Value::I32(1),
        (Value::Json("false"), Kind::I32 | Kind::I64) => Value::I32(0),
        (value, _) => return slots::lift(value, to),
    };
    slots::lift(truth, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_json_that_they_are() {
        for (value, json) in [
            (Value::None, "null"),
            (Value::I32(-3), "-3"),
            (Value::I64(i64::MIN), "-9223372036854775808"),
            (Value::F32(0.1), "0.1"),
            (Value::F64(1.5e300), "1.5e+300"),
            (Value::String("a\"\u{1}\u{e9}"), "\"a\\\"\\u0001\u{e9}\""),
            (Value::Json("[1]"), "[1]"),
        ] {
            assert_eq!(encode(value).unwrap(), json);
        }
        for value in [Value::Bytes(b"a"), Value::F64(f64::NAN), Value::F32(f32::INFINITY)] {
            assert_eq!(encode(value), None);
        }
    }

    #[test]
    fn conversions_lose_nothing() {
        let room = &mut String::new();
        assert_eq!(convert(Value::F64(3.0), Kind::I32, room), Some(Value::I32(3)));
        assert_eq!(convert(Value::F64(3.5), Kind::I32, &mut String::new()), None);
        assert_eq!(convert(Value::F64(3.5), Kind::Any, room), Some(Value::F64(3.5)));
        assert_eq!(
            convert(Value::Json("true"), Kind::I64, &mut String::new()),
            Some(Value::I64(1))
        );
        assert_eq!(convert(Value::Json("1"), Kind::I32, &mut String::new()), None);
        assert_eq!(convert(Value::Json("1"), Kind::String, &mut String::new()), None);
        let room = &mut String::new();
        assert_eq!(convert(Value::String("a"), Kind::Json, room), Some(Value::Json("\"a\"")));
    }
}
