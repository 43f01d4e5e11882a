//! `wasp build`: a script and its runtime as one module.

use crate::arguments::Build;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Output};
use crate::plugin_file;
use serde_json::json;
use std::path::{Path, PathBuf};
use wasp_core::Engine;

/// Packs a script.
pub fn run(given: &Build, runtimes: Option<PathBuf>, output: &Output) -> Outcome {
    let Build { file, output: to, language } = given;
    let language = language_of(file, language.as_deref())?;
    let source = plugin_file::text(file)?;
    let runtime = plugin_file::runtime_directory(runtimes)?.join(format!("{language}.wasm"));
    let module = Engine::pack_script(&plugin_file::bytes(&runtime)?, &language, &source)
        .map_err(|error| Failure::of_registration(&error))?;
    std::fs::write(to, &module).map_err(|error| Failure::of_file(to, &error))?;
    let size = module.len() as u64;
    if output.json {
        return output.value(&json!({ "file": to, "size": size, "language": language }));
    }
    output.line(format_args!("{}: {}, a script in {language}", to.display(), output::size(size)))
}

/// Returns the language: here a `.py` is for pocketpy, the only Python that can be packed.
fn language_of(file: &Path, given: Option<&str>) -> Outcome<String> {
    if given.is_none() && file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("py")) {
        return Ok("pocketpy".to_owned());
    }
    plugin_file::language(file, given)?.ok_or_else(|| {
        Failure::usage(format_args!(
            "file {file:?} is no script by its ending, and .js, .mjs, .lua and .py are accepted, or another with --language"
        ))
    })
}
