//! Greenlets: several of them take turns on one thread, on one and the same stack, which is copied away for whoever isn't running.
//!
//! While a callback waits on one greenlet, a call on another would build on frames that are not there. It is refused; it works again
//! when the callback has returned. Without greenlets there is nothing to ask.

use crate::error;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::cell::Cell;
use wasp_core::ErrorKind;

thread_local! {
    /// The greenlet, by its address, of the innermost callback of this thread; NOT_LOADED where the package was not there then,
    /// and 0 without a callback.
    static WAITING: Cell<usize> = const { Cell::new(0) };
}

/// No object is there.
const NOT_LOADED: usize = 1;

/// A callback that runs.
pub(crate) struct Inside(usize);

impl Inside {
    /// Notes on which greenlet a callback runs, until this is dropped.
    pub(crate) fn new(py: Python<'_>) -> Self {
        Self(WAITING.replace(current(py)))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        WAITING.set(self.0);
    }
}

/// Refuses to enter a plugin on a greenlet while a callback waits on another one of this thread.
///
/// # Errors
/// [`ErrorKind::Busy`]
#[inline]
pub(crate) fn check(py: Python<'_>) -> PyResult<()> {
    let waiting = WAITING.get();
    if waiting <= NOT_LOADED || waiting == current(py) {
        return Ok(());
    }
    let message = "a callback of this thread waits on another greenlet: it must return before this one can use plugins";
    Err(error::new(py, ErrorKind::Busy, message))
}

/// Returns the address of the greenlet that runs.
fn current(py: Python<'_>) -> usize {
    static CURRENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let ask = CURRENT.get_or_try_init(py, || {
        // Not imported: only looked for.
        let name = intern!(py, "greenlet");
        // SAFETY: the interpreter is attached; the module is a reference of our own, or NULL.
        let module = unsafe {
            let module = ffi::PyImport_GetModule(name.as_ptr());
            Bound::from_owned_ptr_or_opt(py, module)
        };
        let module = module.ok_or(())?;
        module.getattr(intern!(py, "getcurrent")).map(Bound::unbind).map_err(|_| ())
    });
    let Ok(ask) = ask else { return NOT_LOADED };
    // The greenlet is alive as long as its frames are, and nobody else has its address.
    ask.bind(py).call0().map_or(NOT_LOADED, |greenlet| greenlet.as_ptr() as usize)
}
