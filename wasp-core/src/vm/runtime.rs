//! What wasp keeps of an instance for the functions that its compiled code calls.

use crate::sys::mmap;
use crate::vm::exceptions::Exceptions;
use crate::vm::tunables::table_bytes;
use std::cell::Cell;

/// What the functions of the runtime, as far as they are ours, know of the instance whose code calls them.
pub(crate) struct Runtime {
    /// What it throws, if its module has tags.
    pub exceptions: Option<Exceptions>,
    pub elements: Elements,
}

/// The elements of an instance's tables, all together.
pub(crate) struct Elements {
    count: Cell<u32>,
    limit: u32,
}

/// Up to so many bytes, memory for tables is taken without asking whether it is there.
const FEW: usize = 1 << 20;

impl Elements {
    pub(super) fn new(count: u32, limit: u32) -> Self {
        Self { count: Cell::new(count), limit }
    }

    /// Takes `delta` more, if the limit and the host's memory have them.
    pub(super) fn take(&self, delta: u32) -> bool {
        let Some(count) = self.count.get().checked_add(delta) else { return false };
        // wasmer takes memory for them, and ends the process where there is none.
        let bytes = table_bytes(count.into());
        let fits = count <= self.limit && (bytes <= FEW || mmap::try_map(bytes).is_ok());
        if fits {
            self.count.set(count);
        }
        fits
    }

    /// Takes `delta` back.
    pub(super) fn give(&self, delta: u32) {
        self.count.set(self.count.get() - delta);
    }
}
