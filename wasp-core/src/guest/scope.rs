//! One call of an instance, from its beginning to its end, whatever ends it.

use crate::base::error::{Error, ErrorKind, Result};
use crate::guest::phase::Phase;
use crate::guest::state::Guest;
use crate::sys::interrupt::Reason;
use std::mem::ManuallyDrop;

/// One call of an instance. When it ends by a panic, the instance is poisoned, and nothing of the call is left: neither an
/// interrupt that could still come, nor a word of where the thread is.
pub(crate) struct CallScope<'a>(&'a Guest);

impl<'a> CallScope<'a> {
    /// Begins a call of `guest`, which may take as long as its plugin's limit.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] and [`ErrorKind::Poisoned`] for an instance that isn't idle; [`ErrorKind::Resource`] if the limit
    /// can't be kept.
    #[inline]
    pub(crate) fn begin(guest: &'a Guest) -> Result<Self> {
        let state = &guest.state;
        if state.phase() != Phase::Idle {
            return Err(refusal(state.phase()));
        }
        guest.interrupt.begin(guest.plugin.limits.timeout)?;
        // From here on, the end of the scope puts everything back.
        let scope = Self(guest);
        state.begin();
        guest.take_refused();
        Ok(scope)
    }

    /// Ends the call, and returns why it was to be stopped, if it was.
    #[inline]
    pub(crate) fn end(self) -> Option<Reason> {
        ManuallyDrop::new(self).finish()
    }

    #[inline]
    fn finish(&self) -> Option<Reason> {
        let (state, interrupt) = (&self.0.state, &self.0.interrupt);
        let stopped = interrupt.end();
        if state.end() {
            interrupt.clear_flag();
        }
        stopped
    }
}

impl Drop for CallScope<'_> {
    fn drop(&mut self) {
        self.finish();
        self.0.forget_blocks();
        self.0.state.clear();
        self.0.state.poison();
    }
}

#[cold]
fn refusal(phase: Phase) -> Error {
    match phase {
        Phase::Poisoned => Error::new(
            ErrorKind::Poisoned,
            "the instance was stopped half-way and must be reset first",
        ),
        _ => Error::instance_busy(),
    }
}
