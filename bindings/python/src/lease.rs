//! Who calls a callback, as long as that runs.

use std::thread::{self, ThreadId};
use wasp_core::{Error, ErrorKind, LentCaller};

/// A caller, as long as its callback runs.
#[derive(Clone)]
pub(crate) struct Lease {
    plugin: String,
    number: u64,
    /// Its number is of this thread.
    thread: ThreadId,
}

impl Lease {
    /// The caller of the innermost callback that runs on this thread.
    pub(crate) fn innermost() -> Option<Self> {
        let number = LentCaller::innermost()?;
        let plugin = LentCaller::numbered(number, |caller| caller.plugin().to_owned())?;
        Some(Self { plugin, number, thread: thread::current().id() })
    }

    pub(crate) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Runs `body` with it, which runs no Python.
    pub(crate) fn with<R>(
        &self,
        body: impl FnOnce(&mut wasp_core::Caller<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if self.thread != thread::current().id() {
            let message = "a caller is used on another thread than that of its callback";
            return Err(Error::from_host(ErrorKind::Invalid, message));
        }
        LentCaller::numbered(self.number, body).unwrap_or_else(|| {
            let message = "the callback is over, and a caller is of use only while it runs";
            Err(Error::from_host(ErrorKind::Invalid, message))
        })
    }
}
