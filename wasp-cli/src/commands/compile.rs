//! `wasp compile`: machine code ahead of time.

use crate::arguments::Compile;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Output};
use crate::plugin_file;
use serde_json::json;
use std::time::Instant;
use wasp_core::Engine;

/// Compiles a module into a file.
pub fn run(given: &Compile, output: &Output) -> Outcome {
    let Compile { file, output: to, compiler } = given;
    let wasm = plugin_file::bytes(file)?;
    let engine = Engine::with_options(plugin_file::options(*compiler, None));
    let started = Instant::now();
    let progress = output.progress(format_args!("compiles {}", file.display()));
    engine.compile_to_file(&wasm, to).map_err(|error| Failure::of_registration(&error))?;
    drop(progress);
    let seconds = started.elapsed().as_secs_f64();
    let size = std::fs::metadata(to).map_or(0, |written| written.len());
    if output.json {
        return output.value(&json!({ "file": to, "size": size, "seconds": seconds }));
    }
    let (size, time) = (output::size(size), output::time(seconds));
    output.line(format_args!("{}: {size}, compiled in {time}", to.display()))
}
