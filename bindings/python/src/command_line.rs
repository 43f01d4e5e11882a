//! The command line, which is that of the program `wasp`.

use pyo3::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;

/// Returns the names of the commands.
#[pyfunction]
pub fn _commands() -> Vec<String> {
    wasp_cli::commands()
}

/// Runs a command line, whose first word is the program's name, and returns its exit code. It prints to the process's own standard output
/// and error. The script runtimes are in runtimes unless the command line or the environment says otherwise.
#[pyfunction]
#[pyo3(signature = (args, runtimes, /))]
pub fn _command(py: Python<'_>, args: Vec<OsString>, runtimes: PathBuf) -> u8 {
    py.detach(|| wasp_cli::main(args, Some(runtimes)))
}
