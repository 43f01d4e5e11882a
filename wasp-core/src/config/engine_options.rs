//! How an engine works.

use crate::base::log::Log;
use std::path::PathBuf;

/// The compiler that translates plugins to machine code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compiler {
    /// Compiles fastest, in one pass; the code runs slower.
    ///
    /// It is in wasp where the feature `singlepass` is, a default one. Unlike the rest it is not open source: "Licences" in
    /// the README.
    Singlepass,
    /// Optimises: compiles slower; the code runs fastest.
    #[default]
    Cranelift,
    /// Both: a plugin is registered with Singlepass's code, a thread compiles it with Cranelift meanwhile, and new instances run
    /// that code when it is ready. Existing ones keep what they have.
    ///
    /// Both start from the same snapshot. The log says "Plugin optimised", at [`Level::Debug`](crate::Level::Debug). What
    /// Singlepass doesn't take, such as SIMD, is compiled by Cranelift at once, and so is what is compiled ahead of time. The two
    /// may differ in the bits of a NaN.
    Tiered,
}

/// Where the standard streams of plugins lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stdio {
    /// They are inherited from this process: the plugin reads its input, too.
    Inherit,
    /// Output goes to this process's; input is empty.
    Output,
    /// Output goes to the log, line by line, and nowhere without a log; input is empty.
    #[default]
    Log,
    /// Output is dropped; input is empty.
    None,
}

/// Options of an [`Engine`](crate::Engine).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The compiler that translates plugins to machine code.
    pub compiler: Compiler,
    /// The directory that keeps compiled modules between runs, so that each is compiled once; none by default. Processes
    /// may share it, and it is created if it doesn't exist. Its files run as code: only the user who runs the process may
    /// be able to write there.
    pub cache_directory: Option<PathBuf>,
    /// The directory with the script runtimes that come with wasp, a file `<language>.wasm` each, such as `javascript.wasm`; none by
    /// default, or that in the environment variable `WASP_RUNTIMES`. A runtime is loaded when the first script of its language is
    /// registered.
    pub runtime_directory: Option<PathBuf>,
    /// Where the standard streams of plugins lead.
    pub stdio: Stdio,
    /// Asks the kernel at each reset of an instance whether pages of its memory were written to, 200 ns on common machines, and
    /// doesn't believe the processor, which tells for nothing on x86-64. wasp finds out by itself where the processor can't be
    /// believed; this, and the environment variable `WASP_KERNEL_FAULT_COUNTS`, are for the case that it doesn't.
    pub kernel_fault_counts: bool,
    /// Receives log records; by default none are made.
    pub log: Log,
    /// Which of the process's standard streams were open when the engine was made.
    pub(crate) open_streams: [bool; 3],
}
