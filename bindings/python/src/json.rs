//! Python objects as JSON, by Python's own module.

use crate::error;
use crate::place::Place;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyList, PyTuple};
use wasp_core::{ErrorKind, Kind, Value};

/// Returns the value of None, True or False where the place takes JSON: elsewhere a bool is an int, and None is nothing that passes.
pub(crate) fn constant(object: &Bound<'_, PyAny>, place: &Place<'_>) -> Option<Value<'static>> {
    let is_none = object.is_none();
    if !is_none && !object.is_instance_of::<PyBool>() {
        return None;
    }
    match ((place.kind)()?, is_none) {
        (Kind::Any, true) => Some(Value::None),
        (Kind::Json, true) => Some(Value::Json("null")),
        (Kind::Any | Kind::Json, false) => {
            Some(Value::Json(if object.is_truthy().unwrap_or(false) { "true" } else { "false" }))
        }
        _ => None,
    }
}

/// Returns whether an object, which is no other value, passes as JSON: collections do anywhere.
pub(crate) fn is_json(object: &Bound<'_, PyAny>, place: &Place<'_>) -> bool {
    object.is_instance_of::<PyDict>()
        || object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || matches!((place.kind)(), Some(Kind::Json))
}

/// Returns the JSON of an object as a str.
pub(crate) fn dumps<'py>(
    object: &Bound<'py, PyAny>,
    place: &Place<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    static ENCODE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let encode = ENCODE.get_or_try_init(py, || {
        let options = PyDict::new(py);
        options.set_item("ensure_ascii", false)?;
        options.set_item("allow_nan", false)?;
        options.set_item("separators", (",", ":"))?;
        let encoder = py.import("json")?.getattr("JSONEncoder")?.call((), Some(&options))?;
        encoder.getattr("encode").map(Bound::unbind)
    })?;
    encode.bind(py).call1((object,)).map_err(|cause| {
        let reason = cause.value(py).to_string();
        let message = format!("{} has no JSON: {reason}", (place.name)());
        let error = PyTypeError::new_err(message);
        error.set_cause(py, Some(cause));
        error
    })
}

/// Returns the object of a JSON text, which is a plugin's.
pub(crate) fn loads<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let loads =
        LOADS.get_or_try_init(py, || py.import("json")?.getattr("loads").map(Bound::unbind))?;
    loads.bind(py).call1((text,)).map_err(|cause| {
        let reason = cause.value(py).to_string();
        error::new(py, ErrorKind::Abi, &format!("the plugin's json is none: {reason}"))
    })
}
