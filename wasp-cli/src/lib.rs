//! `wasp`, the command line: looks at plugins, calls and checks them, makes them of scripts, and writes hosts' code for them.
//!
//! It is a library so that the packages for Python and Node bring the same commands along.

mod arguments;
mod callback_answer;
mod commands;
mod failure;
mod output;
mod plugin_file;
mod value_text;

use crate::arguments::{Cli, Command};
use crate::commands::{
    bench, bindgen, build, call, check, compile, completions, inspect, man, new_project, run,
};
use crate::output::Output;
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// Returns the names of the commands, `help` among them.
pub fn commands() -> Vec<String> {
    let mut program = Cli::command();
    program.build();
    program.get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// Runs a command line, whose first word is the program's name, and returns the exit code of the process. It prints to the process's own
/// standard output and error. `runtimes` is where the script runtimes are if neither the command line nor the environment says it.
pub fn main(args: impl IntoIterator<Item = OsString>, runtimes: Option<PathBuf>) -> u8 {
    let Cli { command, json, runtimes: given } = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => {
            // Help goes to the standard output, and what is wrong to the standard error; a pipe without a reader is no failure.
            let _ = told.print();
            return u8::try_from(told.exit_code()).unwrap_or(failure::USAGE);
        }
    };
    let output = Output::new(json);
    let runtimes = plugin_file::runtimes(given, runtimes);
    let outcome = match command {
        Command::Inspect(given) => inspect::run(&given, runtimes, &output),
        Command::Call(given) => call::run(&given, runtimes, &output),
        Command::Run(given) => run::run(&given, runtimes, &output),
        Command::Check(given) => check::run(&given, runtimes, &output),
        Command::Bench(given) => bench::run(&given, runtimes, &output),
        Command::Compile(given) => compile::run(&given, &output),
        Command::Build(given) => build::run(&given, runtimes, &output),
        Command::Bindgen(given) => bindgen::run(&given, runtimes, &output),
        Command::New(given) => new_project::run(&given, &output),
        Command::Completions(given) => completions::run(&given),
        Command::Man(given) => man::run(&given),
    };
    match outcome {
        Ok(()) => 0,
        Err(failure) => output.fail(&failure),
    }
}
