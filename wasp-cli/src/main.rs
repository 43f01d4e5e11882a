//! The program `wasp`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(wasp_cli::main(std::env::args_os(), installed_runtimes()))
}

/// Returns the directory of the script runtimes that are installed with this program.
fn installed_runtimes() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let installed = program.parent()?.parent()?.join("share/wasp/runtimes");
    installed.is_dir().then_some(installed)
}
