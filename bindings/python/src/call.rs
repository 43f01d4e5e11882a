//! `Instance.call`, the way that everything takes: by Python's fast calling convention, from the interpreter's stack
//! to the guest's memory without a tuple, a dict or a copy between.
//!
//! pyo3 would make the method as well, and add a tuple of the arguments and a look at each keyword's text: a quarter of
//! what a call costs.

use crate::arguments::{self, Buffers, into_python};
use crate::exit;
use crate::instance::Instance;
use crate::place::Place;
use crate::value_kind::Wanted;
use crate::{error, signals};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi::{self, Py_ssize_t, PyObject};
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};
use pyo3::{Borrowed, intern};
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::slice;
use std::time::Duration;
use wasp_core::{ErrorKind, Limits, Value};

const DOC: &CStr = c"call($self, function, /, *args, returns=..., timeout=None)
--

Calls the plugin's function.

returns is what the caller expects, since WebAssembly says i32 for text too: str, bytes, int, float, dict or list for what
is JSON, a Kind, or None, which ignores the result. It may be left out where the plugin declares its signatures, as
scripts do, and where the result is nothing, an i64 or a float.

timeout is how many seconds the call may take, callbacks included: never longer than the plugin's own limit, of the two the
shorter counts.

Arguments are str, int, float, dict, list and tuple, which pass as JSON, or anything with contiguous bytes: bytes,
bytearray, memoryview, a numpy array. They are copied once, into the plugin's memory. Other Python threads run meanwhile.

Raises FunctionNotFound, and an Error of kind \"signature\" for arguments that don't fit, before the plugin runs;
GuestError if the plugin reports an error, and stays usable; Trap, Timeout, Cancelled, what a callback raised, or an Error
of kind \"abort\", \"exit\" or \"callback\" if it was stopped half-way, and then needs a reset.";

struct Definition(ffi::PyMethodDef);

// SAFETY: nobody writes to it, and what it points to lives for ever.
unsafe impl Sync for Definition {}

static DEFINITION: Definition = Definition(ffi::PyMethodDef {
    ml_name: c"call".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: call },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: DOC.as_ptr(),
});

/// Gives `ty`, which is that of [`Instance`] or a class of it, its method `call`.
pub(crate) fn add_to(ty: &Bound<'_, pyo3::types::PyType>) -> PyResult<()> {
    let definition = (&raw const DEFINITION.0).cast_mut();
    // SAFETY: the function is of the kind that the flags say, and the definition lives for ever: Python keeps the pointer, and
    // doesn't write there.
    let method = unsafe {
        Bound::from_owned_ptr_or_err(ty.py(), ffi::PyDescr_NewMethod(ty.as_type_ptr(), definition))?
    };
    ty.setattr("call", method)
}

/// # Safety
/// Only for Python, as a method of [`Instance`].
unsafe extern "C" fn call(
    this: *mut PyObject,
    given: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: Python calls with the interpreter attached.
    let py = unsafe { Python::assume_attached() };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: Python lets only instances have their type's methods called, and keeps `this` and all that is given
        // alive until the method returns.
        let (this, given, options) = unsafe {
            let this = Borrowed::from_ptr(py, this).cast_unchecked::<Instance>();
            let count = count as usize;
            let named = if names.is_null() { 0 } else { ffi::PyTuple_Size(names) as usize };
            let all =
                if given.is_null() { &[] } else { slice::from_raw_parts(given, count + named) };
            let (given, named) = all.split_at(count);
            (this, given, options(py, names, named)?)
        };
        call_function(py, this.get(), given, options)
    }));
    let error = match outcome {
        Ok(Ok(answer)) => return answer.into_ptr(),
        Ok(Err(error)) => error,
        Err(payload) => PanicException::new_err(wasp_core::Error::panicked(&*payload).to_string()),
    };
    error.restore(py);
    ptr::null_mut()
}

/// What keywords say of a call.
struct Options {
    /// What the caller expects.
    returns: Wanted,
    timeout: Option<Duration>,
}

/// # Safety
/// `names` is a tuple of as many strings as `given` has live objects.
unsafe fn options(
    py: Python<'_>,
    names: *mut PyObject,
    given: &[*mut PyObject],
) -> PyResult<Options> {
    let mut options = Options { returns: Wanted::Declared, timeout: None };
    for (index, object) in given.iter().enumerate() {
        // SAFETY: `names` is a tuple with a str for each object of `given`, as this function asks.
        let (name, object) = unsafe {
            let name = ffi::PyTuple_GetItem(names, index as Py_ssize_t);
            (Borrowed::from_ptr(py, name), Borrowed::from_ptr(py, *object))
        };
        // A name in a program's text is the same object everywhere.
        if name.is(intern!(py, "returns")) || name.cast::<PyString>()? == "returns" {
            options.returns = object.extract()?;
        } else if name.cast::<PyString>()? == "timeout" {
            options.timeout = timeout(object)?;
        } else {
            return Err(unknown_keyword(name));
        }
    }
    Ok(options)
}

