//! `wasp run`: a program in a sandbox.

use crate::arguments::Run;
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::plugin_file;
use crate::value_text;
use serde_json::json;
use std::path::PathBuf;
use wasp_core::{Engine, Kind, Stdio, Value};

/// Runs the program in the file, whose output is this program's.
pub fn run(given: &Run, runtimes: Option<PathBuf>, output: &Output) -> Outcome {
    let Run { plugin, args } = given;
    let file = &plugin.file;
    let Some(language) = plugin_file::language(file, plugin.language.as_deref())? else {
        return Err(Failure::usage(format_args!(
            "file {file:?} is no script by its ending, and .js, .mjs and .lua are accepted, or another with --language; a plugin's function is called by wasp call"
        )));
    };
    let Some(runner) = wasp_core::runner(&language) else {
        return Err(Failure::usage(format_args!(
            "programs in {language:?} can't be run, and javascript, lua and pocketpy are accepted"
        )));
    };
    let program = plugin_file::text(file)?;
    let mut options = plugin_file::options(plugin.compiler, runtimes);
    if output.json {
        options = plugin_file::printing(options);
    } else {
        options.stdio = Stdio::Output;
    }
    let engine = Engine::with_options(options);
    let mut config = plugin.config(None)?;
    // The runner asks for it; there are no tools.
    config.callback("tools", "call", &[Kind::String, Kind::Json], Kind::Json, |_, _| {
        Err("the program has no tools".into())
    });
    engine
        .register_script(&plugin.name(), &language, runner, &config)
        .map_err(|error| Failure::of_registration(&error))?;
    let mut instance = plugin.instance(&engine)?;
    let inputs = json!({ "args": args }).to_string();
    let call = [Value::String(&program), Value::Json(&inputs), Value::Json("[]")];
    value_text::print(instance.call("run", &call, Kind::Any)?, output)
}
