//! Whether this process may have code that it made itself.

use crate::sys::mmap;
use std::ptr;

/// Returns whether the kernel refuses to make memory executable that was writable: under `PR_SET_MDWE`, systemd's
/// MemoryDenyWriteExecute, or SELinux's execmem. It is tried, so that it doesn't matter by what.
#[cold]
pub(crate) fn is_forbidden() -> bool {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_ANONYMOUS | libc::MAP_PRIVATE;
    // SAFETY: a new mapping, used here alone and unmapped here; nothing in it is run.
    unsafe {
        let Ok(page) = mmap::map(ptr::null_mut(), 4096, access, flags, -1) else { return false };
        page.as_ptr().write_volatile(0xC3);
        let executable = libc::PROT_READ | libc::PROT_EXEC;
        let refused = libc::mprotect(page.as_ptr().cast(), 4096, executable) != 0;
        libc::munmap(page.as_ptr().cast(), 4096);
        refused
    }
}
