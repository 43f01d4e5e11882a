//! Values for JavaScript.

use napi::bindgen_prelude::{BigInt, BufferSlice, ToNapiValue};
use napi::{Env, check_status, sys};
use std::ptr;
use wasp_core::Value;

/// A value for JavaScript.
#[derive(Clone, Copy)]
pub(crate) struct ToJs<'a>(pub Value<'a>);

impl ToNapiValue for ToJs<'_> {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> napi::Result<sys::napi_value> {
        // SAFETY: the value and `env` are of the call that runs, as this function asks.
        unsafe {
            match value.0 {
                Value::None => ToNapiValue::to_napi_value(env, ()),
                Value::I32(number) => ToNapiValue::to_napi_value(env, number),
                Value::I64(number) => ToNapiValue::to_napi_value(env, BigInt::from(number)),
                Value::F32(number) => ToNapiValue::to_napi_value(env, f64::from(number)),
                Value::F64(number) => ToNapiValue::to_napi_value(env, number),
                Value::String(text) => {
                    let mut made = ptr::null_mut();
                    check_status!(make_text(env, text, &mut made)).map(|()| made)
                }
                // In an array, as nothing else is: `lib/json.js` parses it.
                Value::Json(text) => ToNapiValue::to_napi_value(env, [ToJs(Value::String(text))]),
                Value::Bytes(bytes) => {
                    let buffer = BufferSlice::copy_from(&Env::from_raw(env), bytes)?;
                    ToNapiValue::to_napi_value(env, buffer)
                }
            }
        }
    }
}

/// Makes a string, and returns the status.
///
/// # Safety
/// `env` is the environment of the call that runs.
#[inline]
pub(crate) unsafe fn make_text(
    env: sys::napi_env,
    text: &str,
    made: &mut sys::napi_value,
) -> sys::napi_status {
    let (start, len) = (text.as_ptr().cast(), text.len() as isize);
    // SAFETY: `env` is that of the call that runs, as this function asks; the text is as long as that.
    unsafe {
        // A byte a character is how JavaScript keeps ASCII, and UTF-8 has to be looked through.
        match text.is_ascii() {
            true => sys::napi_create_string_latin1(env, start, len, made),
            false => sys::napi_create_string_utf8(env, start, len, made),
        }
    }
}

/// A value on its way between threads.
pub(crate) enum OwnedValue {
    Number(Value<'static>),
    String(String),
    Bytes(Vec<u8>),
    Json(String),
}

impl OwnedValue {
    pub(crate) fn new(value: Value<'_>) -> Self {
        match value {
            Value::String(text) => OwnedValue::String(text.to_owned()),
            Value::Bytes(bytes) => OwnedValue::Bytes(bytes.to_vec()),
            Value::Json(text) => OwnedValue::Json(text.to_owned()),
            Value::None => OwnedValue::Number(Value::None),
            Value::I32(number) => OwnedValue::Number(Value::I32(number)),
            Value::I64(number) => OwnedValue::Number(Value::I64(number)),
            Value::F32(number) => OwnedValue::Number(Value::F32(number)),
            Value::F64(number) => OwnedValue::Number(Value::F64(number)),
        }
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            OwnedValue::Number(value) => *value,
            OwnedValue::String(text) => Value::String(text),
            OwnedValue::Bytes(bytes) => Value::Bytes(bytes),
            OwnedValue::Json(text) => Value::Json(text),
        }
    }
}

impl ToNapiValue for OwnedValue {
    unsafe fn to_napi_value(
        env: sys::napi_env,
        owned_value: Self,
    ) -> napi::Result<sys::napi_value> {
        // SAFETY: the value and `env` are of the call that runs, as this function asks.
        unsafe { ToNapiValue::to_napi_value(env, ToJs(owned_value.value())) }
    }
}
