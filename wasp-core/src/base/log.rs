//! Log records, which the host decides what to do with.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The importance of a log record; its number is the one of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Level {
    /// Something failed that is reported nowhere else.
    Error = 1,
    /// For operators: the lines that a plugin prints.
    Info = 2,
    /// Each call and callback.
    Debug = 3,
    /// Each block of guest memory.
    Trace = 4,
}

/// One log record: a fixed message and the values that belong to it.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Its importance.
    pub level: Level,
    /// What happened, always the same words for the same event.
    pub message: &'a str,
    /// Names and values, in a fixed order.
    pub fields: &'a [(&'a str, &'a dyn fmt::Display)],
}

type Sink = dyn Fn(&Record<'_>) + Send + Sync;

/// Where log records go: a function of the host, and the least important level that it receives.
///
/// Cloning is cheap; clones share the function. It is called on the thread that an event happens on, from several at
/// once where several instances run.
#[derive(Clone, Default)]
pub struct Log(Option<(Level, Arc<Sink>)>);

impl Log {
    /// Makes a log that passes each record of `level` and of more important levels to `sink`.
    pub fn new(level: Level, sink: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Self {
        Self(Some((level, Arc::new(sink))))
    }

    /// Returns a log that passes records on as long as this one or a clone of it exists.
    pub(crate) fn weak(&self) -> Self {
        Self(self.0.as_ref().map(|(level, sink)| {
            let sink = Arc::downgrade(sink);
            let weak = move |record: &Record<'_>| {
                if let Some(sink) = sink.upgrade() {
                    sink(record);
                }
            };
            (*level, Arc::new(weak) as Arc<Sink>)
        }))
    }

    /// Returns whether records of `level` are received, for those that cost something to make.
    pub(crate) fn enabled(&self, level: Level) -> bool {
        self.0.as_ref().is_some_and(|(wanted, _)| level <= *wanted)
    }

    /// Passes one record to the host, if its level is enabled.
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
