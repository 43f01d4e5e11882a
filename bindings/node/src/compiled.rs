//! Modules that are compiled ahead of time.

use crate::info::neither;
use crate::value::JsArg;
use wasp_core::{Config, Engine, Result};

/// Registers the plugin `name` from what `compile` made.
pub(crate) fn register(
    engine: &Engine,
    name: &str,
    source: &JsArg<'_>,
    config: &Config,
) -> Result<()> {
    // SAFETY: the types' documentation says that it runs as code, so that its author must be trusted; the host has said by the
    // option `compiled` that it is.
    unsafe {
        match source {
            JsArg::String(path) => engine.register_compiled_file(name, &**path, config),
            JsArg::Bytes(compiled) => engine.register_compiled(name, compiled, config),
            other => Err(neither(&format!("plugin {name:?}"), other)),
        }
    }
}
