//! `wasp bench`: how long calls take.

use crate::arguments::Bench;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Output};
use crate::plugin_file;
use crate::value_text::{self, Owned};
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use wasp_core::{Engine, Instance, Kind, Value};

/// A batch of calls is timed as a whole: reading the clock takes as long as a short call.
const BATCH: Duration = Duration::from_millis(5);

/// What was measured, in seconds.
struct Measured {
    calls: u64,
    /// The median of the batches, by call.
    median: f64,
    fastest: f64,
}

/// Measures, and tells.
pub fn run(given: &Bench, runtimes: Option<PathBuf>, output: &Output) -> Outcome {
    let Bench { plugin, function, args, seconds } = given;
    if !(0.0..=3600.0).contains(seconds) {
        return Err(Failure::usage(format_args!(
            "--seconds is {seconds}, and a number from 0 to 3600 is accepted"
        )));
    }
    let engine = Engine::with_options(plugin_file::options(plugin.compiler, runtimes));
    let started = Instant::now();
    plugin.register(&engine, |_| ())?;
    let registration = started.elapsed().as_secs_f64();
    let mut instance = plugin.instance(&engine)?;
    let known = instance.functions().iter().find(|known| known.name == *function).cloned();
    let args = value_text::arguments(args, known.as_ref())?;
    let args: Vec<Value<'_>> = args.iter().map(Owned::value).collect();
    let length = Duration::from_secs_f64(*seconds);
    let progress = output.progress(format_args!("measures {function}"));
    let calls = measure(length, || call(&mut instance, function, &args))?;
    // With a fresh sandbox for each: acquired, called and given back.
    let fresh = measure(length, || {
        let mut instance = plugin.instance(&engine)?;
        call(&mut instance, function, &args)
    })?;
    drop(progress);
    let memory = engine.plugin(&plugin.name())?.memory_used;
    if output.json {
        let shown = |it: &Measured| json!({ "calls": it.calls, "median_seconds": it.median, "fastest_seconds": it.fastest });
        return output.value(&json!({
            "registration_seconds": registration,
            "memory_used": memory,
            "call": shown(&calls),
            "fresh_sandbox": shown(&fresh),
        }));
    }
    output.line(format_args!(
        "registration   {} ({} of memory)",
        output::time(registration),
        output::size(memory)
    ))?;
    for (name, it) in [("call", calls), ("fresh sandbox", fresh)] {
        let Measured { calls, median, fastest } = it;
        let (median, fastest) = (output::time(median), output::time(fastest));
        output.line(format_args!("{name:<14} {median} (fastest {fastest}, of {calls} calls)"))?;
    }
    Ok(())
}

fn call(instance: &mut Instance, function: &str, args: &[Value<'_>]) -> Outcome {
    instance.call(function, args, Kind::Any)?;
    Ok(())
}

fn measure(length: Duration, mut call: impl FnMut() -> Outcome) -> Outcome<Measured> {
    let mut batch = |size: u64| {
        let started = Instant::now();
        for _ in 0..size {
            call()?;
        }
        Ok::<_, Failure>(started.elapsed())
    };
    // As many as take some time.
    let mut size = 1;
    while batch(size)? < BATCH && size < 1 << 24 {
        size *= 2;
    }
    let end = Instant::now() + length;
    let mut times = Vec::new();
    while times.is_empty() || Instant::now() < end {
        times.push(batch(size)?.as_secs_f64() / size as f64);
    }
    times.sort_by(f64::total_cmp);
    let (median, fastest) = (times[times.len() / 2], times[0]);
    Ok(Measured { calls: size * times.len() as u64, median, fastest })
}
