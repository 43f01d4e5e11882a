//! Kinds of values, as Python says them.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::ptr;
use wasp_core::Kind as CoreKind;

/// The kind of a value that crosses between Python and a plugin.
#[pyclass(module = "wasp", frozen, eq, hash, from_py_object)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No value.
    #[pyo3(name = "NONE")]
    None,
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// Text without a NUL inside.
    #[pyo3(name = "STRING")]
    String,
    /// Any bytes.
    #[pyo3(name = "BYTES")]
    Bytes,
    /// A value that JSON has, such as a dict: as text in the plugin.
    #[pyo3(name = "JSON")]
    Json,
    /// Of whatever kind a result is; in listings, what scripts take and return.
    #[pyo3(name = "ANY")]
    Any,
}

#[pymethods]
impl Kind {
    /// Its name in error messages and in a plugin's list of signatures.
    #[getter]
    fn name(&self) -> &'static str {
        CoreKind::from(*self).name()
    }

    fn __str__(&self) -> &'static str {
        self.name()
    }

    #[allow(clippy::type_complexity)]
    // A member of a native enum pickles as what it is called.
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, (Py<PyAny>, &'static str))> {
        let getattr = py.import("builtins")?.getattr("getattr")?;
        let name = match self {
            Kind::None => "NONE",
            Kind::I32 => "I32",
            Kind::I64 => "I64",
            Kind::F32 => "F32",
            Kind::F64 => "F64",
            Kind::String => "STRING",
            Kind::Bytes => "BYTES",
            Kind::Json => "JSON",
            Kind::Any => "ANY",
        };
        Ok((getattr, (py.get_type::<Self>().into_any().unbind(), name)))
    }
}

impl From<Kind> for CoreKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::None => CoreKind::None,
            Kind::I32 => CoreKind::I32,
            Kind::I64 => CoreKind::I64,
            Kind::F32 => CoreKind::F32,
            Kind::F64 => CoreKind::F64,
            Kind::String => CoreKind::String,
            Kind::Bytes => CoreKind::Bytes,
            Kind::Json => CoreKind::Json,
            Kind::Any => CoreKind::Any,
        }
    }
}

impl From<CoreKind> for Kind {
    fn from(kind: CoreKind) -> Self {
        match kind {
            CoreKind::None => Kind::None,
            CoreKind::I32 => Kind::I32,
            CoreKind::I64 => Kind::I64,
            CoreKind::F32 => Kind::F32,
            CoreKind::F64 => Kind::F64,
            CoreKind::String => Kind::String,
            CoreKind::Bytes => Kind::Bytes,
            CoreKind::Json => Kind::Json,
            CoreKind::Any => Kind::Any,
        }
    }
}

/// What a caller wants as a result.
pub(crate) enum Wanted {
    /// What the plugin itself says.
    Declared,
    This(CoreKind),
}

impl<'py> FromPyObject<'_, 'py> for Wanted {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let pointer = object.as_ptr();
        let is = |ty: *const ffi::PyTypeObject| ptr::eq(pointer.cast_const().cast(), ty);
        let kind = if is(&raw const ffi::PyUnicode_Type) {
            CoreKind::String
        } else if is(&raw const ffi::PyBytes_Type) {
            CoreKind::Bytes
        } else if is(&raw const ffi::PyDict_Type) || is(&raw const ffi::PyList_Type) {
            CoreKind::Json
        } else if object.is_none() {
            CoreKind::None
        } else if is(&raw const ffi::PyLong_Type) {
            // Narrower integers fit in.
            CoreKind::I64
        } else if is(&raw const ffi::PyFloat_Type) {
            CoreKind::F64
        } else if let Ok(kind) = object.cast::<Kind>() {
            (*kind.get()).into()
        } else if object.is(object.py().Ellipsis()) {
            return Ok(Wanted::Declared);
        } else {
            let message = format!(
                "returns is str, bytes, int, float, dict, list, None or a wasp.Kind, not {}",
                object.repr()?
            );
            return Err(PyTypeError::new_err(message));
        };
        Ok(Wanted::This(kind))
    }
}
