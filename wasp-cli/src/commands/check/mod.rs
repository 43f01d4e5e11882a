//! `wasp check`: whether a plugin keeps the rules of the guest ABI.

mod behaviour;
mod report;
mod shape;
mod subject;
mod values;

use crate::arguments::Check;
use crate::commands::check::report::Report;
use crate::commands::check::subject::Subject;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Output};
use crate::plugin_file;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use wasp_core::Engine;

/// How long start-up and a call may take where nothing else is said.
const LIMIT: Duration = Duration::from_secs(10);

/// Makes all checks, and fails where one does.
pub fn run(given: &Check, runtimes: Option<PathBuf>, output: &Output) -> Outcome {
    let Check { plugin, calls, functions } = given;
    let limit = plugin.time_limit()?.unwrap_or(LIMIT);
    let engine = Engine::with_options(plugin_file::options(plugin.compiler, runtimes));
    if plugin.callback.iter().any(|callback| !callback.contains('(')) {
        output.note("a callback without kinds takes each i32 for a number: a string that it is given is never freed, and looks like a leak");
    }
    let mut report = Report::new(output);
    let started = Instant::now();
    let progress = output.progress("start-up");
    let registered = plugin.register(&engine, |config| {
        config.timeout(limit);
    });
    drop(progress);
    if let Err(failure) = registered {
        report.failed("start-up", &failure.message)?;
        return report.end();
    }
    let info = engine.plugin(&plugin.name())?;
    report.passed(
        "start-up",
        format_args!(
            "{}, {} of the host's memory",
            output::time(started.elapsed().as_secs_f64()),
            output::size(info.memory_used)
        ),
    )?;
    for name in functions {
        if !info.functions.iter().any(|known| known.name == *name) {
            return Err(Failure::usage(format_args!(
                "--function is {name:?}, which the plugin doesn't offer"
            )));
        }
    }
    let instance = plugin.instance(&engine)?;
    let has_memory = instance.memory().is_some();
    drop(instance);
    shape::check(&info, has_memory, &mut report)?;
    let chosen = |name: &String| functions.is_empty() || functions.contains(name);
    let known = info.functions.into_iter().filter(|known| chosen(&known.name)).collect();
    let subject = Subject::new(&engine, plugin, known, limit, info.memory_max);
    values::check(&subject, &mut report)?;
    behaviour::leaks(&subject, *calls, &mut report)?;
    behaviour::reset(&subject, &mut report)?;
    behaviour::time_limit(&subject, &mut report)?;
    report.end()
}
