//! What ended guest code half-way, as an error that says why and where.

use crate::base::error::{Error, ErrorKind};
use crate::base::visible::visible_lines;
use crate::guest::guest_state::Guest;
use crate::vm::guest_stack::{DEEPEST, Ended};
use crate::vm::memory::Refusal;
use crate::vm::trap;

impl Guest {
    /// The error for what ended guest code.
    #[cold]
    pub(super) fn ended(&self, ended: Ended) -> Error {
        let (trap, exhausted, innermost) = match ended {
            Ended::Trap { trap, exhausted, frames } => (trap, exhausted, frames),
            Ended::NoStack(error) => {
                return Error::new(ErrorKind::Resource, format!("no stack for the call: {error}"))
                    .with_source(Box::new(error));
            }
            Ended::TooDeep => {
                let message =
                    format!("plugins and host functions call each other more than {DEEPEST} deep");
                return Error::new(ErrorKind::Resource, message);
            }
            Ended::HostStack(left) => {
                let message = format!(
                    "a call within a callback needs more of the thread's stack: {left} bytes are left"
                );
                return Error::new(ErrorKind::Resource, message);
            }
            Ended::OtherStack => {
                let message = "a callback of this thread waits on another stack, a fiber's or greenlet's: it must return before this one can call";
                return Error::new(ErrorKind::Busy, message);
            }
        };
        self.state.note_exhausted(exhausted);
        self.state.poison();
        let (error, mut addresses) = trap::split(trap);
        if addresses.is_empty() {
            addresses = innermost;
        }
        let mut error = self.with_trace(error, &addresses);
        if error.kind() == ErrorKind::Trap {
            error = self.explain(error);
        }
        if self.state.is_exhausted()
            && error.kind() == ErrorKind::Trap
            && self.interrupt.stop_reason().is_none()
        {
            // Host code came to the end of the stack, and the guest was stopped at its next check.
            error = error.reworded(ErrorKind::Trap, "call stack exhausted");
        }
        if let Some(step) = self.state.take_step() {
            error = error.in_context(format_args!("{step:?}"));
        }
        self.with_stderr(self.with_raised(error))
    }

    /// A guest that raises an error and then ends itself says why: the panic hook of Rust's helper does.
    fn with_raised(&self, error: Error) -> Error {
        match self.state.take_raised() {
            Some(text) if ends_itself(&error) => {
                // As much as of its standard error.
                let shown: String = text.chars().take(1024).collect();
                error.after(format_args!("; it raised: {shown}"))
            }
            _ => error,
        }
    }

    /// The stack says where a failure began, so the first that is known counts.
    fn with_trace(&self, error: Error, addresses: &[usize]) -> Error {
        if error.trace().is_empty() {
            error.with_trace(self.plugin.frames(addresses))
        } else {
            error
        }
    }

    /// What a guest says before it ends itself is the reason, more often than not: a panic's words, for one.
    fn with_stderr(&self, error: Error) -> Error {
        let Some(text) = self.stderr() else { return error };
        let ends_itself = ends_itself(&error);
        let error = error.with_stderr(Some(visible_lines(&text).into_owned()));
        if ends_itself {
            error.after(format_args!("; its stderr: {:?}", text.trim()))
        } else {
            error
        }
    }

    /// A trap after the memory limit was met says so: most guests die of the `-1`, far from where they grew.
    fn explain(&self, error: Error) -> Error {
        match self.take_refused() {
            None => error,
            Some(Refusal::Limit) => {
                let limit = self.plugin.limits.memory_bytes;
                error.after(format_args!(" (its memory limit of {limit} bytes was met)"))
            }
            Some(Refusal::OwnMaximum(pages)) => error.after(format_args!(
                " (the maximum of {pages} pages that its memory declares was met)"
            )),
        }
    }
}

/// Returns whether the guest itself gave up, so that what it said before is the reason.
fn ends_itself(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Trap | ErrorKind::Abort => true,
        ErrorKind::Exit => error.exit_code() != Some(0),
        _ => false,
    }
}
