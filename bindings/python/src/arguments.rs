//! Python values on their way to a plugin and back.

use crate::buffer::Buffer;
use crate::error;
use pyo3::exceptions::{PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyString};
use wasp_core::{ErrorKind, Function, Kind, Value};

/// One argument, kept where Python has it.
pub(crate) enum Argument<'a, 'py> {
    Number(Value<'static>),
    Text(&'a str),
    Bytes(&'a [u8]),
    Buffer(Buffer<'py>),
}

impl<'a, 'py> Argument<'a, 'py> {
    /// Reads `object`, which `what` names in errors.
    pub(crate) fn read(object: &'a Bound<'py, PyAny>, what: &dyn Fn() -> String) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return match text.to_str() {
                Ok(text) => Ok(Argument::Text(text)),
                Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(object.py()) => {
                    let message = format!("{} has a lone surrogate, which UTF-8 can't say", what());
                    Err(error::new(object.py(), ErrorKind::Invalid, &message))
                }
                Err(error) => Err(error),
            };
        }
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Argument::Bytes(bytes.as_bytes()));
        }
        if let Ok(number) = object.cast::<PyFloat>() {
            return Ok(Argument::Number(Value::F64(number.value())));
        }
        if object.is_instance_of::<PyInt>() {
            return match object.extract::<i64>() {
                Ok(number) => Ok(Argument::Number(Value::I64(number))),
                Err(_) => {
                    let message = format!("{} is an int that does not fit i64", what());
                    Err(error::overflow(object.py(), &message, None))
                }
            };
        }
        if let Ok(buffer) = Buffer::of(object) {
            return Ok(Argument::Buffer(buffer));
        }
        // What numpy gives for a number.
        if let Ok(number) = object.extract::<i64>() {
            return Ok(Argument::Number(Value::I64(number)));
        }
        let message = format!(
            "{} is {}, and only str, int, float and contiguous bytes pass",
            what(),
            object.get_type().name()?
        );
        Err(PyTypeError::new_err(message))
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Argument::Number(value) => *value,
            Argument::Text(text) => Value::String(text),
            Argument::Bytes(bytes) => Value::Bytes(bytes),
            Argument::Buffer(buffer) => Value::Bytes(buffer.bytes()),
        }
    }
}

/// Whether the first of `args` that doesn't fit `function` is an integer out of its parameter's range.
pub(crate) fn overflows(function: &Function, args: &[Value<'_>]) -> bool {
    let misfit = function.params.iter().zip(args).find(|(kind, arg)| match (kind, arg) {
        (Kind::I32, Value::I64(number)) => i32::try_from(*number).is_err(),
        (Kind::I32, _) => false,
        (Kind::I64, Value::I64(_)) => false,
        (Kind::F32, Value::I64(number)) => (*number as f32) as i128 != i128::from(*number),
        (Kind::F64, Value::I64(number)) => (*number as f64) as i128 != i128::from(*number),
        (kind, arg) => **kind != arg.kind(),
    });
    matches!(misfit, Some((_, Value::I64(_))))
}

/// `value` as Python has it.
pub(crate) fn to_python<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::I32(number) => number.into_pyobject(py)?.into_any(),
        Value::I64(number) => number.into_pyobject(py)?.into_any(),
        Value::F32(number) => PyFloat::new(py, number.into()).into_any(),
        Value::F64(number) => PyFloat::new(py, number).into_any(),
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
    })
}
