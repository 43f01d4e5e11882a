//! Python functions as host functions.

use crate::arguments::{self, Buffers, into_python};
use crate::exit;
use crate::greenlet;
use crate::place::Place;
use crate::signals;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use wasp_core::{Config, Kind, LentCaller, Value};

/// Offers `function` to a plugin as `module`.`name`.
pub(crate) fn offer(
    config: &mut Config,
    module: &str,
    name: &str,
    params: &[Kind],
    result: Kind,
    function: Py<PyAny>,
) {
    let what = format!("callback {module:?}.{name:?}");
    config.callback(module, name, params, result, move |caller, args| {
        // While Python runs, Python sees to signals.
        let _paused = signals::pause();
        exit::wait_if_ending();
        Python::attach(|py| {
            let _inside = greenlet::Inside::new(py);
            LentCaller::lend(caller, |caller| {
                call_python(function.bind(py), &what, result, caller, args)
            })?;
            // What Python has not seen to yet would wait for the guest.
            signals::check(py)
        })
        .map_err(|error: PyErr| error.into())
    });
}

fn call_python(
    function: &Bound<'_, PyAny>,
    what: &str,
    result: Kind,
    caller: &LentCaller,
    args: &[Value<'_>],
) -> PyResult<()> {
    let py = function.py();
    let args = args.iter().map(|arg| into_python(py, *arg)).collect::<PyResult<Vec<_>>>()?;
    let answer = exit::call(function, &PyTuple::new(py, args)?)?;
    if result == Kind::None {
        return Ok(());
    }
    let mut buffers = Buffers::default();
    let name = || format!("the answer of {what}");
    let place = Place { name: &name, kind: &|| Some(result) };
    // SAFETY: dropped in the reverse order.
    let value = unsafe { arguments::borrow(answer.as_borrowed(), &mut buffers, &place)? };
    let fits = match result {
        Kind::String | Kind::Bytes => value.kind() == result,
        Kind::Json => value.kind() != Kind::Bytes,
        _ => !matches!(value.kind(), Kind::String | Kind::Bytes | Kind::Json),
    };
    if !fits {
        let ty = answer.get_type();
        let message = format!("{what} answered with {}, and its result is {result}", ty.name()?);
        return Err(PyTypeError::new_err(message));
    }
    caller.with(|caller| caller.set_result(value));
    Ok(())
}
