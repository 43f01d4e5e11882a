//! What an instance prints, kept for Python.

use crate::instance::{Instance, closed};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// What an instance prints, at most so many bytes. More stops its call.
#[pyclass(module = "wasp._wasp", frozen)]
pub struct Capture(wasp_core::Capture);

#[pymethods]
impl Capture {
    /// Keeps up to most bytes of what instance prints from now on.
    #[new]
    #[pyo3(signature = (instance, most, /))]
    fn new(instance: &Bound<'_, Instance>, most: usize) -> PyResult<Self> {
        let py = instance.py();
        let mut guard = instance.get().lock(py)?;
        let instance = guard.as_mut().ok_or_else(|| closed(py))?;
        Ok(Self(instance.capture_output(most)))
    }

    /// Forgets what is there, and keeps up to most bytes from now on.
    #[pyo3(signature = (most, /))]
    fn restart(&self, most: usize) {
        self.0.restart(most);
    }

    /// Returns what was written to the standard output and to the standard error since the last time, and whether there was more
    /// than is kept.
    fn take<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>, Bound<'py, PyBytes>, bool) {
        let output = self.0.take();
        (PyBytes::new(py, &output.stdout), PyBytes::new(py, &output.stderr), output.is_truncated)
    }
}

/// Returns the script that runs programs in a language that comes with wasp.
#[pyfunction]
#[pyo3(signature = (language, /))]
pub fn _runner(language: &str) -> Option<&'static str> {
    wasp_core::runner(language)
}
