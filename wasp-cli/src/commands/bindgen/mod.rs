//! `wasp bindgen`: typed code of a host for a plugin's functions. What it writes checks at registration that the plugin still fits.

mod binding;
mod c;
mod go;
mod name;
mod python;
mod rust;
mod typescript;

use crate::arguments::{Bindgen, HostLanguage};
use crate::commands::bindgen::binding::Binding;
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::plugin_file;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use wasp_core::{Engine, Kind};

/// How long start-up may take where nothing else is said.
const START_UP: Duration = Duration::from_secs(10);

/// Starts the plugin, in a sandbox, which alone knows all of its functions, and writes the code.
pub fn run(given: &Bindgen, runtimes: Option<PathBuf>, output: &Output) -> Outcome {
    let Bindgen { plugin, lang, name, output: to } = given;
    let engine = Engine::with_options(plugin_file::options(plugin.compiler, runtimes));
    plugin.register(&engine, |config| {
        if plugin.timeout.is_none() {
            config.timeout(START_UP);
        }
    })?;
    let functions = engine.plugin(&plugin.name())?.functions;
    let doubtful = functions.iter().filter(|known| {
        !known.declared && (known.params.contains(&Kind::I32) || known.result == Kind::I32)
    });
    let doubtful: Vec<&str> = doubtful.map(|known| &*known.name).collect();
    if !doubtful.is_empty() {
        let names = wasp_core::visible(&doubtful.join(", ")).into_owned();
        output.note(format_args!(
            "the plugin doesn't declare the signatures of {names}: each i32 is taken for a number"
        ));
    }
    let name = name.clone().unwrap_or_else(|| plugin.name());
    let binding = Binding::new(&name, functions);
    let code = match lang {
        HostLanguage::Ts => typescript::code(&binding),
        HostLanguage::Python => python::code(&binding),
        HostLanguage::Go => go::code(&binding),
        HostLanguage::Rust => rust::code(&binding),
        HostLanguage::C => c::code(&binding),
    };
    match to {
        Some(path) => {
            std::fs::write(path, code).map_err(|error| Failure::of_file(path, &error))?;
            if output.json { output.value(&json!({ "file": path })) } else { Ok(()) }
        }
        None if output.json => output.value(&json!({ "code": code })),
        None => {
            // It ends with its last line.
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(code.as_bytes()).map_err(|_| Failure::broken_pipe())
        }
    }
}
