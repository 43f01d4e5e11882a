//! File descriptors of the host.
//!
//! In a host that has closed 0, 1 or 2 the next file to be opened gets that number, and is then what a plugin reads as its
//! standard input. So no file that wasp keeps has one of them.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// Returns `file`, under a number above those of the standard streams, closed when another program is started.
pub(crate) fn above_stdio<F: AsRawFd + AsFd + From<OwnedFd>>(file: F) -> io::Result<F> {
    const FIRST: i32 = 3;
    if file.as_raw_fd() >= FIRST {
        return Ok(file);
    }
    // SAFETY: the descriptor is open, and the new one is nobody else's.
    unsafe {
        let copy = libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST);
        if copy < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(OwnedFd::from_raw_fd(copy).into())
        }
    }
}

/// Makes reads and writes of `file` wait.
pub(crate) fn set_blocking(file: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: flags of an open descriptor.
    let outcome = unsafe {
        let flags = libc::fcntl(file.as_raw_fd(), libc::F_GETFL);
        if flags < 0 {
            flags
        } else {
            libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags & !libc::O_NONBLOCK)
        }
    };
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Returns whether `descriptor` is open.
pub(crate) fn is_open(descriptor: i32) -> bool {
    // SAFETY: a question about a number.
    unsafe { libc::fcntl(descriptor, libc::F_GETFD) >= 0 }
}

/// Returns whether a read of `descriptor` would not wait: there is data, an end, or an error.
pub(crate) fn is_readable(descriptor: i32) -> bool {
    let mut asked = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: one `pollfd`, which the kernel fills without waiting.
    unsafe { libc::poll(&raw mut asked, 1, 0) != 0 }
}
