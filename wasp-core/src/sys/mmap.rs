//! Calls of `mmap(2)` with Rust's errors.

use std::io;
use std::ptr::NonNull;

/// Maps memory, as `mmap` does.
///
/// # Safety
/// With `MAP_FIXED`, the range must belong to a mapping of ours that nobody uses.
pub(crate) unsafe fn map(
    at: *mut u8,
    len: usize,
    access: i32,
    flags: i32,
    file: i32,
) -> io::Result<NonNull<u8>> {
    // SAFETY: with `MAP_FIXED` the range is of an unused mapping of ours, as this function asks; a mapping elsewhere touches nothing.
    let base = unsafe { libc::mmap(at.cast(), len, access, flags, file, 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mapped at zero"))
}

/// Returns the error that `errno` has if `outcome`, a system call's, says that there is one.
pub(crate) fn check(outcome: i32) -> io::Result<()> {
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Finds out whether there is memory for `len` bytes more.
///
/// # Errors
/// If there isn't, as far as the kernel says.
pub(crate) fn try_map(len: usize) -> io::Result<()> {
    if len == 0 {
        return Ok(());
    }
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_ANONYMOUS | libc::MAP_PRIVATE;
    // SAFETY: a new mapping at a place that the kernel chooses, unmapped again.
    unsafe {
        let mapping = map(std::ptr::null_mut(), len, access, flags, -1)?;
        libc::munmap(mapping.as_ptr().cast(), len);
    }
    Ok(())
}

/// Whether this process may have only so much address space (RLIMIT_AS).
pub(crate) fn address_space_is_limited() -> bool {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: writes to the struct alone; where it fails, that stays as it is.
    unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    limit.rlim_cur != libc::RLIM_INFINITY
}
