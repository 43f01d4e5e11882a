//! How an engine works.

use crate::base::log::Log;
use std::path::PathBuf;

/// Which compiler makes machine code of plugins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compiler {
    /// Compiles in one pass: ready soonest, runs slower.
    Singlepass,
    /// Optimises: takes longer, runs fastest.
    #[default]
    Cranelift,
}

/// What the standard streams of plugins are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stdio {
    /// Those of this process.
    #[default]
    Inherit,
    /// Nothing to read; what plugins write goes to the log, line by line.
    Log,
    /// Nothing to read; what plugins write is dropped.
    None,
}

/// How an [`Engine`](crate::Engine) works.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Which compiler makes machine code of plugins.
    pub compiler: Compiler,
    /// Where compiled modules are kept between runs, so that each is compiled once; nowhere by default. Processes may
    /// share the directory, which is made if it isn't there. It must belong to whoever runs the process, and to nobody
    /// else: what is in it runs as code.
    pub cache_directory: Option<PathBuf>,
    /// What the standard streams of plugins are.
    pub stdio: Stdio,
    /// Who hears what happens; nobody by default.
    pub log: Log,
}
