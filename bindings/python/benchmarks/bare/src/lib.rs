//! The floor of the benchmarks: what any call from Python into Rust costs.

use pyo3::prelude::*;

/// The work of the plugin's hello, without a plugin.
#[pyfunction]
fn hello(name: &str) -> String {
    format!("Hello {name}")
}

/// The same with the GIL released, as a call that may take long must do.
#[pyfunction]
fn hello_detached(py: Python<'_>, name: &str) -> String {
    py.detach(|| format!("Hello {name}"))
}

#[pymodule]
fn bare(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(hello, module)?)?;
    module.add_function(wrap_pyfunction!(hello_detached, module)?)
}
