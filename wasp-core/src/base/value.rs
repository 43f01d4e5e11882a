//! The values that cross between host and guest.

use crate::base::error::{Error, ErrorKind};
use std::fmt;

/// The kind of a value; its number is the one of the C API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Kind {
    /// No value: a function without a result, or a result that is ignored.
    #[default]
    None = 0,
    /// A 32-bit integer.
    I32 = 1,
    /// A 64-bit integer.
    I64 = 2,
    /// A 32-bit float.
    F32 = 3,
    /// A 64-bit float.
    F64 = 4,
    /// UTF-8 text without a NUL inside.
    String = 5,
    /// Any bytes.
    Bytes = 6,
    /// A JSON text: any value that JSON has.
    Json = 7,
    /// No kind of a value, but a wish: whatever kind it is of. As a result it is always known; among parameters only scripts have it.
    Any = 8,
}

impl Kind {
    /// Returns its name in error messages and in a plugin's list of signatures.
    pub fn name(self) -> &'static str {
        match self {
            Kind::None => "none",
            Kind::I32 => "i32",
            Kind::I64 => "i64",
            Kind::F32 => "f32",
            Kind::F64 => "f64",
            Kind::String => "string",
            Kind::Bytes => "bytes",
            Kind::Json => "json",
            Kind::Any => "any",
        }
    }

    /// Whether it lives in guest memory and travels as a pointer.
    pub(crate) fn is_block(self) -> bool {
        matches!(self, Kind::String | Kind::Bytes | Kind::Json)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One argument or result. Text and bytes are borrowed: an argument from the caller, a result from the instance until
/// its next call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// No value.
    #[default]
    None,
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit float.
    F64(f64),
    /// UTF-8 text.
    String(&'a str),
    /// Any bytes.
    Bytes(&'a [u8]),
    /// A JSON text, which nobody has checked.
    Json(&'a str),
}

impl Value<'_> {
    /// Returns the kind of this value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::None => Kind::None,
            Value::I32(_) => Kind::I32,
            Value::I64(_) => Kind::I64,
            Value::F32(_) => Kind::F32,
            Value::F64(_) => Kind::F64,
            Value::String(_) => Kind::String,
            Value::Bytes(_) => Kind::Bytes,
            Value::Json(_) => Kind::Json,
        }
    }
}

/// A value with text and bytes of its own, for what is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OwnedValue {
    Number(Value<'static>),
    String(String),
    Bytes(Vec<u8>),
    Json(String),
}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::None => Self::Number(Value::None),
            Value::I32(number) => Self::Number(Value::I32(number)),
            Value::I64(number) => Self::Number(Value::I64(number)),
            Value::F32(number) => Self::Number(Value::F32(number)),
            Value::F64(number) => Self::Number(Value::F64(number)),
            Value::String(text) => Self::String(text.to_owned()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Value::Json(text) => Self::Json(text.to_owned()),
        }
    }
}

impl OwnedValue {
    /// Returns it as a value that borrows from this one.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Number(number) => *number,
            Self::String(text) => Value::String(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Json(text) => Value::Json(text),
        }
    }
}

macro_rules! conversions {
    ($($variant:ident($type:ty)),* $(,)?) => {$(
        impl<'a> From<$type> for Value<'a> {
            #[inline(always)]
            fn from(value: $type) -> Self {
                Value::$variant(value)
            }
        }

        /// Fails with [`ErrorKind::Signature`] if the value is of another kind.
        impl<'a> TryFrom<Value<'a>> for $type {
            type Error = Error;

            // Where the value is: a copy of what was written in parts is read as a whole, for which the processor waits.
            #[inline(always)]
            fn try_from(value: Value<'a>) -> Result<Self, Error> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(mismatch(Kind::$variant, other.kind())),
                }
            }
        }
    )*};
}

conversions!(I32(i32), I64(i64), F32(f32), F64(f64), String(&'a str), Bytes(&'a [u8]));

impl From<u32> for Value<'_> {
    /// The same number; where an i32 is wanted, that with the same bits.
    fn from(value: u32) -> Self {
        Value::I64(value.into())
    }
}

impl From<u64> for Value<'_> {
    /// The i64 with the same bits.
    fn from(value: u64) -> Self {
        Value::I64(value.cast_signed())
    }
}

/// Reads an i32 without a sign. Fails with [`ErrorKind::Signature`] if the value is of another kind.
impl TryFrom<Value<'_>> for u32 {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<Self, Error> {
        i32::try_from(value).map(i32::cast_unsigned)
    }
}

/// Reads an i64 without a sign. Fails with [`ErrorKind::Signature`] if the value is of another kind.
impl TryFrom<Value<'_>> for u64 {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<Self, Error> {
        i64::try_from(value).map(i64::cast_unsigned)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Value::Bytes(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::String(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Value::Bytes(value)
    }
}

#[cold]
fn mismatch(wanted: Kind, got: Kind) -> Error {
    Error::new(ErrorKind::Signature, format!("the value is {got}, not {wanted}"))
}
