//! The native half of the Python package `wasp`: sandboxes and calls. What is only convenience is in its Python half,
//! which users import.

mod arguments;
mod buffer;
mod call;
mod callback;
mod engine;
mod error;
mod fork;
mod instance;
mod kind;
mod logger;
mod signals;

use pyo3::prelude::*;

#[pymodule]
mod _wasp {
    use super::*;

    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::fork::forked;
    #[pymodule_export]
    use super::instance::{Function, Instance};
    #[pymodule_export]
    use super::kind::Kind;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::call::add_to(&module.py().get_type::<Instance>())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
