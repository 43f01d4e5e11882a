//! The buffer protocol: bytes of any Python object that has some, without a copy.
//!
//! The limited API has it from 3.11 on. CPython 3.10 exports the same two functions with the same struct; only its
//! headers don't promise it, so they are declared here.

use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;

#[repr(C)]
struct View {
    buf: *mut c_void,
    obj: *mut ffi::PyObject,
    len: ffi::Py_ssize_t,
    itemsize: ffi::Py_ssize_t,
    readonly: c_int,
    ndim: c_int,
    format: *mut c_char,
    shape: *mut ffi::Py_ssize_t,
    strides: *mut ffi::Py_ssize_t,
    suboffsets: *mut ffi::Py_ssize_t,
    internal: *mut c_void,
}

unsafe extern "C" {
    fn PyObject_GetBuffer(object: *mut ffi::PyObject, view: *mut View, flags: c_int) -> c_int;
    fn PyBuffer_Release(view: *mut View);
}

/// `PyBUF_SIMPLE`: contiguous bytes, whatever they are of.
const SIMPLE: c_int = 0;

/// The bytes of a Python object, which stay where they are as long as this lives.
pub(crate) struct Buffer<'py> {
    /// Boxed, since some exporters point into it.
    view: Box<View>,
    _py: Python<'py>,
}

impl<'py> Buffer<'py> {
    pub(crate) fn of(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let mut view = Box::new(MaybeUninit::<View>::zeroed());
        // SAFETY: the object is alive, and the interpreter is attached; the struct is CPython's.
        if unsafe { PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), SIMPLE) } != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        // SAFETY: zeros are a View, and the call has filled it.
        Ok(Self { view: unsafe { view.assume_init() }, _py: object.py() })
    }

    pub(crate) fn dimensions(&self) -> i32 {
        self.view.ndim
    }

    /// The bytes. If Python changes them meanwhile in another thread, what arrives is a mix, as with `file.write`.
    ///
    /// # Safety
    /// They must be out of use before the buffer is dropped.
    pub(crate) unsafe fn bytes<'a>(&self) -> &'a [u8] {
        let start =
            if self.view.buf.is_null() { ptr::dangling() } else { self.view.buf.cast::<u8>() };
        let length = usize::try_from(self.view.len).unwrap_or(0);
        // SAFETY: the exporter keeps so many bytes there until the view is released.
        unsafe { slice::from_raw_parts(start, length) }
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        // SAFETY: filled by `PyObject_GetBuffer`, released once, and `'py` says that the interpreter is attached.
        unsafe { PyBuffer_Release(&raw mut *self.view) }
    }
}
