//! Python values on their way to a plugin and back.

use crate::buffer::Buffer;
use crate::error;
use crate::json;
use crate::place::Place;
use pyo3::Borrowed;
use pyo3::exceptions::{PyTypeError, PyUnicodeEncodeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyString};
use std::ptr;
use std::slice;
use wasp_core::{ErrorKind, Function, Kind, Value};

/// What values are borrowed from, besides the objects themselves.
#[derive(Default)]
pub(crate) struct Buffers<'py> {
    buffers: Vec<Buffer<'py>>,
    /// The JSON of objects.
    texts: Vec<Bound<'py, PyAny>>,
}

/// Runs `body` with the values of `objects`, which `what` names in errors by their numbers.
pub(crate) fn with_values<'py, R>(
    objects: &[Bound<'py, PyAny>],
    what: &str,
    body: impl FnOnce(&[Value<'_>]) -> R,
) -> PyResult<R> {
    let mut buffers = Buffers::default();
    let mut values = Vec::with_capacity(objects.len());
    for (number, object) in (1..).zip(objects) {
        let name = || format!("argument {number} of {what}");
        let place = Place { name: &name, kind: &|| None };
        // SAFETY: the values are dropped before the buffers, which were made first.
        values.push(unsafe { borrow(object.as_borrowed(), &mut buffers, &place) }?);
    }
    Ok(body(&values))
}

/// Borrows the value of `object`, which goes to `place`. Text and bytes stay where Python has them.
///
/// # Safety
/// The value must be gone before `buffers`.
#[inline]
pub(crate) unsafe fn borrow<'a, 'py>(
    object: Borrowed<'a, 'py, PyAny>,
    buffers: &mut Buffers<'py>,
    place: &Place<'_>,
) -> PyResult<Value<'a>> {
    // What most arguments are is told by one comparison; Python's own checks are calls.
    // SAFETY: the object is alive.
    let ty = unsafe { ffi::Py_TYPE(object.as_ptr()) }.cast_const();
    if ptr::eq(ty, &raw const ffi::PyUnicode_Type) {
        // SAFETY: it is just that.
        if let Some(text) = unsafe { text(object) } {
            return Ok(Value::String(text));
        }
    } else if ptr::eq(ty, &raw const ffi::PyLong_Type) {
        // SAFETY: an int, of an attached interpreter.
        let number = unsafe { ffi::PyLong_AsLongLong(object.as_ptr()) };
        // SAFETY: the interpreter is attached.
        if number != -1 || unsafe { ffi::PyErr_Occurred() }.is_null() {
            return Ok(integer(number));
        }
    }
    // SAFETY: the value is gone before the buffers, as this function asks.
    unsafe { borrow_any(object, buffers, place) }
}

/// # Safety
/// The value must be gone before `buffers`.
unsafe fn borrow_any<'a, 'py>(
    object: Borrowed<'a, 'py, PyAny>,
    buffers: &mut Buffers<'py>,
    place: &Place<'_>,
) -> PyResult<Value<'a>> {
    let py = object.py();
    // What `borrow` met on its way comes again.
    drop(PyErr::take(py));
    if object.is_instance_of::<PyString>() {
        return borrow_text(object, place);
    }
    if let Ok(bytes) = object.cast::<PyBytes>() {
        let bytes = bytes.as_bytes();
        // SAFETY: the same bytes, which live as long as the object, and not only as this reference to it.
        return Ok(Value::Bytes(unsafe { slice::from_raw_parts(bytes.as_ptr(), bytes.len()) }));
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return Ok(Value::F64(number.value()));
    }
    if let Some(value) = json::constant(&object, place) {
        return Ok(value);
    }
    if object.is_instance_of::<PyInt>() {
        return any_integer(&object, place);
    }
    // SAFETY: the value is gone before the buffers, as this function asks.
    if let Some(bytes) = unsafe { borrow_buffer(object, buffers, place) }? {
        return Ok(Value::Bytes(bytes));
    }
    if is_index(&object) {
        return any_integer(&object, place);
    }
    if json::is_json(&object, place) {
        let text = json::dumps(&object, place)?;
        buffers.texts.push(text);
        let kept = buffers.texts.last().map(|text| text.as_borrowed());
        // SAFETY: it is a str, which the buffers keep, and the value is gone before those, as this function asks.
        let text = kept.and_then(|kept| unsafe { text_of_kept(kept) });
        return text.map(Value::Json).ok_or_else(|| text_refused(py, place));
    }
    object.extract().map(Value::F64).map_err(|_| {
        let ty = object.get_type();
        let name = ty.name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
        let what = (place.name)();
        PyTypeError::new_err(format!(
            "{what} is {name}, and only str, int, float, bytes, dict, list and tuple pass"
        ))
    })
}

/// The same as [`text`] for a str that is kept longer than this reference to it.
///
/// # Safety
/// `object` is a str, and alive as long as the text.
unsafe fn text_of_kept<'a>(object: Borrowed<'_, '_, PyAny>) -> Option<&'a str> {
    // SAFETY: it is as this function asks.
    let text = unsafe { text(object) }?;
    // SAFETY: the text is the object's, which lives as long as this function asks.
    Some(unsafe { &*ptr::from_ref(text) })
}

