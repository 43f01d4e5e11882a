//! File descriptors of the host.

/// Returns whether a read of `descriptor` would not wait: there is data, an end, or an error.
pub(crate) fn is_readable(descriptor: i32) -> bool {
    let mut asked = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: one `pollfd`, which the kernel fills without waiting.
    unsafe { libc::poll(&raw mut asked, 1, 0) != 0 }
}
