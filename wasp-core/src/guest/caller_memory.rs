//! The memory of a guest whose callback runs.

use crate::config::guest_memory::GuestMemory;
use crate::guest::guest_state::Guest;
use crate::vm::memory::Memory;
use std::ops::Range;

/// The memory of the guest whose import is being run: it exists only while the guest waits.
pub(super) struct CallerMemory<'a>(&'a Guest);

impl<'a> CallerMemory<'a> {
    /// # Safety
    /// As long as this exists, the guest waits, for the thread that uses this.
    pub(super) unsafe fn new(guest: &'a Guest) -> Self {
        Self(guest)
    }
}

impl GuestMemory for CallerMemory<'_> {
    fn len(&self) -> Option<usize> {
        self.0.memory().map(Memory::len)
    }

    fn copy_out(&self, address: usize, into: &mut [u8]) {
        if let Some(memory) = self.0.memory() {
            // SAFETY: the guest waits, as `new` asks, and nobody writes meanwhile.
            unsafe { memory.copy_out(address, into) };
        }
    }

    fn copy_in(&self, address: usize, data: &[u8], lent: &Range<usize>) -> bool {
        let Some(memory) = self.0.memory() else { return false };
        // It may be another thread that answers for the guest's.
        memory.entered();
        // SAFETY: the guest waits, as `new` asks; what was lent meanwhile are the callback's arguments.
        unsafe { memory.copy_in(address, data, lent) }
    }
}
