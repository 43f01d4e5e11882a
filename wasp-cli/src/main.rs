//! `wasp`, the command line: looks at plugins, calls and checks them, makes them of scripts, and writes hosts' code for them.

mod arguments;
mod callback_answer;
mod commands;
mod failure;
mod output;
mod plugin_file;
mod value_text;

use crate::arguments::{Cli, Command};
use crate::commands::{
    bench, bindgen, build, call, check, compile, completions, inspect, new_project, run,
};
use crate::output::Output;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Cli { command, json, runtimes } = Cli::parse();
    let output = Output::new(json);
    let runtimes = plugin_file::runtimes(runtimes);
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
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.fail(&failure),
    }
}
