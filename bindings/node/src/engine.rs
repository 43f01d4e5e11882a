//! Engines.

use crate::away::{Deliver, Message};
use crate::config;
use crate::failure::{Outcome, Ready};
use crate::frame::{self, Frame};
use crate::log::{Lines, level};
use crate::value::Given;
use napi::JsValue;
use napi::bindgen_prelude::{External, Function, FunctionCallContext, Object, Unknown};
use napi::threadsafe_function::UnknownReturnValue;
use std::sync::Arc;
use wasp_core::{Compiler, Engine, Error, ErrorKind, Level, Options, Stdio};

/// What JavaScript holds of an engine.
pub(crate) struct Handle {
    pub engine: Engine,
    pub deliver: Arc<Deliver>,
    lines: Lines,
}

/// `engine(options, deliver)`
pub(crate) fn new(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let given: Object<'_> = context.get(0)?;
    let deliver: Function<'_, Message, UnknownReturnValue> = context.get(1)?;
    let deliver = deliver.build_threadsafe_function().weak::<true>().build()?;
    let lines = Lines::default();
    let mut options = Options::default();
    if given.get::<String>("compiler")?.as_deref() == Some("singlepass") {
        options.compiler = Compiler::Singlepass;
    }
    options.stdio = match given.get::<String>("stdio")?.as_deref() {
        Some("log") => Stdio::Log,
        Some("none") => Stdio::None,
        _ => Stdio::Inherit,
    };
    options.cache_directory = given.get::<String>("cacheDir")?.map(Into::into);
    if let Some(name) = given.get::<String>("logLevel")? {
        options.log = lines.log(level(&name).unwrap_or(Level::Info));
    }
    let handle =
        Handle { engine: Engine::with_options(options), deliver: Arc::new(deliver), lines };
    Ok(Outcome(Ok(Ready::new(context.env, External::new(handle))?)))
}

/// `register(engine, name, pathOrBytes, config, callbacks)`
pub(crate) fn register(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let engine = &context.get::<&External<Handle>>(0)?.engine;
    let name: String = context.get(1)?;
    let config = config::read(&context.get(3)?)?;
    let source: Given = context.get(2)?;
    let result = here(&context, 4, || match &source {
        Given::String(path) => engine.register_file(&name, path, &config),
        Given::Bytes(wasm) => engine.register(&name, wasm, &config),
        _ => Err(Error::from_host(
            ErrorKind::Invalid,
            format!("plugin {name:?} is neither a path nor the bytes of a module"),
        )),
    })?;
    Outcome::new(context.env, result)
}

/// Runs `body`, whose guest may call back to the functions that argument number `at` holds.
pub(crate) fn here<R>(
    context: &FunctionCallContext<'_>,
    at: usize,
    body: impl FnOnce() -> R,
) -> napi::Result<R> {
    let callbacks: Unknown<'_> = context.get(at)?;
    let frame = Frame::Here { env: context.env.raw(), callbacks: callbacks.raw() };
    Ok(frame::within(frame, body))
}

/// `unregister(engine, name)`
pub(crate) fn unregister(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let name: String = context.get(1)?;
    let result = context.get::<&External<Handle>>(0)?.engine.unregister(&name);
    Outcome::new(context.env, result)
}

/// `takeLog(engine)`
pub(crate) fn take_log(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let lines = context.get::<&External<Handle>>(0)?.lines.take(context.env)?;
    Ok(Outcome(Ok(Ready::new(context.env, lines)?)))
}
