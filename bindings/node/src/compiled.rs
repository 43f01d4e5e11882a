//! Modules that are compiled ahead of time.

use crate::engine::EngineHandle;
use crate::failure::Outcome;
use crate::handle::Held;
use crate::info;
use crate::value::JsArg;
use napi::bindgen_prelude::{Buffer, FunctionCallContext};
use wasp_core::{Config, Engine, Error, ErrorKind, Result};

/// `compile(engine, pathOrBytes)`
pub(crate) fn compile(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Buffer>> {
    let handle: Held<'_, EngineHandle> = context.get(0)?;
    let engine = handle.new_engine();
    let compiled = match context.get(1)? {
        JsArg::String(path) => engine.compile_file(&*path),
        JsArg::Bytes(wasm) => engine.compile(&wasm),
        other => Err(neither("what is compiled", &other)),
    };
    Ok(Outcome(compiled.map(Buffer::from)))
}

/// Registers the plugin `name` from what [`compile`] made.
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

/// Makes the error for what is no module.
pub(crate) fn neither(what: &str, given: &JsArg<'_>) -> Error {
    let given = info::what(given);
    let message = format!("{what} is neither a path nor the bytes of a module, it is {given}");
    Error::from_host(ErrorKind::Invalid, message)
}
