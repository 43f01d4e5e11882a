//! What becomes of a plugin over many calls, resets and time limits.

use crate::commands::check::report::Report;
use crate::commands::check::subject::{End, Subject, arguments, call, shown};
use crate::failure::Outcome;
use crate::value_text::Owned;
use std::time::{Duration, Instant};
use wasp_core::{Function, Instance, Value};

/// How often the calls are made again where memory still grows: heaps need some time to find their size.
const ROUNDS: usize = 6;

/// How long all calls of a function may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A time limit, and how much later a call must have ended at the latest.
const SHORT: Duration = Duration::from_millis(50);
const LATE: Duration = Duration::from_secs(2);

/// Calls each function many times: memory that grows in every round never stops growing.
pub fn leaks(subject: &Subject<'_>, calls: u32, report: &mut Report<'_>) -> Outcome {
    let mut failures = Vec::new();
    let mut checked = 0;
    for function in &subject.functions {
        let _progress = report.progress("leaks", function);
        match leak(subject, function, calls)? {
            None => {}
            Some(0) => checked += 1,
            Some(bytes) => {
                failures.push(format!("{}: memory grows by {bytes} bytes a call", function.name));
            }
        }
    }
    report.functions("leaks", checked, &failures)
}

/// Returns how many bytes each call takes for good; none where that can't be told.
fn leak(subject: &Subject<'_>, function: &Function, calls: u32) -> Outcome<Option<usize>> {
    let args = arguments(function, &"a".repeat(1000));
    let args: Vec<Value<'_>> = args.iter().map(Owned::value).collect();
    let mut instance = subject.instance()?;
    let end = Instant::now() + PATIENCE;
    let mut sizes = Vec::new();
    for _ in 0..ROUNDS {
        for _ in 0..calls {
            if !matches!(call(&mut instance, function, &args, subject.limit), End::Fine)
                || Instant::now() > end
            {
                // It broke, of which other checks tell, or took too long for this one.
                return Ok(None);
            }
        }
        let size = instance.memory_size();
        if sizes.last() == Some(&size) {
            return Ok(Some(0));
        }
        sizes.push(size);
    }
    let grown = sizes[ROUNDS - 1] - sizes[0];
    Ok(Some(grown / ((ROUNDS - 1) * calls.max(1) as usize)))
}

/// Compares the memory of an instance that was used and reset with that of a new one.
pub fn reset(subject: &Subject<'_>, report: &mut Report<'_>) -> Outcome {
    let mut instance = subject.instance()?;
    for function in &subject.functions {
        let args = arguments(function, "Grüße");
        let args: Vec<Value<'_>> = args.iter().map(Owned::value).collect();
        if !matches!(call(&mut instance, function, &args, subject.limit), End::Fine) {
            instance.reset()?;
        }
    }
    instance.reset()?;
    let (new, other) = (subject.instance()?, subject.instance()?);
    if instance.memory() == new.memory() {
        return report.passed("reset", "an instance that was reset equals a new one");
    }
    if new.memory() != other.memory() {
        let detail = "new instances differ from each other: each runs start-up itself";
        return report.skipped("reset", detail);
    }
    report.failed("reset", "an instance that was reset differs from a new one")
}

/// Stops each function, and calls it again.
pub fn time_limit(subject: &Subject<'_>, report: &mut Report<'_>) -> Outcome {
    let mut failures = Vec::new();
    let mut checked = 0;
    for function in &subject.functions {
        let _progress = report.progress("time limit", function);
        let text = "a".repeat(1 << 20);
        let args = arguments(function, &text);
        let args: Vec<Value<'_>> = args.iter().map(Owned::value).collect();
        let mut instance = subject.instance()?;
        let started = Instant::now();
        let end = call(&mut instance, function, &args, SHORT.min(subject.limit));
        let took = started.elapsed();
        if matches!(end, End::Lacks) {
            continue;
        }
        checked += 1;
        if took > SHORT + LATE {
            failures.push(format!("{}: it went on for {took:.1?}", function.name));
        } else if let Err(why) = goes_on(&mut instance, function, subject.limit) {
            failures.push(why);
        }
    }
    report.functions("time limit", checked, &failures)
}

/// Resets an instance and calls it once more.
fn goes_on(instance: &mut Instance, function: &Function, limit: Duration) -> Result<(), String> {
    instance.reset().map_err(|error| shown(function, &error))?;
    let args = arguments(function, "Nic");
    let args: Vec<Value<'_>> = args.iter().map(Owned::value).collect();
    match call(instance, function, &args, limit) {
        End::Broke(error) => Err(shown(function, &error)),
        _ => Ok(()),
    }
}
