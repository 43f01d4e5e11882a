//! `wasp call`: one call of a function.

use crate::arguments::Call;
use crate::failure::Outcome;
use crate::output::Output;
use crate::plugin_file;
use crate::value_text::{self, Owned};
use std::path::PathBuf;
use wasp_core::{Engine, Function, Kind, Value};

/// Calls the function, and prints its result.
pub fn run(given: &Call, runtimes: Option<PathBuf>, output: &Output) -> Outcome {
    let Call { plugin, function, args, returns } = given;
    let options = plugin_file::options(plugin.compiler, runtimes);
    let engine = Engine::with_options(plugin_file::printing(options));
    plugin.register(&engine, |_| ())?;
    let mut instance = plugin.instance(&engine)?;
    let known = instance.functions().iter().find(|known| known.name == *function).cloned();
    let args = value_text::arguments(args, known.as_ref())?;
    let args: Vec<Value<'_>> = args.iter().map(Owned::value).collect();
    let result = match returns {
        Some(name) => value_text::kind(name)?,
        None => result_kind(known.as_ref(), output),
    };
    value_text::print(instance.call(function, &args, result)?, output)
}

/// Returns the kind of the result where nobody asks for one.
fn result_kind(function: Option<&Function>, output: &Output) -> Kind {
    if function.is_some_and(|known| known.certain_result().is_none()) {
        output.note("the plugin declares no signatures, so an i32 may be an address: --returns string, bytes or json reads it");
    }
    Kind::Any
}
