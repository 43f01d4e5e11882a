//! What machine code is made for.

use crate::config::engine_options::Compiler;
use crate::vm::bounds::Bounds;
use wasmer::sys::CpuFeature;

/// Counts the ways in which wasp has changed code before it is compiled: what an older one did is not loaded.
const INSTRUMENTATION: u32 = 5;

/// What translates a module: one of wasmer's compilers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Backend {
    Singlepass,
    Cranelift,
}

impl Backend {
    /// Returns the one whose code an engine with this option prefers.
    pub(crate) fn preferred(option: Compiler) -> Self {
        match option {
            Compiler::Singlepass => Self::Singlepass,
            Compiler::Cranelift | Compiler::Tiered => Self::Cranelift,
        }
    }
}

/// What machine code is made for, besides its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub backend: Backend,
    pub bounds: Bounds,
}

impl Target {
    /// Returns the target of code that is compiled before anybody knows the limits of those who will load it.
    pub(crate) fn ahead_of_time(option: Compiler) -> Self {
        Self { backend: Backend::preferred(option), bounds: Bounds::Reserved }
    }

    /// Returns a hash of all that decides over the machine code of a module.
    pub(crate) fn fingerprint(self) -> [u8; 32] {
        let Self { backend, bounds } = self;
        let (version, wasmer) = (env!("CARGO_PKG_VERSION"), wasmer_vm::VERSION);
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        let features = CpuFeature::for_host();
        let text = format!(
            "wasp {version}.{INSTRUMENTATION}, wasmer {wasmer}, {backend:?}, {bounds:?}, {os}, {arch}, {features:?}"
        );
        blake3::hash(text.as_bytes()).into()
    }
}
