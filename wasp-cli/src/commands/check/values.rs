//! Values that plugins trip over.

use crate::commands::check::report::Report;
use crate::commands::check::subject::{End, Subject, arguments, call, shown};
use crate::failure::Outcome;
use crate::value_text::Owned;
use wasp_core::{ErrorKind, Value};

/// The size of a value that is large.
const LARGE: usize = 64 << 20;

/// Calls each function with plain, non-ASCII, empty and large values.
pub fn check(subject: &Subject<'_>, report: &mut Report<'_>) -> Outcome {
    with(subject, "calls", "Nic", false, report)?;
    with(subject, "non-ASCII", "Grüße, 世界 🎉 e\u{301}", true, report)?;
    with(subject, "empty", "", true, report)?;
    // Which needs some copies of it.
    if subject.memory_max.is_some_and(|most| most < 8 * LARGE as u64) {
        return report.skipped("64 MiB", "the module declares less memory than that takes");
    }
    with(subject, "64 MiB", &"a".repeat(LARGE), true, report)
}

fn with(
    subject: &Subject<'_>,
    check: &str,
    text: &str,
    only_of_text: bool,
    report: &mut Report<'_>,
) -> Outcome {
    let mut failures = Vec::new();
    let mut checked = 0;
    let mut slow = Vec::new();
    let all: Vec<_> =
        if only_of_text { subject.of_text().collect() } else { subject.functions.iter().collect() };
    for function in all {
        let _progress = report.progress(check, function);
        let args = arguments(function, text);
        let args: Vec<Value<'_>> = args.iter().map(Owned::value).collect();
        match call(&mut subject.instance()?, function, &args, subject.limit) {
            End::Lacks => continue,
            // Nothing is wrong with a function that is slow.
            End::Broke(error) if error.kind() == ErrorKind::Timeout && only_of_text => {
                slow.push(&*function.name);
                continue;
            }
            End::Broke(error) => failures.push(shown(function, &error)),
            End::Fine | End::Ended => {}
        }
        checked += 1;
    }
    if failures.is_empty() && !slow.is_empty() {
        let (names, limit) = (slow.join(", "), subject.limit);
        return report.doubtful(check, format_args!("{limit:?} are too short for {names}"));
    }
    report.functions(check, checked, &failures)
}
