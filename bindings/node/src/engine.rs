//! Engines, and the plugins that they hold.

use crate::away::{Away, Deliver, Done, Message, Tie};
use crate::config;
use crate::failure::{Outcome, Plain};
use crate::frame::{self, Frame};
use crate::handle::{Handle, Held};
use crate::log::{Lines, Records, level};
use crate::value::Given;
use napi::JsValue;
use napi::bindgen_prelude::{Function, FunctionCallContext, Object, Unknown};
use napi::threadsafe_function::UnknownReturnValue;
use std::sync::Arc;
use wasp_core::{Compiler, Config, Engine, Error, ErrorKind, Level, Options, Stdio};

/// How an engine's plugins are made and run. Which there are is known to `lib/engine.js`, since a name and its callbacks
/// must change hands at once.
pub(crate) struct Workshop {
    options: Options,
    deliver: Arc<Deliver>,
    lines: Lines,
}

/// One registered plugin: alone in an engine of the core's.
pub(crate) struct Plugin {
    pub engine: Engine,
    pub name: String,
    pub deliver: Arc<Deliver>,
}

/// A plugin that is to be registered.
struct Candidate {
    name: String,
    source: Given<'static>,
    config: Config,
    options: Options,
    deliver: Arc<Deliver>,
}

impl Candidate {
    /// From the arguments `(engine, name, pathOrBytes, config)`.
    fn read(context: &FunctionCallContext<'_>) -> napi::Result<Self> {
        let workshop: Held<'_, Workshop> = context.get(0)?;
        Ok(Self {
            name: context.get(1)?,
            source: context.get(2)?,
            config: config::read(&context.get(3)?)?,
            options: workshop.options.clone(),
            deliver: Arc::clone(&workshop.deliver),
        })
    }

    fn register(self) -> Result<Plugin, Error> {
        let Self { name, source, config, options, deliver } = self;
        let engine = Engine::with_options(options);
        match &source {
            Given::String(path) => engine.register_file(&name, &**path, &config)?,
            Given::Bytes(wasm) => engine.register(&name, wasm, &config)?,
            other => {
                let what = match other {
                    Given::Other(what) => what,
                    _ => "of another type",
                };
                return Err(Error::from_host(
                    ErrorKind::Invalid,
                    format!(
                        "plugin {name:?} is neither a path nor the bytes of a module, it is {what}"
                    ),
                ));
            }
        }
        Ok(Plugin { engine, name, deliver })
    }
}

/// `engine(options, deliver)`
pub(crate) fn new(context: FunctionCallContext<'_>) -> napi::Result<Handle<Workshop>> {
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
    Ok(Handle(Workshop { options, deliver: Arc::new(deliver), lines }))
}

/// `register(engine, name, pathOrBytes, config, callbacks)`
pub(crate) fn register(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Handle<Plugin>>> {
    let candidate = Candidate::read(&context)?;
    Ok(Outcome(here(&context, 4, || candidate.register())?.map(Handle)))
}

/// `registerAsync(engine, name, pathOrBytes, config, id)`: it goes on on a worker, and its outcome is delivered.
pub(crate) fn register_async(
    context: FunctionCallContext<'_>,
) -> napi::Result<Outcome<Handle<Tie>>> {
    let candidate = Candidate::read(&context)?;
    let away = Arc::new(Away::new(context.get(4)?, &candidate.deliver, None));
    Ok(Outcome(away.run(|| candidate.register().map(Done::Registered))))
}

/// Runs `body`, whose guest may call back by way of the function that argument number `at` is.
pub(crate) fn here<R>(
    context: &FunctionCallContext<'_>,
    at: usize,
    body: impl FnOnce() -> R,
) -> napi::Result<R> {
    let callbacks: Unknown<'_> = context.get(at)?;
    let frame = Frame::Here { env: context.env.raw(), callbacks: callbacks.raw() };
    Ok(frame::within(&frame, body))
}

/// `release(plugin)`: nobody makes instances of it any more, and those that exist keep what they need.
pub(crate) fn release(context: FunctionCallContext<'_>) -> napi::Result<Plain> {
    let plugin: Held<'_, Plugin> = context.get(0)?;
    Ok(Outcome::new(plugin.engine.unregister(&plugin.name)))
}

/// `takeLog(engine)`
pub(crate) fn take_log(context: FunctionCallContext<'_>) -> napi::Result<Records> {
    Ok(context.get::<Held<'_, Workshop>>(0)?.lines.take())
}
