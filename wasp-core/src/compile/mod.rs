//! From a module's bytes to machine code.

mod address_maps;
mod binary;
#[allow(unsafe_code)] // Loads machine code.
pub(crate) mod cache;
mod constant_text;
mod data_segments;
pub(crate) mod debug_lines;
mod instrument;
mod kept_artifact;
pub(crate) mod machine_code;
pub(crate) mod modules;
mod name_section;
pub(crate) mod packed_script;
pub(crate) mod proposals;
mod refusal;
pub(crate) mod target;
mod trace_data;

pub(crate) use crate::compile::binary::Binary;

use crate::base::abi_names::SIGNATURES;
use crate::base::error::{ErrorKind, Result};
use crate::compile::cache::{Compiled, Entry};
use crate::compile::machine_code::{Urgency, check_frames, check_presence, compile, outline};
use crate::compile::modules::{Modules, Ready};
use crate::compile::packed_script::PackedScript;
use crate::compile::refusal::{guarded, refused};
use crate::compile::target::{Backend, Target};
use crate::config::engine_options::{Compiler, Options};
use crate::config::limits::Limits;
use crate::vm::bounds::Bounds;
use crate::vm::tunables::PluginTunables;
use std::sync::Arc;
use wasmer::sys::NativeEngineExt;
use wasmer_types::ModuleInfo;

/// Where a plugin's machine code comes from.
pub(crate) enum Source<'a> {
    /// WebAssembly, in its binary or its text format.
    Wasm(&'a [u8]),
    /// What is there already.
    Known(Known<'a>),
}

/// What a plugin is made of when its module was read.
pub(crate) enum Known<'a> {
    Binary(Binary<'a>),
    /// What [`Compiled::to_bytes`] made.
    Compiled(Vec<u8>),
    /// What another plugin runs.
    Ready(Arc<Ready>),
}

/// A source that was read.
pub(crate) struct Unpacked<'a> {
    pub known: Known<'a>,
    /// The script that its module carries along.
    pub script: Option<PackedScript>,
    /// The module that the host gave, where it carries none.
    pub module: Option<Binary<'a>>,
}

/// A module whose machine code came soonest, and is to be replaced by code that runs faster.
pub(crate) struct Unoptimised {
    binary: Binary<'static>,
    target: Target,
}

impl<'a> Source<'a> {
    /// Returns how many bytes it is.
    pub(crate) fn size(&self) -> usize {
        match self {
            Source::Wasm(wasm) => wasm.len(),
            Source::Known(Known::Binary(binary)) => binary.bytes.len(),
            Source::Known(Known::Compiled(bytes)) => bytes.len(),
            Source::Known(Known::Ready(_)) => 0,
        }
    }

    /// Reads it, and takes the script out that the module carries along, if it does. Without it the module is that of its runtime,
    /// whose machine code all its scripts share.
    pub(crate) fn unpacked(self) -> Result<Unpacked<'a>> {
        let wasm = match self {
            Source::Wasm(wasm) => wasm,
            Source::Known(known) => return Ok(Unpacked { known, script: None, module: None }),
        };
        let binary = Binary::read(wasm)?;
        Ok(match packed_script::split(&binary.bytes)? {
            Some((script, module)) => {
                let known = Known::Binary(Binary::new(module.into()));
                Unpacked { known, script: Some(script), module: None }
            }
            None => {
                let module = Some(binary.clone());
                Unpacked { known: Known::Binary(binary), script: None, module }
            }
        })
    }
}

impl Known<'_> {
    /// Returns the machine code with the wasmer engine that holds it, which plugins of the same bytes share; and the module, if it
    /// is to be compiled again.
    ///
    /// A module is refused by `check` before it is compiled, which is what takes long.
    #[allow(unsafe_code)] // Loads machine code that the host vouches for.
    pub(crate) fn compiled(
        self,
        options: &Options,
        bounds: Bounds,
        known: &Modules,
        check: &dyn Fn(&ModuleInfo) -> Result<()>,
    ) -> Result<(Arc<Ready>, Option<Unoptimised>)> {
        match self {
            Known::Ready(ready) => Ok((ready, None)),
            Known::Binary(binary) => {
                let target = Target { backend: Backend::preferred(options.compiler), bounds };
                if options.compiler == Compiler::Tiered {
                    return soonest(binary, target, options, known, check);
                }
                let ready = made(&binary, target, Urgency::Foreground, options, known, check)?;
                Ok((ready, None))
            }
            Known::Compiled(bytes) => {
                let target = Target::ahead_of_time(options.compiler);
                let fingerprint = target.fingerprint();
                // SAFETY: whoever registers compiled bytes promises that wasp made them.
                let compiled =
                    guarded(|| unsafe { Compiled::from_bytes(bytes, &fingerprint, None) })?;
                let compiled = compiled.map_err(|reason| {
                    refused(format!("the compiled module can't be used: {reason}"))
                })?;
                check_frames(&compiled.module)?;
                Ok((Arc::new(Ready::new(compiled, target.bounds)), None))
            }
        }
    }
}

