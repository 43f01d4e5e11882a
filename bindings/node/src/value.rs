//! Values between JavaScript and wasp.

use napi::bindgen_prelude::{BigInt, BufferSlice, FromNapiValue, ToNapiValue, Unknown};
use napi::{Env, ValueType, check_status, sys};
use std::ptr;
use wasp_core::{Kind, Value};

/// What JavaScript passes, copied.
pub(crate) enum Given {
    Nothing,
    Number(f64),
    Boolean(bool),
    BigInt(i64),
    String(String),
    Bytes(Vec<u8>),
    /// What has no kind, in words.
    Other(&'static str),
}

/// The largest number that JavaScript counts to without leaving one out.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

impl FromNapiValue for Given {
    unsafe fn from_napi_value(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Self> {
        // SAFETY: the caller's promise, and each cast is to the type that the value has.
        unsafe {
            let value = Unknown::from_napi_value(env, raw)?;
            Ok(match value.get_type()? {
                ValueType::Undefined => Given::Nothing,
                ValueType::Number => Given::Number(value.cast()?),
                ValueType::Boolean => Given::Boolean(value.cast()?),
                ValueType::String => Given::String(value.cast()?),
                ValueType::BigInt => match value.cast::<BigInt>()?.get_i64() {
                    (number, true) => Given::BigInt(number),
                    (_, false) => Given::Other("a BigInt of more than 64 bits"),
                },
                ValueType::Object => bytes(env, raw)?,
                ValueType::Null => Given::Other("null"),
                ValueType::Symbol => Given::Other("a symbol"),
                ValueType::Function => Given::Other("a function"),
                _ => Given::Other("of an unknown type"),
            })
        }
    }
}

/// The bytes of a typed array, a Buffer, a DataView or an ArrayBuffer.
///
/// # Safety
/// `raw` is an object of `env`.
unsafe fn bytes(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Given> {
    let (mut data, mut len) = (ptr::null_mut(), 0);
    let mut is = false;
    // SAFETY: the caller's promise; each function that tells the place is only asked about a value of its type. Nobody
    // else runs between its answer and the copy.
    unsafe {
        check_status!(sys::napi_is_typedarray(env, raw, &mut is))?;
        if is {
            let mut ty = 0;
            let (mut buffer, mut offset) = (ptr::null_mut(), 0);
            check_status!(sys::napi_get_typedarray_info(
                env,
                raw,
                &mut ty,
                &mut len,
                &mut data,
                &mut buffer,
                &mut offset
            ))?;
            len *= match ty {
                sys::TypedarrayType::int8_array
                | sys::TypedarrayType::uint8_array
                | sys::TypedarrayType::uint8_clamped_array => 1,
                sys::TypedarrayType::int16_array | sys::TypedarrayType::uint16_array => 2,
                sys::TypedarrayType::int32_array
                | sys::TypedarrayType::uint32_array
                | sys::TypedarrayType::float32_array => 4,
                sys::TypedarrayType::float64_array
                | sys::TypedarrayType::bigint64_array
                | sys::TypedarrayType::biguint64_array => 8,
                _ => return Ok(Given::Other("a typed array of an unknown type")),
            };
        } else {
            check_status!(sys::napi_is_arraybuffer(env, raw, &mut is))?;
            if is {
                check_status!(sys::napi_get_arraybuffer_info(env, raw, &mut data, &mut len))?;
            } else {
                check_status!(sys::napi_is_dataview(env, raw, &mut is))?;
                if !is {
                    check_status!(sys::napi_is_promise(env, raw, &mut is))?;
                    return Ok(Given::Other(if is {
                        "a promise, which only callAsync waits for"
                    } else {
                        "an object without bytes"
                    }));
                }
                let (mut buffer, mut offset) = (ptr::null_mut(), 0);
                check_status!(sys::napi_get_dataview_info(
                    env,
                    raw,
                    &mut len,
                    &mut data,
                    &mut buffer,
                    &mut offset
                ))?;
            }
        }
        let mut copy = Vec::with_capacity(len);
        if len > 0 {
            ptr::copy_nonoverlapping(data.cast::<u8>(), copy.as_mut_ptr(), len);
            copy.set_len(len);
        }
        Ok(Given::Bytes(copy))
    }
}

impl Given {
    /// The value for wasp. `expected` gives the kind that it goes to, where one is known; it is asked only if that
    /// matters. What can't pass is the error, in words that follow "argument 1 is".
    pub(crate) fn value(
        &self,
        expected: impl FnOnce() -> Option<Kind>,
    ) -> Result<Value<'_>, &'static str> {
        Ok(match self {
            Given::Nothing => return Err("undefined"),
            Given::Other(what) => return Err(what),
            Given::Boolean(truth) => Value::I32((*truth).into()),
            Given::BigInt(number) => Value::I64(*number),
            Given::String(text) => Value::String(text),
            Given::Bytes(bytes) => Value::Bytes(bytes),
            Given::Number(number) => {
                let number = *number;
                if number.abs() <= MAX_SAFE && f64::from(number as f32) == number {
                    return Ok(Value::F64(number));
                }
                match expected() {
                    // As JavaScript itself rounds them.
                    Some(Kind::F32) => Value::F32(number as f32),
                    Some(Kind::I64) if number.abs() > MAX_SAFE => {
                        return Err("a number that is not a safe integer: use a BigInt");
                    }
                    _ => Value::F64(number),
                }
            }
        })
    }
}

/// A value for JavaScript.
pub(crate) struct Taken<'a>(pub Value<'a>);

impl ToNapiValue for Taken<'_> {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> napi::Result<sys::napi_value> {
        // SAFETY: the caller's promise.
        unsafe {
            match value.0 {
                Value::None => ToNapiValue::to_napi_value(env, ()),
                Value::I32(number) => ToNapiValue::to_napi_value(env, number),
                Value::I64(number) => ToNapiValue::to_napi_value(env, BigInt::from(number)),
                Value::F32(number) => ToNapiValue::to_napi_value(env, f64::from(number)),
                Value::F64(number) => ToNapiValue::to_napi_value(env, number),
                Value::String(text) => ToNapiValue::to_napi_value(env, text),
                Value::Bytes(bytes) => {
                    let buffer = BufferSlice::copy_from(&Env::from_raw(env), bytes)?;
                    ToNapiValue::to_napi_value(env, buffer)
                }
            }
        }
    }
}

/// A value on its way between threads.
pub(crate) enum Sent {
    Number(Value<'static>),
    String(String),
    Bytes(Vec<u8>),
}

impl Sent {
    pub(crate) fn new(value: Value<'_>) -> Self {
        match value {
            Value::String(text) => Sent::String(text.to_owned()),
            Value::Bytes(bytes) => Sent::Bytes(bytes.to_vec()),
            Value::None => Sent::Number(Value::None),
            Value::I32(number) => Sent::Number(Value::I32(number)),
            Value::I64(number) => Sent::Number(Value::I64(number)),
            Value::F32(number) => Sent::Number(Value::F32(number)),
            Value::F64(number) => Sent::Number(Value::F64(number)),
        }
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Sent::Number(value) => *value,
            Sent::String(text) => Value::String(text),
            Sent::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

/// The kind for its number, which is the core's.
pub(crate) fn kind(number: u32) -> Kind {
    match number {
        1 => Kind::I32,
        2 => Kind::I64,
        3 => Kind::F32,
        4 => Kind::F64,
        5 => Kind::String,
        6 => Kind::Bytes,
        _ => Kind::None,
    }
}
