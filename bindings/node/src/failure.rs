//! What comes of a call here: a value, or what `lib/error.js` makes a `WaspError` of.

use crate::to_js::ToJs;
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsValue, sys};
use wasp_core::{Error, Value};

/// A value for JavaScript, or a failure.
pub(crate) struct Outcome<T>(pub Result<T, Error>);

/// Nothing, where all went well.
pub(crate) type Plain = Outcome<ToJs<'static>>;

impl Plain {
    pub(crate) fn new(result: Result<(), Error>) -> Self {
        Self(result.map(|()| ToJs(Value::None)))
    }
}

impl<T: ToNapiValue> ToNapiValue for Outcome<T> {
    unsafe fn to_napi_value(env: sys::napi_env, outcome: Self) -> napi::Result<sys::napi_value> {
        match outcome.0 {
            // SAFETY: `env` and its values are of the call that runs, as this function asks.
            Ok(value) => unsafe { ToNapiValue::to_napi_value(env, value) },
            Err(error) => failure(&Env::from_raw(env), &error).map(|object| object.raw()),
        }
    }
}

/// The parts of a `WaspError`.
pub(crate) fn failure<'env>(env: &'env Env, error: &Error) -> napi::Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("code", error.kind().name().to_ascii_uppercase())?;
    object.set("message", error.to_string())?;
    object.set("function", error.function())?;
    object.set("exitCode", error.exit_code())?;
    object.set("stderr", error.stderr())?;
    let mut frames = Vec::new();
    for frame in error.trace() {
        let mut each = Object::new(env)?;
        each.set("function", frame.function.as_deref())?;
        each.set("functionIndex", frame.function_index)?;
        each.set("moduleOffset", frame.module_offset)?;
        each.set("file", frame.file.as_deref())?;
        each.set("line", frame.line)?;
        each.set("column", frame.column)?;
        frames.push(each);
    }
    object.set("wasmStack", frames)?;
    let mut imports = Vec::new();
    for import in error.imports() {
        let mut each = Object::new(env)?;
        each.set("module", import.module.as_str())?;
        each.set("name", import.name.as_str())?;
        imports.push(each);
    }
    object.set("imports", imports)?;
    Ok(object)
}
