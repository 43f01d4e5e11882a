//! Values as they are written on the command line, and as results are shown.

use crate::failure::{Failure, Outcome};
use crate::output::Output;
use serde_json::{Number, json};
use wasp_core::{Function, Kind, Value};

/// A value with text and bytes of its own.
pub enum Owned {
    Number(Value<'static>),
    String(String),
    Bytes(Vec<u8>),
    Json(String),
}

impl Owned {
    /// Returns it as wasp takes it.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Number(number) => *number,
            Self::String(text) => Value::String(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Json(text) => Value::Json(text),
        }
    }
}

/// Reads the arguments of a call, by the kinds of the function where these are known.
pub fn arguments(words: &[String], function: Option<&Function>) -> Outcome<Vec<Owned>> {
    let kind = |index: usize| function.and_then(|known| known.params.get(index)).copied();
    let declared = function.is_some_and(|known| known.declared);
    let read = |(index, word): (usize, &String)| {
        let what = format!("argument {}", index + 1);
        match kind(index) {
            // Which may stand for a string or bytes.
            Some(Kind::I32) if !declared => undeclared(word, &what),
            Some(kind) => read(word, kind, &what),
            None => undeclared(word, &what),
        }
    };
    words.iter().enumerate().map(read).collect()
}

/// Reads one value of a kind; `what` it is begins the error.
pub fn read(word: &str, kind: Kind, what: &str) -> Outcome<Owned> {
    let contents = contents(word, what)?;
    let text = || {
        String::from_utf8(contents.clone()).map_err(|_| {
            Failure::usage(format_args!("{what} is not UTF-8, and a {kind} is accepted"))
        })
    };
    let number = |parsed: Option<Value<'static>>, accepted: &str| {
        let given = String::from_utf8_lossy(&contents);
        parsed.map(Owned::Number).ok_or_else(|| {
            Failure::usage(format_args!("{what} is {given:?}, and {accepted} is accepted"))
        })
    };
    let trimmed = text().unwrap_or_default();
    let trimmed = trimmed.trim();
    match kind {
        Kind::I32 => number(i32_of(trimmed), "an i32"),
        Kind::I64 => number(i64_of(trimmed), "an i64"),
        Kind::F32 => number(trimmed.parse().ok().map(Value::F32), "an f32"),
        Kind::F64 => number(trimmed.parse().ok().map(Value::F64), "an f64"),
        Kind::String => text().map(Owned::String),
        Kind::Bytes => Ok(Owned::Bytes(contents)),
        Kind::Json => {
            let text = text()?;
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(_) => Ok(Owned::Json(text)),
                Err(error) => Err(Failure::usage(format_args!(
                    "{what} is {text:?}, which is no JSON ({error}): a string is written '\"text\"'"
                ))),
            }
        }
        Kind::None if trimmed.is_empty() => Ok(Owned::Number(Value::None)),
        Kind::None => number(None, "nothing"),
        Kind::Any => any(text()?),
    }
}

/// Reads a value of whatever kind it looks like: JSON where it is some, else text.
fn any(text: String) -> Outcome<Owned> {
    Ok(match serde_json::from_str(&text) {
        Ok(serde_json::Value::String(text)) => Owned::String(text),
        Ok(serde_json::Value::Number(number)) => Owned::Number(plain(&number)),
        Ok(_) => Owned::Json(text),
        Err(_) => Owned::String(text),
    })
}

fn plain(number: &Number) -> Value<'static> {
    match number.as_i64() {
        Some(integer) => i32::try_from(integer).map_or(Value::I64(integer), Value::I32),
        None => Value::F64(number.as_f64().unwrap_or(f64::NAN)),
    }
}

/// Reads a value whose kind nobody declares: a number where it is one, bytes of a file, else text.
fn undeclared(word: &str, what: &str) -> Outcome<Owned> {
    if word.starts_with('@') && !word.starts_with("@@") {
        return contents(word, what).map(Owned::Bytes);
    }
    let number = i32_of(word).or_else(|| i64_of(word));
    Ok(match number.or_else(|| word.parse().ok().map(Value::F64)) {
        Some(number) => Owned::Number(number),
        None => Owned::String(word.strip_prefix('@').unwrap_or(word).to_owned()),
    })
}

/// Returns what a word stands for: that of a file behind `@`, where `@@` is an at sign.
fn contents(word: &str, what: &str) -> Outcome<Vec<u8>> {
    let Some(rest) = word.strip_prefix('@') else { return Ok(word.as_bytes().to_vec()) };
    if rest.starts_with('@') {
        return Ok(rest.as_bytes().to_vec());
    }
    std::fs::read(rest).map_err(|error| {
        let failure = Failure::of_file(rest.as_ref(), &error);
        Failure::unusable(format_args!("{what}: {}", failure.message))
    })
}

