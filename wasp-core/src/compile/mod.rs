//! From a module's bytes to machine code.

#[allow(unsafe_code)] // Loads machine code.
pub(crate) mod cache;
mod instrument;
pub(crate) mod modules;
mod name_section;
pub(crate) mod target;

use crate::base::error::panic_message;
use crate::base::error::{Error, ErrorKind, Result};
use crate::compile::cache::{Compiled, Hash};
use crate::compile::instrument::Instrument;
use crate::compile::modules::{Modules, Ready};
use crate::compile::target::Target;
use crate::config::engine_options::{Compiler, Options};
use crate::config::limits::Limits;
use crate::sys::executable;
use crate::sys::guest_zone;
use crate::sys::host_stack;
use crate::sys::process::generation;
use crate::vm::bounds::Bounds;
use crate::vm::tunables::PluginTunables;
use std::borrow::Cow;
use std::num::NonZero;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use wasmer::Module;
use wasmer::sys::{CompilerConfig, Cranelift, EngineBuilder, Features, NativeEngineExt};
use wasmer_compiler::ModuleEnvironment;
use wasmer_types::ModuleInfo;
use wasmer_types::entity::EntityRef;

/// How much of the host's stack reading the text format may take. Its reader calls itself for what is nested, and has a limit of
/// its own, which asks for a third of this.
const TEXT_NEEDS: usize = 1 << 20;

/// Modules of fewer bytes are compiled by one thread.
const PARALLEL: usize = 128 << 10;

/// Where a plugin's machine code comes from.
pub(crate) enum Source<'a> {
    /// WebAssembly, in its binary or its text format.
    Wasm(&'a [u8]),
    /// What [`Compiled::to_bytes`] made.
    Compiled(Vec<u8>),
}

impl Source<'_> {
    /// The machine code, and the wasmer engine that holds it. Plugins of the same bytes share both.
    ///
    /// A module is refused by `check` before it is compiled, which is what takes long.
    #[allow(unsafe_code)] // Loads machine code that the host vouches for.
    pub(crate) fn compiled(
        self,
        options: &Options,
        bounds: Bounds,
        known: &Modules,
        check: &dyn Fn(&ModuleInfo) -> Result<()>,
    ) -> Result<Arc<Ready>> {
        let compiler = options.compiler;
        match self {
            Source::Wasm(wasm) => {
                let wasm = binary(wasm)?;
                let hash = cache::hash(&wasm);
                let target = Target { compiler, bounds };
                known.get(hash, target, || from_wasm(&wasm, hash, target, options, check))
            }
            Source::Compiled(bytes) => {
                let target = Target::ahead_of_time(compiler);
                let fingerprint = target.fingerprint();
                // SAFETY: whoever registers compiled bytes promises that wasp made them.
                let compiled =
                    guarded(|| unsafe { Compiled::from_bytes(bytes, &fingerprint, None) })?;
                let compiled = compiled.map_err(|reason| {
                    refused(format!("the compiled module can't be used: {reason}"))
                })?;
                check_frames(&compiled.module)?;
                Ok(Arc::new(Ready { compiled, bounds: target.bounds }))
            }
        }
    }
}

/// Compiles `wasm`, or loads it from the cache directory.
fn from_wasm(
    wasm: &[u8],
    hash: Hash,
    target: Target,
    options: &Options,
    check: &dyn Fn(&ModuleInfo) -> Result<()>,
) -> Result<Ready> {
    let compile = || compile(wasm, target, check);
    let compiled = match &options.cache_directory {
        Some(directory) => {
            guarded(|| cache::load_or_compile(directory, &options.log, target, hash, compile))?
        }
        None => compile(),
    }?;
    check_frames(&compiled.module)?;
    Ok(Ready { compiled, bounds: target.bounds })
}

/// The wasmer engine of `ready`, for a plugin that makes its memories and tables within `limits`.
pub(crate) fn engine_within(ready: &Ready, limits: &Limits) -> wasmer::Engine {
    let mut engine = ready.compiled.engine.clone();
    engine.set_tunables(PluginTunables::new(*limits, ready.bounds));
    engine
}