impl Unoptimised {
    /// Returns the machine code that runs faster, compiled by one thread.
    pub(crate) fn optimised(&self, options: &Options, known: &Modules) -> Result<Arc<Ready>> {
        let Self { binary, target } = self;
        made(binary, *target, Urgency::Background, options, known, &|_| Ok(()))
    }
}

/// Returns the machine code for `target` if it is there already, and Singlepass's otherwise. What Singlepass doesn't take is
/// compiled for `target`.
fn soonest(
    binary: Binary<'_>,
    target: Target,
    options: &Options,
    known: &Modules,
    check: &dyn Fn(&ModuleInfo) -> Result<()>,
) -> Result<(Arc<Ready>, Option<Unoptimised>)> {
    check_presence(Backend::Singlepass)?;
    let there = known.get_if_there(binary.hash, target, || {
        let Some(entry) = entry(&binary, target, options)? else { return Ok(None) };
        guarded(|| entry.load())?.map(|compiled| ready(compiled, target)).transpose()
    })?;
    if let Some(ready) = there {
        return Ok((ready, None));
    }
    let quick = Target { backend: Backend::Singlepass, ..target };
    match made(&binary, quick, Urgency::Foreground, options, known, check) {
        Ok(ready) => Ok((ready, Some(Unoptimised { binary: binary.into_owned(), target }))),
        // SIMD, for one. Whatever else is wrong with it, Cranelift says too.
        Err(error) if error.kind() == ErrorKind::Compile => {
            let ready = made(&binary, target, Urgency::Foreground, options, known, check)?;
            Ok((ready, None))
        }
        Err(error) => Err(error),
    }
}

/// Returns the machine code for `target`: another plugin's, or from the cache directory, or compiled.
fn made(
    binary: &Binary<'_>,
    target: Target,
    urgency: Urgency,
    options: &Options,
    known: &Modules,
    check: &dyn Fn(&ModuleInfo) -> Result<()>,
) -> Result<Arc<Ready>> {
    known.get(binary.hash, target, || {
        let entry = entry(binary, target, options)?;
        if let Some(entry) = &entry
            && let Some(compiled) = guarded(|| entry.load())?
        {
            return ready(compiled, target);
        }
        let compiled = compile(&binary.bytes, target, urgency, check)?;
        if let Some(entry) = &entry {
            guarded(|| entry.keep(&compiled))??;
        }
        ready(compiled, target)
    })
}

fn entry<'a>(
    binary: &Binary<'_>,
    target: Target,
    options: &'a Options,
) -> Result<Option<Entry<'a>>> {
    let directory = options.cache_directory.as_ref();
    directory.map(|path| Entry::new(path, binary.hash, target, &options.log)).transpose()
}

fn ready(compiled: Compiled, target: Target) -> Result<Ready> {
    check_frames(&compiled.module)?;
    Ok(Ready::new(compiled, target.bounds))
}

/// The wasmer engine of `ready`, for a plugin that makes its memories and tables within `limits`.
pub(crate) fn engine_within(ready: &Ready, limits: &Limits) -> wasmer::Engine {
    let mut engine = ready.compiled.engine.clone();
    engine.set_tunables(PluginTunables::new(*limits, ready.bounds));
    engine
}

/// What a module says of itself, without being compiled.
pub(crate) struct Outline {
    pub info: ModuleInfo,
    /// Its own listing of its functions, where that can be read without running it.
    pub listing: Option<String>,
    /// The language of the script that it carries along.
    pub language: Option<String>,
}

/// Reads `wasm`, in either format, and checks that it is valid; nothing is compiled, and nothing runs.
pub(crate) fn inspect(wasm: &[u8]) -> Result<Outline> {
    let binary = Binary::read(wasm)?;
    let info = outline(&binary.bytes)?;
    let listing = guarded(|| constant_text::read(&binary.bytes, SIGNATURES))?;
    let language = packed_script::of_module(&binary.bytes)?.map(|script| script.language);
    Ok(Outline { info, listing, language })
}

/// A module's machine code as bytes, for [`Source::Compiled`].
pub(crate) fn to_bytes(wasm: &[u8], options: &Options, known: &Modules) -> Result<Vec<u8>> {
    let binary = Binary::read(wasm)?;
    packed_script::of_module(&binary.bytes)?;
    let target = Target::ahead_of_time(options.compiler);
    let ready = made(&binary, target, Urgency::Foreground, options, known, &|_| Ok(()))?;
    ready.compiled.to_bytes(&target.fingerprint(), &binary.hash)
}
