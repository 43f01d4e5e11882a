//! Whose turn it is in an instance: the host's, or guest code's.

/// The host's turn in one instance: there is one for each place where guest code waits for the host.
///
/// Slices of guest memory borrow it, and guest code is entered with a mutable borrow. So no slice is left when guest code runs,
/// which may change the memory behind it.
pub(crate) struct HostTurn(());

impl HostTurn {
    /// Makes the host's turn in an instance.
    ///
    /// # Safety
    /// While this lives, the instance must be alive and used by this thread alone, its guest code may run only where this is
    /// lent mutably to enter it, and an earlier turn in the same instance may be used only when this is gone.
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}