/// Reads an i32, with or without a sign.
fn i32_of(text: &str) -> Option<Value<'static>> {
    let signed = text.parse::<i32>().ok();
    signed.or_else(|| text.parse::<u32>().ok().map(u32::cast_signed)).map(Value::I32)
}

/// Reads an i64, with or without a sign.
fn i64_of(text: &str) -> Option<Value<'static>> {
    let signed = text.parse::<i64>().ok();
    signed.or_else(|| text.parse::<u64>().ok().map(u64::cast_signed)).map(Value::I64)
}

/// Reads the name of a kind.
pub fn kind(name: &str) -> Outcome<Kind> {
    const KINDS: [Kind; 9] = [
        Kind::None,
        Kind::I32,
        Kind::I64,
        Kind::F32,
        Kind::F64,
        Kind::String,
        Kind::Bytes,
        Kind::Json,
        Kind::Any,
    ];
    KINDS.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let names = KINDS.map(Kind::name).join(", ");
        Failure::usage(format_args!("the kind {name:?} is none, and one of {names} is accepted"))
    })
}

/// Prints a result: for people as it is, for machines with its kind.
pub fn print(value: Value<'_>, output: &Output) -> Outcome {
    if output.json {
        return output.value(&json!({ "kind": value.kind().name(), "value": json_of(value) }));
    }
    match value {
        Value::None => Ok(()),
        Value::I32(number) => output.line(number),
        Value::I64(number) => output.line(number),
        Value::F32(number) => output.line(number),
        Value::F64(number) => output.line(number),
        Value::String(text) | Value::Json(text) => output.text(text),
        Value::Bytes(bytes) => output.bytes(bytes),
    }
}

/// Returns the JSON of a result: bytes in hexadecimal digits, and numbers that JSON doesn't have as text.
fn json_of(value: Value<'_>) -> serde_json::Value {
    let float = |number: f64| match Number::from_f64(number) {
        Some(number) => number.into(),
        None => number.to_string().into(),
    };
    match value {
        Value::None => serde_json::Value::Null,
        Value::I32(number) => number.into(),
        Value::I64(number) => number.into(),
        // By way of its own digits: 0.1, not the 0.10000000149011612 that it is as an f64.
        Value::F32(number) => float(number.to_string().parse().unwrap_or(f64::from(number))),
        Value::F64(number) => float(number),
        Value::String(text) => text.into(),
        Value::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        Value::Bytes(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str, kind: Kind) -> String {
        match read(word, kind, "argument 1") {
            Ok(owned) => format!("{:?}", owned.value()),
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn values_are_read_by_their_kind() {
        assert_eq!(shown("-3", Kind::I32), "I32(-3)");
        assert_eq!(shown("4294967295", Kind::I32), "I32(-1)");
        assert_eq!(shown("1.5", Kind::I32), "argument 1 is \"1.5\", and an i32 is accepted");
        assert_eq!(shown("18446744073709551615", Kind::I64), "I64(-1)");
        assert_eq!(shown("1e3", Kind::F64), "F64(1000.0)");
        assert_eq!(shown("", Kind::F32), "argument 1 is \"\", and an f32 is accepted");
        assert_eq!(shown("12", Kind::String), "String(\"12\")");
        assert_eq!(shown("@@a", Kind::String), "String(\"@a\")");
        assert_eq!(shown("12", Kind::Bytes), "Bytes([49, 50])");
        assert_eq!(shown("[1]", Kind::Json), "Json(\"[1]\")");
        assert!(shown("abc", Kind::Json).starts_with("argument 1 is \"abc\", which is no JSON ("));
        assert!(
            shown("@/nowhere", Kind::Json).starts_with("argument 1: file \"/nowhere\": No such")
        );
    }

    #[test]
    fn values_for_scripts_are_what_they_look_like() {
        for (word, value) in [
            ("1", "I32(1)"),
            ("-5000000000", "I64(-5000000000)"),
            ("0.5", "F64(0.5)"),
            ("abc", "String(\"abc\")"),
            ("\"5\"", "String(\"5\")"),
            ("true", "Json(\"true\")"),
            ("{\"a\": 1}", "Json(\"{\\\"a\\\": 1}\")"),
        ] {
            assert_eq!(shown(word, Kind::Any), value);
        }
    }
}
