//! Modules that are compiled ahead of time.

use crate::source::Borrowed;
use wasp_core::{Config, Engine, Result};

/// Compiles a module.
pub fn compile(engine: &Engine, source: Borrowed<'_>) -> Result<Vec<u8>> {
    match source {
        Borrowed::Bytes(wasm) => engine.compile(wasm),
        Borrowed::File(path) => engine.compile_file(path),
    }
}

/// Registers the plugin `name` from what [`compile`] made.
pub fn register(engine: &Engine, name: &str, source: Borrowed<'_>, config: &Config) -> Result<()> {
    // SAFETY: Python's documentation says that it runs as code, so that its author must be trusted; the host has said by
    // `compiled=True` that it is.
    unsafe {
        match source {
            Borrowed::Bytes(compiled) => engine.register_compiled(name, compiled, config),
            Borrowed::File(path) => engine.register_compiled_file(name, path, config),
        }
    }
}
