//! Errors of wasp as Python exceptions. The classes are Python's: `wasp._errors`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::error::Error as _;
use wasp_core::{Error, ErrorKind, Frame};

/// The exception for `error`. What a callback raised comes out as itself, with a note on where it passed.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    if let Some(raised) = raised(error) {
        let raised = raised.clone_ref(py);
        // A note is only a help: without it, the exception is still the right one.
        let _ = errors(py).and_then(|errors| {
            errors.call_method1("annotate", (raised.value(py), error.function(), trace(error)))
        });
        return raised;
    }
    build(py, error.kind().name(), error)
}

/// The same for an integer that is out of its parameter's range.
pub(crate) fn overflow(py: Python<'_>, message: &str, function: Option<&str>) -> PyErr {
    finish(py, |errors| {
        errors.call_method1(
            "make",
            ("overflow", message, function, (), (), None::<i32>, None::<&str>),
        )
    })
}

/// An error of this package itself.
pub(crate) fn new(py: Python<'_>, kind: ErrorKind, message: &str) -> PyErr {
    raise(py, &Error::from_host(kind, message))
}

fn build(py: Python<'_>, kind: &str, error: &Error) -> PyErr {
    let imports: Vec<_> =
        error.imports().iter().map(|import| (&*import.module, &*import.name)).collect();
    finish(py, |errors| {
        let message = error.to_string();
        let (function, code, stderr) = (error.function(), error.exit_code(), error.stderr());
        let args = (kind, message, function, trace(error), imports, code, stderr);
        errors.call_method1("make", args)
    })
}

fn finish<'py>(
    py: Python<'py>,
    make: impl FnOnce(Bound<'py, PyModule>) -> PyResult<Bound<'py, PyAny>>,
) -> PyErr {
    match errors(py).and_then(make) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

fn errors(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = ERRORS.get_or_try_init(py, || py.import("wasp._errors").map(Bound::unbind))?;
    Ok(module.bind(py).clone())
}

/// What a callback raised, if that is what went wrong.
fn raised(error: &Error) -> Option<&PyErr> {
    error.source()?.downcast_ref()
}

/// The fields of a `wasp.Frame`.
type Fields<'a> = (Option<&'a str>, u32, u32, Option<&'a str>, Option<u32>, Option<u32>);

fn trace(error: &Error) -> Vec<Fields<'_>> {
    error.trace().iter().map(fields).collect()
}

fn fields(frame: &Frame) -> Fields<'_> {
    let (function, file) = (frame.function.as_deref(), frame.file.as_deref());
    (function, frame.function_index, frame.module_offset, file, frame.line, frame.column)
}