#[cold]
fn unknown_keyword(name: Borrowed<'_, '_, PyAny>) -> PyErr {
    let text = name.to_string();
    let near = wasp_core::nearest(&text, ["returns", "timeout"]);
    let near = near.map(|near| format!(" ('{near}' is there)")).unwrap_or_default();
    let name = name.repr().map_or(text, |name| name.to_string());
    PyTypeError::new_err(format!("call() got an unexpected keyword argument {name}{near}"))
}

/// Returns the time limit of one call; none for None.
fn timeout(seconds: Borrowed<'_, '_, PyAny>) -> PyResult<Option<Duration>> {
    if seconds.is_none() {
        return Ok(None);
    }
    let refused = |accepted: &str| -> PyResult<String> {
        Ok(format!("call(): timeout is {}, and {accepted} is accepted", seconds.repr()?))
    };
    let number = match seconds.extract::<f64>() {
        Ok(number) if !seconds.is_instance_of::<PyBool>() => number,
        _ => return Err(PyTypeError::new_err(refused("a number of seconds or None")?)),
    };
    match Limits::timeout_from_secs(number) {
        Some(timeout) => Ok(Some(timeout)),
        None => Err(PyValueError::new_err(refused("a number of seconds above 0")?)),
    }
}

/// Calls with up to this many arguments need no allocation.
const FEW: usize = 4;

fn call_function<'py>(
    py: Python<'py>,
    this: &Instance,
    given: &[*mut PyObject],
    options: Options,
) -> PyResult<Bound<'py, PyAny>> {
    let Some((function, given)) = given.split_first() else {
        return Err(PyTypeError::new_err("call() needs the name of a function"));
    };
    // SAFETY: Python keeps what is given alive until the method returns.
    let function = function_name(unsafe { Borrowed::from_ptr(py, *function) })?;
    let kind = match options.returns {
        Wanted::This(kind) => kind,
        Wanted::Declared => this.declared(py, function)?,
    };

    // Before the values, so that it goes after them.
    let mut buffers = Buffers::default();
    let (mut few, mut many) = ([Value::None; FEW], Vec::new());
    let values = if let Some(few) = few.get_mut(..given.len()) {
        few
    } else {
        many.resize(given.len(), Value::None);
        &mut many[..]
    };
    for (index, (value, pointer)) in values.iter_mut().zip(given).enumerate() {
        let name = || format!("function {function:?}: argument {}", index + 1);
        let place = Place { name: &name, kind: &|| this.param(function, index) };
        // SAFETY: Python keeps what is given alive until the method returns, and the buffers outlive the values.
        *value =
            unsafe { arguments::borrow(Borrowed::from_ptr(py, *pointer), &mut buffers, &place)? };
    }
    let values = &*values;

    let mut guard = this.lock(py)?;
    let instance = guard.as_mut().ok_or_else(|| crate::instance::closed(py))?;
    signals::check(py)?;
    let outcome = {
        let _watch = signals::watch(&this.interrupter);
        let function = function.as_bytes();
        exit::detached(py, || instance.call_named_within(options.timeout, function, values, kind))
    };
    match outcome {
        Ok(value) => into_python(py, value),
        Err(error) => Err(failed(py, this, function, values, &error)),
    }
}

/// Returns the text of the first argument, which lives as long as that.
#[inline]
fn function_name<'a>(function: Borrowed<'a, '_, PyAny>) -> PyResult<&'a str> {
    if !function.is_instance_of::<PyString>() {
        let ty = function.get_type();
        let message = format!("call() needs the name of a function as str, not {}", ty.name()?);
        return Err(PyTypeError::new_err(message));
    }
    // SAFETY: it is a str, as was just checked.
    unsafe { arguments::text(function) }.ok_or_else(|| PyErr::fetch(function.py()))
}

#[cold]
fn failed(
    py: Python<'_>,
    this: &Instance,
    function: &str,
    values: &[Value<'_>],
    error: &wasp_core::Error,
) -> PyErr {
    if error.kind() == ErrorKind::Cancelled
        && let Err(raised) = signals::check(py)
    {
        return raised;
    }
    if error.kind() == ErrorKind::Signature
        && let Some(listed) = this.functions.iter().find(|one| one.name == function)
        && arguments::overflows(listed, values)
    {
        return error::overflow(py, &error.to_string(), error.function());
    }
    error::raise(py, error)
}
