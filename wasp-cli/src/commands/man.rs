//! `wasp man`: the pages for the manual.

use crate::arguments::{Cli, Man};
use crate::failure::{Failure, Outcome};
use clap::CommandFactory;

/// Writes a page for each command, `wasp.1`, `wasp-inspect.1` and so on.
pub fn run(given: &Man) -> Outcome {
    let directory = &given.directory;
    let of_file = |error| Failure::of_file(directory, &error);
    std::fs::create_dir_all(directory).map_err(of_file)?;
    let program = Cli::command().disable_help_subcommand(true);
    clap_mangen::generate_to(program, directory).map_err(of_file)
}
