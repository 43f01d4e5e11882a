//! Why a module isn't compiled.

use crate::base::error::{Error, ErrorKind, Result, panic_message};
use crate::compile::target::Backend;
use crate::sys::executable;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a part of the compiler or of its loader, which is a lot of code and meets hostile bytes: a panic in it is an error.
pub(super) fn guarded<R>(body: impl FnOnce() -> R) -> Result<R> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let text = one_line(panic_message(&*payload));
        refused(format!("the compiler can't take this module: {text}"))
    })
}

/// The error for a module that wasn't compiled. Where the process may not have code that it made itself, that is the reason.
pub(super) fn refused(message: String) -> Error {
    // wasmer compiles on threads of its own, also where one is enough; Cranelift's part of it panics where there is none.
    if ["ThreadPoolBuildError", "rayon thread pool"].iter().any(|words| message.contains(words)) {
        return Error::new(ErrorKind::Resource, "there is no thread to compile on");
    }
    if executable::is_forbidden() {
        let message = "this process may not make memory executable (PR_SET_MDWE, MemoryDenyWriteExecute or a security policy), which compiled plugins need";
        return Error::new(ErrorKind::Resource, message);
    }
    Error::new(ErrorKind::Compile, message)
}

/// What to do about modules that use what isn't there: words of the validator's, and the advice. docs/proposals.md has the table.
const ADVICE: [(&str, &str); 9] = [
    ("legacy", "build it with -mllvm -wasm-use-legacy-eh=false"),
    ("relaxed SIMD", "build it without -mrelaxed-simd"),
    ("threads", "an instance is one thread: build it without -pthread"),
    ("tail calls", "build it without -mtail-call"),
    ("memory64", "build it for wasm32"),
    ("64-bit tables", "build it for wasm32"),
    ("gc", GC),
    ("GC proposal", GC),
    ("global.get of locally defined global", "that is of the proposal gc, which is not supported"),
];

const GC: &str = "languages that need a garbage collector of the host's are not supported";

/// The error for a module that is not valid, in the validator's words.
pub(super) fn invalid(text: &str, backend: Backend) -> Error {
    let text = one_line(text.trim_start_matches("Validation error: "));
    let optional = [
        "SIMD support is not enabled",
        "exceptions proposal not enabled",
        "exceptions support is not enabled",
        "without the exception handling feature",
    ];
    let only_cranelift = backend == Backend::Singlepass
        && optional.iter().any(|words| text.contains(words))
        && !["relaxed", "legacy"].iter().any(|words| text.contains(words));
    let advice = if only_cranelift {
        Some("Singlepass doesn't have it: use Cranelift")
    } else {
        ADVICE.iter().find(|(words, _)| text.contains(words)).map(|(_, advice)| *advice)
    };
    let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
    Error::new(ErrorKind::Compile, format!("the module is not valid: {text}{advice}"))
}

/// The words of a message that may go over several lines, on one. Names and text of the module may be in it: what a
/// terminal would take for more than text is escaped.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = String::with_capacity(words.len());
    for char in words.chars() {
        match char {
            '\'' | '"' | '\\' => line.push(char),
            _ => line.extend(char.escape_debug()),
        }
    }
    line
}
