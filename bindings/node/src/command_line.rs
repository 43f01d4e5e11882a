//! The command line, which is that of the program `wasp`.

use napi::bindgen_prelude::FunctionCallContext;
use std::ffi::OsString;
use std::path::PathBuf;

/// `command(args, runtimes)`: runs a command line, whose first word is the program's name, and returns its exit code. It prints to the
/// process's own standard output and error.
pub(crate) fn run(context: FunctionCallContext<'_>) -> napi::Result<u32> {
    let (args, runtimes): (Vec<String>, String) = (context.get(0)?, context.get(1)?);
    let args = args.into_iter().map(OsString::from);
    Ok(wasp_cli::main(args, Some(PathBuf::from(runtimes))).into())
}