/// A module's machine code as bytes, for [`Source::Compiled`].
pub(crate) fn to_bytes(wasm: &[u8], options: &Options, known: &Modules) -> Result<Vec<u8>> {
    let wasm = binary(wasm)?;
    let target = Target::ahead_of_time(options.compiler);
    let ready = Source::Wasm(&wasm).compiled(options, target.bounds, known, &|_| Ok(()))?;
    ready.compiled.to_bytes(&target.fingerprint(), &cache::hash(&wasm))
}

fn engine(target: Target, size: usize, instrument: &Arc<Instrument>) -> Result<wasmer::Engine> {
    let config = compiler_config(target.compiler, size, Arc::clone(instrument))?;
    let builder = EngineBuilder::new(config).set_features(Some(features(target.compiler)));
    let mut engine: wasmer::Engine = builder.engine().into();
    engine.set_tunables(PluginTunables::new(Limits::default(), target.bounds));
    Ok(engine)
}

#[allow(unsafe_code)] // Compiles without validating twice.
fn compile(
    wasm: &[u8],
    target: Target,
    check: &dyn Fn(&ModuleInfo) -> Result<()>,
) -> Result<Compiled> {
    let instrument = Arc::new(Instrument::new(target.compiler == Compiler::Cranelift));
    let engine = engine(target, wasm.len(), &instrument)?;
    guarded(|| Module::validate(&engine, wasm))?.map_err(|error| {
        Error::new(ErrorKind::Compile, one_line(&format!("Validation error: {error}")))
    })?;
    // What can't be read here is refused below, in the compiler's words.
    if let Ok(Ok(outline)) = guarded(|| ModuleEnvironment::new().translate(wasm)) {
        check(&outline.module)?;
    }
    // SAFETY: it was validated just now, by the same engine.
    let compile = || guarded(|| unsafe { Module::from_binary_unchecked(&engine, wasm) });
    let module = on_living_threads(compile)??;
    let module = module.map_err(|error| refused(one_line(&error.to_string())))?;
    Ok(Compiled { engine, module, seen: instrument.seen() })
}

/// Runs a part of the compiler or of its loader, which is a lot of code and meets hostile bytes: a panic in it is an error.
fn guarded<R>(body: impl FnOnce() -> R) -> Result<R> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let text = one_line(panic_message(&*payload));
        refused(format!("the compiler can't take this module: {text}"))
    })
}

/// The error for a module that wasn't compiled. Where the process may not have code that it made itself, that is the reason.
fn refused(message: String) -> Error {
    // wasmer compiles on threads of its own, also where one is enough; Cranelift's part of it panics where there is none.
    if ["ThreadPoolBuildError", "rayon thread pool"].iter().any(|words| message.contains(words)) {
        return Error::new(ErrorKind::Resource, "there is no thread to compile on");
    }
    if executable::is_forbidden() {
        let message = "this process may not make memory executable (PR_SET_MDWE, MemoryDenyWriteExecute or a security policy), which compiled plugins need";
        return Error::new(ErrorKind::Resource, message);
    }
    Error::new(ErrorKind::Compile, message)
}

/// Runs a compilation. wasmer's part of it asks rayon's global pool, whose threads a fork leaves behind: in a child of a
/// process that compiled, it would wait for them for ever, and gets a pool of its own.
fn on_living_threads<T: Send>(compile: impl FnOnce() -> T + Send) -> Result<T> {
    static FIRST: OnceLock<u64> = OnceLock::new();
    let generation = generation();
    if *FIRST.get_or_init(|| generation) == generation {
        return Ok(compile());
    }
    // As much stack as a main thread has.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(8 << 20).build();
    let pool = pool.map_err(|error| {
        Error::new(ErrorKind::Resource, format!("there is no thread to compile on: {error}"))
    })?;
    Ok(pool.install(compile))
}

/// The module as WebAssembly's binary format, from that or from text, without names that would swell traces.
fn binary(wasm: &[u8]) -> Result<Cow<'_, [u8]>> {
    let mut wasm = any_binary(wasm)?;
    name_section::hide_long_names(&mut wasm);
    Ok(wasm)
}

