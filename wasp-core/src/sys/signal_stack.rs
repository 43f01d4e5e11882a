//! A thread's stack for signals.
//!
//! A guest that exhausts its stack is noticed by a signal, which needs another stack to be handled on. wasmer makes one for each
//! thread that has none of 64 KiB; but it frees it at the thread's end without telling the kernel, and a signal that comes then
//! (a profiler's, or Go's SIGURG) is written to memory that is gone. So wasp makes one first, which wasmer then leaves alone.

use crate::sys::mmap;
use std::cell::OnceCell;
use std::io;
use std::ptr;

/// What wasmer asks for, and more: a trap's backtrace is taken there.
const SIZE: usize = 128 << 10;

const GUARD: usize = 4096;

/// A signal stack of ours, and the guard page below it.
struct SignalStack(*mut libc::c_void);

thread_local! {
    static THIS: OnceCell<Option<SignalStack>> = const { OnceCell::new() };
}

/// Makes sure that this thread has a stack for signals that is large enough for wasmer.
///
/// # Errors
/// If there is no memory for one, or if the thread's end has begun.
pub(crate) fn install() -> io::Result<()> {
    let ending = |_| io::Error::other("the thread is ending");
    THIS.try_with(|this| {
        if this.get().is_none() {
            let made = SignalStack::make()?;
            let _ = this.set(made);
        }
        Ok(())
    })
    .map_err(ending)?
}

impl SignalStack {
    /// Makes and installs one; none if the thread has one.
    fn make() -> io::Result<Option<Self>> {
        let current = current()?;
        if current.ss_flags & libc::SS_DISABLE == 0 && current.ss_size >= SIZE / 2 {
            return Ok(None);
        }
        let flags = libc::MAP_ANONYMOUS | libc::MAP_PRIVATE;
        // SAFETY: a new mapping, whose lowest page stays without access.
        unsafe {
            let base = mmap::map(ptr::null_mut(), GUARD + SIZE, libc::PROT_NONE, flags, -1)?;
            let made = Self(base.as_ptr().add(GUARD).cast());
            mmap::check(libc::mprotect(made.0, SIZE, libc::PROT_READ | libc::PROT_WRITE))?;
            let stack = libc::stack_t { ss_sp: made.0, ss_flags: 0, ss_size: SIZE };
            mmap::check(libc::sigaltstack(&raw const stack, ptr::null_mut()))?;
            Ok(Some(made))
        }
    }
}

impl Drop for SignalStack {
    /// Takes it back before it is freed, unless somebody else has put another one in its place.
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing runs on it: this is not a signal handler.
        unsafe {
            if current().is_ok_and(|current| current.ss_sp == self.0) {
                let none = libc::stack_t {
                    ss_sp: ptr::null_mut(),
                    ss_flags: libc::SS_DISABLE,
                    ss_size: 0,
                };
                if libc::sigaltstack(&raw const none, ptr::null_mut()) != 0 {
                    return;
                }
            }
            libc::munmap(self.0.byte_sub(GUARD), GUARD + SIZE);
        }
    }
}

fn current() -> io::Result<libc::stack_t> {
    // SAFETY: a question.
    unsafe {
        let mut current = std::mem::zeroed();
        mmap::check(libc::sigaltstack(ptr::null(), &raw mut current))?;
        Ok(current)
    }
}
