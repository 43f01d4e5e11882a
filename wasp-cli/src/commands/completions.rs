//! `wasp completions`: what a shell completes.

use crate::arguments::{Cli, Completions};
use crate::failure::Outcome;
use clap::CommandFactory;

/// Writes the completions for a shell.
pub fn run(given: &Completions) -> Outcome {
    clap_complete::generate(given.shell, &mut Cli::command(), "wasp", &mut std::io::stdout());
    Ok(())
}