fn any_binary(wasm: &[u8]) -> Result<Cow<'_, [u8]>> {
    let refuse = |text: String| Err(Error::new(ErrorKind::Compile, text));
    if wasm.is_empty() {
        return refuse("the module is empty".into());
    }
    if wasm.starts_with(b"\0asm") {
        return check_layer(wasm).map(|()| wasm.into());
    }
    let text = std::str::from_utf8(wasm).map(str::trim_start).unwrap_or_default();
    if !text.starts_with(['(', ';']) {
        return refuse("it is not WebAssembly, neither binary nor text".into());
    }
    let wasm = host_stack::with(TEXT_NEEDS, || wasmer::wat2wasm(wasm))
        .map_err(|error| {
            let message = format!("no thread to read the text format on: {error}");
            Error::new(ErrorKind::Resource, message).with_source(Box::new(error))
        })?
        .map_err(|error| Error::new(ErrorKind::Compile, one_line(&error.to_string())))?;
    check_layer(&wasm)?;
    Ok(wasm)
}

/// Refuses components: the second half of the version is the layer, 0 for modules.
fn check_layer(wasm: &[u8]) -> Result<()> {
    match wasm.get(4..8) {
        Some([_, _, 1, 0]) => {
            let message = "it is a WebAssembly component, and only modules can be plugins";
            Err(Error::new(ErrorKind::Compile, message))
        }
        _ => Ok(()),
    }
}

/// Refuses functions that could step over the zone below their stack, where the compiler doesn't probe it.
fn check_frames(module: &Module) -> Result<()> {
    let frames =
        module.sys_artifact().and_then(|artifact| artifact.finished_functions_max_stack_usage());
    for (function, bytes) in frames.unwrap_or_default() {
        if bytes.is_some_and(|bytes| bytes > guest_zone::LARGEST_FRAME) {
            let message = format!(
                "function {} needs {} bytes of stack at once, and Singlepass can check {} bytes; Cranelift has no bound",
                module.info().num_imported_functions + function.index(),
                bytes.unwrap_or_default(),
                guest_zone::LARGEST_FRAME
            );
            return Err(Error::new(ErrorKind::Compile, message));
        }
    }
    Ok(())
}

/// The addresses from the module's first compiled function to its last.
pub(crate) fn code(module: &Module) -> Range<usize> {
    let extents = module.sys_artifact().and_then(|artifact| artifact.finished_function_extents());
    let ranges = extents.unwrap_or_default().into_iter().map(|(_, extent)| {
        let start = *extent.ptr as usize;
        start..start + extent.length
    });
    ranges.reduce(|all, one| all.start.min(one.start)..all.end.max(one.end)).unwrap_or_default()
}

/// The stable proposals that plugins of today's compilers use, and no threads: an instance is one thread.
fn features(compiler: Compiler) -> Features {
    let mut features = Features::none();
    features.reference_types(true).bulk_memory(true).multi_value(true).multi_memory(true);
    features.extended_const(true);
    // Singlepass has neither.
    let optimises = compiler == Compiler::Cranelift;
    features.simd(optimises).exceptions(optimises);
    features
}

fn compiler_config(
    compiler: Compiler,
    size: usize,
    instrument: Arc<Instrument>,
) -> Result<Box<dyn CompilerConfig>> {
    // Each compilation makes a pool of its own: threads pay off for large modules only.
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let threads = if size < PARALLEL { NonZero::<usize>::MIN } else { threads };
    let mut config: Box<dyn CompilerConfig> = match compiler {
        #[cfg(feature = "singlepass")]
        Compiler::Singlepass => {
            let mut singlepass = wasmer::sys::Singlepass::default();
            singlepass.num_threads(threads);
            Box::new(singlepass)
        }
        #[cfg(not(feature = "singlepass"))]
        Compiler::Singlepass => {
            let message =
                r#"this build of wasp is without the compiler "singlepass"; "cranelift" is there"#;
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        Compiler::Cranelift => {
            let mut cranelift = Cranelift::default();
            cranelift.num_threads(threads);
            Box::new(cranelift)
        }
    };
    config.push_middleware(instrument);
    Ok(config)
}

/// The words of a message that may go over several lines, on one. Names and text of the module may be in it: what a
/// terminal would take for more than text is escaped.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = String::with_capacity(words.len());
    for char in words.chars() {
        match char {
            '\'' | '"' | '\\' => line.push(char),
            _ => line.extend(char.escape_debug()),
        }
    }
    line
}
