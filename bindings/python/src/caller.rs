//! What a callback is told of the instance that calls it.

use crate::error;
use crate::lease::Lease;
use crate::memory::Memory;
use pyo3::prelude::*;
use wasp_core::ErrorKind;

/// The instance that calls a callback. It is of use only while that runs, on its thread.
#[pyclass(module = "wasp", frozen)]
pub struct Caller(Lease);

#[pymethods]
impl Caller {
    /// That of the innermost callback that runs on this thread. Callbacks that ask for it are given it.
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        Lease::innermost().map(Self).ok_or_else(|| {
            error::new(
                py,
                ErrorKind::Invalid,
                "no callback runs on this thread, so there is no caller",
            )
        })
    }

    /// The name of its plugin.
    #[getter]
    fn plugin(&self) -> &str {
        self.0.plugin()
    }

    /// Its memory, for plugins that give addresses.
    #[getter]
    fn memory(&self) -> Memory {
        Memory::of_caller(self.0.clone())
    }

    /// Stops the clock of the call's time limit until _resume_clock.
    fn _pause_clock(&self, py: Python<'_>) -> PyResult<()> {
        let pause = |caller: &mut wasp_core::Caller<'_>| {
            caller.pause_clock();
            Ok(())
        };
        self.0.with(pause).map_err(|failed| error::raise(py, &failed))
    }

    /// Has the clock of the call's time limit go on.
    #[allow(clippy::redundant_closure_for_method_calls)] // The method is of one lifetime.
    fn _resume_clock(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(|caller| caller.resume_clock()).map_err(|failed| error::raise(py, &failed))
    }

    fn __repr__(&self) -> String {
        format!("<wasp.Caller {:?}>", self.0.plugin())
    }
}
