//! Telling the host what happens, without deciding where it goes.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How much a log line matters; the number is the one that the C API gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Level {
    /// Something failed that nobody else will hear of.
    Error = 1,
    /// What an operator wants to see: plugins registered, lines that a plugin prints.
    Info = 2,
    /// Each call and callback.
    Debug = 3,
    /// Each block of guest memory.
    Trace = 4,
}

/// One log line: a fixed message and the values that belong to it.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// How much it matters.
    pub level: Level,
    /// What happened, always the same words for the same event.
    pub message: &'a str,
    /// Names and values, in a fixed order.
    pub fields: &'a [(&'a str, &'a dyn fmt::Display)],
}

type Sink = dyn Fn(&Record<'_>) + Send + Sync;

/// Where log lines go: a function of the host, and the least important level that it wants.
///
/// Cloning is cheap; clones share the function. It is called on whichever thread has something to say, from several at
/// once where several instances run.
#[derive(Clone, Default)]
pub struct Log(Option<(Level, Arc<Sink>)>);

impl Log {
    /// A log that gives each record of `level` or more important ones to `sink`.
    pub fn new(level: Level, sink: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Self {
        Self(Some((level, Arc::new(sink))))
    }

    /// Whether records of `level` are wanted, for those that cost something to make.
    pub(crate) fn enabled(&self, level: Level) -> bool {
        self.0.as_ref().is_some_and(|(wanted, _)| level <= *wanted)
    }

    /// Hands one record to the host, if it wants it.
    #[inline(always)]
    pub(crate) fn write(&self, level: Level, message: &str, fields: &[(&str, &dyn fmt::Display)]) {
        if self.enabled(level) {
            self.dispatch(&Record { level, message, fields });
        }
    }

    /// A host whose logger panics loses that line, not its process.
    #[cold]
    fn dispatch(&self, record: &Record<'_>) {
        if let Some((_, sink)) = &self.0 {
            let _ = catch_unwind(AssertUnwindSafe(|| sink(record)));
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.0.as_ref().map(|(level, _)| level)).finish()
    }
}