fn borrow_text<'a>(object: Borrowed<'a, '_, PyAny>, place: &Place<'_>) -> PyResult<Value<'a>> {
    let py = object.py();
    // SAFETY: the callers have a str.
    if let Some(text) = unsafe { text(object) } {
        return Ok(Value::String(text));
    }
    Err(text_refused(py, place))
}

/// The error of a str whose text UTF-8 can't say.
#[cold]
fn text_refused(py: Python<'_>, place: &Place<'_>) -> PyErr {
    let error = PyErr::fetch(py);
    if error.is_instance_of::<PyUnicodeEncodeError>(py) {
        let message = format!("{} has a lone surrogate, which UTF-8 can't say", (place.name)());
        return error::new(py, ErrorKind::Invalid, &message);
    }
    error
}

/// Borrows the bytes of an object that has a buffer; none where it has no buffer, or one of no dimension, which is a number
/// of numpy's.
///
/// # Safety
/// The bytes must be out of use before `buffers` is dropped.
unsafe fn borrow_buffer<'a, 'py>(
    object: Borrowed<'a, 'py, PyAny>,
    buffers: &mut Buffers<'py>,
    place: &Place<'_>,
) -> PyResult<Option<&'a [u8]>> {
    match Buffer::of(&object) {
        Ok(buffer) if buffer.dimensions() > 0 || !is_number(&object) => {
            // SAFETY: the bytes are out of use before the buffer is dropped, as this function asks.
            let bytes = unsafe { buffer.bytes() };
            buffers.buffers.push(buffer);
            Ok(Some(bytes))
        }
        // A type without buffers is a TypeError; what numpy raises here isn't the BufferError of Python's own types.
        Err(error) if !error.is_instance_of::<PyTypeError>(object.py()) => {
            let message = format!(
                "{} is {}, whose bytes are not contiguous: pass a copy, as bytes() makes it",
                (place.name)(),
                object.get_type().name()?
            );
            Err(PyTypeError::new_err(message))
        }
        _ => Ok(None),
    }
}

/// Returns the text of a str, which lives as long as that does; None with an exception set where UTF-8 can't say it.
///
/// # Safety
/// `object` is a str.
#[inline]
pub(crate) unsafe fn text<'a>(object: Borrowed<'a, '_, PyAny>) -> Option<&'a str> {
    let mut size = 0;
    // SAFETY: a str keeps its text in UTF-8 once somebody asked for it.
    unsafe {
        let start = ffi::PyUnicode_AsUTF8AndSize(object.as_ptr(), &mut size);
        (!start.is_null())
            .then(|| str::from_utf8_unchecked(slice::from_raw_parts(start.cast(), size as usize)))
    }
}

/// Whether it is an integer of another type than Python's own. An array has the method of one, too, which fails.
fn is_index(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive, the interpreter attached, and the answer is ours.
    let index = unsafe {
        let index = ffi::PyNumber_Index(object.as_ptr());
        Bound::from_owned_ptr_or_err(object.py(), index)
    };
    index.is_ok()
}

/// Whether it is a number of another type than Python's own.
fn is_number(object: &Bound<'_, PyAny>) -> bool {
    is_index(object) || object.extract::<f64>().is_ok()
}

/// The value of an integer of any type and size.
fn any_integer(object: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value<'static>> {
    if let Ok(number) = object.extract() {
        return Ok(integer(number));
    }
    let large = match (place.kind)() {
        Some(Kind::I64) => object.extract::<u64>().ok().map(Value::from),
        Some(Kind::F32 | Kind::F64 | Kind::Json | Kind::Any) => {
            object.extract().ok().map(Value::F64)
        }
        _ => None,
    };
    large.ok_or_else(|| {
        let message = format!("{} is an int that does not fit i64", (place.name)());
        error::overflow(object.py(), &message, None)
    })
}

/// As most functions take it.
fn integer(number: i64) -> Value<'static> {
    i32::try_from(number).map_or(Value::I64(number), Value::I32)
}

/// Returns whether the first of `args` that doesn't fit `function` is an integer out of its parameter's range.
pub(crate) fn overflows(function: &Function, args: &[Value<'_>]) -> bool {
    let misfit = function.params.iter().zip(args).find_map(|(kind, arg)| match (kind, arg) {
        (Kind::I32, Value::I64(number)) => {
            let fits = i32::try_from(*number).is_ok() || u32::try_from(*number).is_ok();
            (!fits).then_some(true)
        }
        (Kind::I32, _) | (Kind::Json | Kind::Any, _) => None,
        (Kind::I64 | Kind::F32 | Kind::F64, Value::I32(_) | Value::I64(_)) => None,
        (Kind::F32, Value::F64(_)) => None,
        (kind, arg) => (*kind != arg.kind()).then_some(false),
    });
    misfit == Some(true)
}

/// Returns `value` as a Python object.
pub(crate) fn into_python<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::I32(number) => number.into_pyobject(py)?.into_any(),
        Value::I64(number) => number.into_pyobject(py)?.into_any(),
        Value::F32(number) => PyFloat::new(py, number.into()).into_any(),
        Value::F64(number) => PyFloat::new(py, number).into_any(),
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        Value::Json(text) => json::loads(py, text)?,
    })
}
