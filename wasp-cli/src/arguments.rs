//! The command line's arguments, and what its help says.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 the plugin failed, or a check did; 2 the command line is wrong, or doesn't fit the plugin; \
3 a file can't be used.";

/// Looks at WebAssembly plugins, calls and checks them, makes them of scripts, and writes hosts' code for them.
#[derive(Parser)]
#[command(name = "wasp", version, arg_required_else_help = true, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Print JSON, for machines.
    #[arg(long, global = true)]
    pub json: bool,
    /// The directory of the script runtimes; by default $WASP_RUNTIMES, else those that were installed with wasp.
    #[arg(long, global = true, value_name = "DIR")]
    pub runtimes: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Command {
    /// List what a plugin offers and needs, without starting it.
    Inspect(Inspect),
    /// Call a function of a plugin.
    Call(Call),
    /// Run a program in JavaScript, Lua or pocketpy in a sandbox, and print the value of its last expression.
    Run(Run),
    /// Check that a plugin keeps the rules of the guest ABI: a line for each check.
    Check(Check),
    /// Time calls of a function, and fresh sandboxes.
    Bench(Bench),
    /// Compile a plugin ahead of time, for the same version of wasp and a processor of the same kind.
    Compile(Compile),
    /// Pack a script and its runtime into one module, which is a plugin like any other.
    Build(Build),
    /// Write typed code of a host for the plugin's functions.
    Bindgen(Bindgen),
    /// Begin a plugin: a folder with its source, its build and its test.
    New(New),
    /// Write completions for a shell.
    Completions(Completions),
    /// Write the manual's pages into a directory, one for each command.
    Man(Man),
}

/// The plugin, and what it is given.
#[derive(Args)]
pub struct Plugin {
    /// The plugin: a module (.wasm, .wat) or a script (.js, .mjs, .lua).
    pub file: PathBuf,
    /// The language of a script, whatever its file's ending is: javascript, lua, pocketpy.
    #[arg(long, value_name = "NAME")]
    pub language: Option<String>,
    /// Answer a callback: MODULE.NAME=VALUE, with kinds for scripts: "env.kv_get(string) string=VALUE". Others that are missing are
    /// a trap when they are called.
    #[arg(long, value_name = "CALLBACK", verbatim_doc_comment)]
    pub callback: Vec<String>,
    /// Set an environment variable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// The directory that the plugin sees as /workspace.
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// Seconds that start-up and each call may take.
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<f64>,
    /// The linear memory that it may have, such as 64MB or 1GiB.
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<String>,
    /// The compiler.
    #[arg(long, value_enum, default_value_t)]
    pub compiler: Compiler,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Compiler {
    /// Its code runs fastest.
    #[default]
    Cranelift,
    /// It compiles fastest.
    #[cfg(feature = "singlepass")]
    Singlepass,
}

#[derive(Args)]
pub struct Inspect {
    #[command(flatten)]
    pub plugin: Plugin,
    /// Start it, in a sandbox: for functions that are only known then, as those of scripts are.
    #[arg(long)]
    pub start: bool,
}

#[derive(Args)]
pub struct Call {
    #[command(flatten)]
    pub plugin: Plugin,
    /// The function to call.
    pub function: String,
    /// A value for each parameter, read by its kind; @FILE is what the file has, @@ begins a text with an at sign.
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
    /// The kind of the result, where the plugin doesn't declare it: string, bytes, json, i32, none.
    #[arg(long, value_name = "KIND")]
    pub returns: Option<String>,
}

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    pub plugin: Plugin,
    /// What the program finds in the global list `args`.
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
}

#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    pub plugin: Plugin,
    /// How often each function is called to find leaks.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub calls: u32,
    /// Check these functions only.
    #[arg(long = "function", value_name = "NAME")]
    pub functions: Vec<String>,
}

#[derive(Args)]
pub struct Bench {
    #[command(flatten)]
    pub plugin: Plugin,
    /// The function to call.
    pub function: String,
    /// A value for each parameter, as for `wasp call`.
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
    /// How long to measure.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    pub seconds: f64,
}

#[derive(Args)]
pub struct Compile {
    /// The module (.wasm, .wat).
    pub file: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The compiler.
    #[arg(long, value_enum, default_value_t)]
    pub compiler: Compiler,
}

#[derive(Args)]
pub struct Build {
    /// The script: .js, .mjs and .lua, and .py for pocketpy.
    pub file: PathBuf,
    /// The module to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The language of the script, whatever its file's ending is.
    #[arg(long, value_name = "NAME")]
    pub language: Option<String>,
}

#[derive(Args)]
pub struct Bindgen {
    #[command(flatten)]
    pub plugin: Plugin,
    /// The language of the host.
    #[arg(long, value_enum)]
    pub lang: HostLanguage,
    /// The name of what is written; by default the file's.
    #[arg(long)]
    pub name: Option<String>,
    /// The file to write, instead of the standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum HostLanguage {
    /// TypeScript, for Node.js.
    Ts,
    /// Python.
    Python,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// C.
    C,
}

#[derive(Args)]
pub struct New {
    /// The language of the plugin.
    #[arg(value_enum)]
    pub lang: GuestLanguage,
    /// Its name, and that of its folder.
    pub name: String,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum GuestLanguage {
    /// Rust.
    Rust,
    /// C.
    C,
    /// C++.
    Cpp,
    /// Go.
    Go,
    /// AssemblyScript.
    Assemblyscript,
    /// Zig.
    Zig,
    /// Nim.
    Nim,
    /// Java.
    Java,
    /// JavaScript, as a script.
    Javascript,
    /// Lua, as a script.
    Lua,
    /// A part of Python, as a script.
    Pocketpy,
}

#[derive(Args)]
pub struct Man {
    /// The directory, which is made if it isn't there.
    pub directory: PathBuf,
}

#[derive(Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
