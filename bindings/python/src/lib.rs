//! The native half of the Python package `wasp`: instances and calls. What is only convenience is in its Python half,
//! which users import.

// Unsafe code is in the modules that exist for it, each marked where it is declared.
#![deny(unsafe_code)]

#[allow(unsafe_code)] // Borrows text and bytes of Python objects.
mod arguments;
#[allow(unsafe_code)] // Declares and calls the buffer protocol.
mod buffer;
#[allow(unsafe_code)] // Python calls it by its fast calling convention.
mod call;
#[allow(unsafe_code)] // Borrows the answer of a Python function.
mod callback;
mod caller;
mod capture;
mod command_line;
#[allow(unsafe_code)] // What it registers runs as code.
mod compiled;
mod engine;
mod error;
#[allow(unsafe_code)] // Calls Python through a frame of its own.
mod exit;
mod fork;
#[allow(unsafe_code)] // Looks for a module that may not be there.
mod greenlet;
mod info;
mod instance;
#[allow(unsafe_code)] // Gives objects another class.
mod instance_class;
mod json;
mod lease;
#[allow(unsafe_code)] // Sets Python's pending interrupt.
mod logger;
#[allow(unsafe_code)] // Borrows the bytes of Python objects.
mod memory;
mod place;
mod reinit;
#[allow(unsafe_code)] // Installs a signal handler, and shares pointers with a thread.
mod signals;
mod source;
#[allow(unsafe_code)] // Compares with Python's own types.
mod value_kind;

use pyo3::prelude::*;

#[pymodule]
mod _wasp {
    use super::*;

    #[pymodule_export]
    use super::caller::Caller;
    #[pymodule_export]
    use super::capture::{_runner, Capture};
    #[pymodule_export]
    use super::command_line::{_command, _commands};
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::info::{_inspect, Function, PluginImport, PluginInfo};
    #[pymodule_export]
    use super::instance::Instance;
    #[pymodule_export]
    use super::memory::Memory;
    #[pymodule_export]
    use super::reinit::forked;
    #[pymodule_export]
    use super::value_kind::Kind;

    #[pymodule_init]
    #[allow(unsafe_code)]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // SAFETY: this library has a wasmer of its own, which nobody else can name.
        unsafe { wasp_core::assume_sole_use_of_wasmer() };
        // A panic becomes an exception with the same words; the host's output is not ours.
        std::panic::set_hook(Box::new(|_| {}));
        super::call::add_to(&module.py().get_type::<Instance>())?;
        super::memory::add_to(&module.py().get_type::<Instance>())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
