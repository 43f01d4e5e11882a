//! Engines, and the plugins that they hold.

use crate::failure::{Outcome, Plain};
use crate::frame;
use crate::handle::{Handle, Held};
use crate::info::neither;
use crate::log::{Lines, Records, level};
use crate::message::{Deliver, Done, Message, Plugin};
use crate::script::{Runtimes, Script};
use crate::spawn::spawn;
use crate::task::{AsyncTask, TaskHandle};
use crate::value::JsArg;
use crate::{compiled, config};
use napi::bindgen_prelude::{Buffer, Function, FunctionCallContext, Object};
use napi::threadsafe_function::UnknownReturnValue;
use std::sync::Arc;
use wasp_core::{Compiler, Config, Engine, Error, Level, Options, Stdio};

/// How an engine's plugins are made and run. Which there are is known to `lib/engine.js`, since a name and its callbacks
/// must change hands at once.
pub(crate) struct EngineHandle {
    options: Options,
    runtimes: Arc<Runtimes>,
    deliver: Arc<Deliver>,
    lines: Lines,
}

/// A plugin that is to be registered.
struct Candidate {
    name: String,
    source: JsArg<'static>,
    /// Nothing where it is a module.
    script: Option<Script>,
    /// Whether the source is what `compile` made.
    is_compiled: bool,
    config: Config,
    options: Options,
    runtimes: Arc<Runtimes>,
    deliver: Arc<Deliver>,
}

impl Candidate {
    /// From the arguments `(engine, name, source, config, _, script)`.
    fn read(context: &FunctionCallContext<'_>) -> napi::Result<Self> {
        let handle: Held<'_, EngineHandle> = context.get(0)?;
        let script: Option<Object<'_>> = context.get(5)?;
        let given: Object<'_> = context.get(3)?;
        Ok(Self {
            name: context.get(1)?,
            source: context.get(2)?,
            is_compiled: given.get::<bool>("compiled")?.unwrap_or(false),
            config: config::read(&given, script.is_some())?,
            script: script.as_ref().map(Script::read).transpose()?,
            options: handle.options.clone(),
            runtimes: Arc::clone(&handle.runtimes),
            deliver: Arc::clone(&handle.deliver),
        })
    }

    fn register(self) -> Result<Plugin, Error> {
        let Self { name, source, script, is_compiled, config, options, runtimes, deliver } = self;
        if let Some(script) = script {
            let engine = script.register(&name, &source, &config, &runtimes)?;
            return Ok(Plugin { engine, name, deliver });
        }
        let engine = Engine::with_options(options);
        match &source {
            source if is_compiled => compiled::register(&engine, &name, source, &config)?,
            JsArg::String(path) => engine.register_file(&name, &**path, &config)?,
            JsArg::Bytes(wasm) => engine.register(&name, wasm, &config)?,
            other => return Err(neither(&format!("plugin {name:?}"), other)),
        }
        Ok(Plugin { engine, name, deliver })
    }
}

/// `engine(options, deliver)`
pub(crate) fn new(context: FunctionCallContext<'_>) -> napi::Result<Handle<EngineHandle>> {
    let given: Object<'_> = context.get(0)?;
    let deliver: Function<'_, Message, UnknownReturnValue> = context.get(1)?;
    let deliver = deliver.build_threadsafe_function().weak::<true>().build()?;
    let lines = Lines::default();
    let mut options = Options::default();
    options.compiler = match given.get::<String>("compiler")?.as_deref() {
        Some("singlepass") => Compiler::Singlepass,
        Some("tiered") => Compiler::Tiered,
        _ => Compiler::Cranelift,
    };
    options.stdio = match given.get::<String>("stdio")?.as_deref() {
        Some("inherit") => Stdio::Inherit,
        Some("output") => Stdio::Output,
        Some("none") => Stdio::None,
        _ => Stdio::Log,
    };
    options.cache_directory = given.get::<String>("cacheDir")?.map(Into::into);
    options.kernel_fault_counts = given.get::<bool>("kernelFaultCounts")?.unwrap_or(false);
    if let Some(name) = given.get::<String>("logLevel")? {
        options.log = lines.log(level(&name).unwrap_or(Level::Info));
    }
    let runtimes = Arc::new(Runtimes::new(options.clone()));
    Ok(Handle(EngineHandle { options, runtimes, deliver: Arc::new(deliver), lines }))
}

/// `register(engine, name, source, config, callbacks, script)`; a script is what `Script` reads, or undefined.
pub(crate) fn register(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Handle<Plugin>>> {
    let candidate = Candidate::read(&context)?;
    Ok(Outcome(frame::on_thread(&context, 4, || candidate.register())?.map(Handle)))
}

/// `registerAsync(engine, name, source, config, id, script)`: it goes on on a worker, and its outcome is delivered.
pub(crate) fn register_async(
    context: FunctionCallContext<'_>,
) -> napi::Result<Outcome<Handle<TaskHandle>>> {
    let candidate = Candidate::read(&context)?;
    let task = Arc::new(AsyncTask::new(context.get(4)?, &candidate.deliver, None));
    Ok(Outcome(spawn(task, || candidate.register().map(Done::Registered))))
}

/// `compile(engine, pathOrBytes)`
pub(crate) fn compile(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Buffer>> {
    let handle: Held<'_, EngineHandle> = context.get(0)?;
    let engine = Engine::with_options(handle.options.clone());
    let compiled = match context.get(1)? {
        JsArg::String(path) => engine.compile_file(&*path),
        JsArg::Bytes(wasm) => engine.compile(&wasm),
        other => Err(neither("what is compiled", &other)),
    };
    Ok(Outcome(compiled.map(Buffer::from)))
}

/// `release(plugin)`: nobody makes instances of it any more, and those that exist keep what they need.
pub(crate) fn release(context: FunctionCallContext<'_>) -> napi::Result<Plain> {
    let plugin: Held<'_, Plugin> = context.get(0)?;
    Ok(Outcome::new(plugin.engine.unregister(&plugin.name)))
}

/// `pluginsMemory(engine, ...plugins)`: what all of them take, and the script runtimes of the engine.
pub(crate) fn memory_used(context: FunctionCallContext<'_>) -> napi::Result<f64> {
    let handle: Held<'_, EngineHandle> = context.get(0)?;
    let plugins = (1..context.length()).map(|at| context.get(at));
    let plugins = plugins.collect::<napi::Result<Vec<Held<'_, Plugin>>>>()?;
    let engines = plugins.iter().map(|plugin| &plugin.engine).chain(handle.runtimes.engine());
    Ok(Engine::memory_used_by(engines) as f64)
}

/// `takeLog(engine)`
pub(crate) fn take_log(context: FunctionCallContext<'_>) -> napi::Result<Records> {
    Ok(context.get::<Held<'_, EngineHandle>>(0)?.lines.take())
}
