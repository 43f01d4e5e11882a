//! One compilation: from a module's binary format to machine code.

use crate::base::error::{Error, ErrorKind, Result};
use crate::compile::cache::Compiled;
use crate::compile::data_segments;
use crate::compile::instrument::Instrument;
use crate::compile::refusal::{guarded, invalid, one_line, refused};
use crate::compile::target::{Backend, Target};
use crate::config::engine_options::Compiler;
use crate::config::limits::Limits;
use crate::sys::guest_zone;
use crate::sys::process::generation;
use crate::vm::tunables::PluginTunables;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmer::Module;
use wasmer::sys::wasmparser::{Parser, Payload};
use wasmer::sys::{CompilerConfig, Cranelift, EngineBuilder, Features, NativeEngineExt};
use wasmer_compiler::ModuleEnvironment;
use wasmer_types::ModuleInfo;
use wasmer_types::entity::EntityRef;

/// Modules of fewer bytes are compiled by one thread.
const PARALLEL: usize = 128 << 10;

/// Decides how many threads compile a module.
#[derive(Clone, Copy)]
pub(super) enum Urgency {
    /// Somebody waits: one for each processor, where that pays off.
    Foreground,
    /// Nobody waits, and the processors are the host's: one.
    Background,
}

impl Urgency {
    /// Returns how many. Each compilation makes a pool of its own: threads pay off for large modules only.
    fn threads(self, size: usize) -> NonZero<usize> {
        match self {
            Urgency::Foreground if size >= PARALLEL => {
                std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
            }
            _ => NonZero::<usize>::MIN,
        }
    }

    /// Runs a compilation. wasmer's part of it asks the pool of rayon that it runs in, and that is a global one with a thread for
    /// each processor, which a fork leaves behind: in a child of a process that compiled, it would wait for them for ever, and
    /// gets a pool of its own.
    fn run<T: Send>(self, compile: impl FnOnce() -> T + Send) -> Result<T> {
        static FIRST: AtomicU64 = AtomicU64::new(0);
        let (now, relaxed) = (generation(), Ordering::Relaxed);
        let first = FIRST.compare_exchange(0, now, relaxed, relaxed).unwrap_or_else(|first| first);
        if matches!(self, Urgency::Foreground) && (first == 0 || first == now) {
            return Ok(compile());
        }
        // As much stack as a main thread has.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(8 << 20).build();
        let pool = pool.map_err(|error| {
            Error::new(ErrorKind::Resource, format!("there is no thread to compile on: {error}"))
        })?;
        Ok(pool.install(compile))
    }
}

/// Compiles a module, unless `check` refuses it, which is asked first.
#[allow(unsafe_code)] // Compiles without validating twice.
pub(super) fn compile(
    wasm: &[u8],
    target: Target,
    urgency: Urgency,
    check: &dyn Fn(&ModuleInfo) -> Result<()>,
) -> Result<Compiled> {
    let instrument = Arc::new(Instrument::new(target.backend == Backend::Cranelift));
    let engine = engine(target, urgency.threads(wasm.len()), &instrument)?;
    validate(&engine, wasm, target.backend)?;
    // What can't be read here is refused below, in the compiler's words.
    if let Ok(Ok(outline)) = guarded(|| ModuleEnvironment::new().translate(wasm)) {
        check(&outline.module)?;
    }
    let joined = data_segments::joined(wasm);
    // SAFETY: it was validated just now, by the same engine, and is as valid with fewer segments.
    let compile = || guarded(|| unsafe { Module::from_binary_unchecked(&engine, &joined) });
    let module = urgency.run(compile)??;
    let module = module.map_err(|error| refused(one_line(&error.to_string())))?;
    let code_offset = code_offset(wasm);
    Ok(Compiled { engine, module, seen: instrument.seen(), code_offset, kept: None })
}

/// Returns where in the module its code section's contents begin, from which DWARF counts; 0 if it has no code.
fn code_offset(wasm: &[u8]) -> u32 {
    let mut payloads = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let start = payloads.find_map(|payload| match payload {
        Payload::CodeSectionStart { range, .. } => u32::try_from(range.start).ok(),
        _ => None,
    });
    start.unwrap_or_default()
}

fn validate(engine: &wasmer::Engine, wasm: &[u8], backend: Backend) -> Result<()> {
    guarded(|| Module::validate(engine, wasm))?
        .map_err(|error| invalid(&error.to_string(), backend))
}

/// Returns what a module says of itself, if it is valid. Nothing is compiled.
pub(super) fn outline(wasm: &[u8]) -> Result<ModuleInfo> {
    // What either compiler takes.
    let target = Target::ahead_of_time(Compiler::Cranelift);
    let engine = engine(target, NonZero::<usize>::MIN, &Arc::new(Instrument::new(false)))?;
    validate(&engine, wasm, target.backend)?;
    let outline =
        guarded(|| ModuleEnvironment::new().translate(wasm).map(|outline| outline.module))?;
    outline.map_err(|error| refused(one_line(&error.to_string())))
}

fn engine(
    target: Target,
    threads: NonZero<usize>,
    instrument: &Arc<Instrument>,
) -> Result<wasmer::Engine> {
    let config = compiler_config(target.backend, threads, Arc::clone(instrument))?;
    let builder = EngineBuilder::new(config).set_features(Some(features(target.backend)));
    let mut engine: wasmer::Engine = builder.engine().into();
    engine.set_tunables(PluginTunables::new(Limits::default(), target.bounds));
    Ok(engine)
}

/// Refuses functions that could step over the zone below their stack, where the compiler doesn't probe it.
pub(super) fn check_frames(module: &Module) -> Result<()> {
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
fn features(backend: Backend) -> Features {
    let mut features = Features::none();
    features.reference_types(true).bulk_memory(true).multi_value(true).multi_memory(true);
    features.extended_const(true);
    // Singlepass has neither.
    let optimises = backend == Backend::Cranelift;
    features.simd(optimises).exceptions(optimises);
    features
}

/// Fails where this build of wasp is without the compiler.
pub(super) fn check_presence(backend: Backend) -> Result<()> {
    if backend == Backend::Singlepass && !cfg!(feature = "singlepass") {
        let message =
            r#"this build of wasp is without the compiler "singlepass"; "cranelift" is there"#;
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(())
}

fn compiler_config(
    backend: Backend,
    threads: NonZero<usize>,
    instrument: Arc<Instrument>,
) -> Result<Box<dyn CompilerConfig>> {
    check_presence(backend)?;
    let mut config: Box<dyn CompilerConfig> = match backend {
        #[cfg(feature = "singlepass")]
        Backend::Singlepass => {
            let mut singlepass = wasmer::sys::Singlepass::default();
            singlepass.num_threads(threads);
            Box::new(singlepass)
        }
        #[cfg(not(feature = "singlepass"))]
        Backend::Singlepass => unreachable!("its absence was noticed"),
        Backend::Cranelift => {
            let mut cranelift = Cranelift::default();
            cranelift.num_threads(threads);
            Box::new(cranelift)
        }
    };
    config.push_middleware(instrument);
    Ok(config)
}
