//! Signal handlers: guest traps arrive as signals, and wasmer's handlers must see them first.
//!
//! wasmer installs its handlers once. A host that installs others later (Python's `faulthandler`, a crash reporter) would
//! get the guest's traps, and end the process. So what wasmer installed is remembered, and put back when it is not there
//! any more. Signals that are not a guest's still reach the handlers that were there before wasmer's.

use std::sync::OnceLock;

const SIGNALS: [i32; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// What stood there right after wasmer installed its handlers.
struct Remembered([libc::sigaction; 4]);

static REMEMBERED: OnceLock<Remembered> = OnceLock::new();

/// Remembers the handlers. The first store was just made, which installed them.
pub(crate) fn remember() {
    REMEMBERED.get_or_init(|| Remembered(SIGNALS.map(current)));
}

/// Puts wasp's signal handlers back in front, if something else has replaced them since the first plugin was
/// registered. Registering a plugin does this too, and so does making an instance where none is ready.
pub fn claim_signals() {
    let Some(Remembered(ours)) = REMEMBERED.get() else { return };
    // Who replaces one replaces all of them, as far as is known: one question is enough.
    if current(libc::SIGSEGV).sa_sigaction == ours[0].sa_sigaction {
        return;
    }
    for (signal, action) in SIGNALS.iter().zip(ours) {
        // SAFETY: the action is one that the kernel gave for this signal, and its handler is never unloaded.
        unsafe { libc::sigaction(*signal, action, std::ptr::null_mut()) };
    }
}

fn current(signal: i32) -> libc::sigaction {
    // SAFETY: plain data, which the kernel fills; nothing is changed.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action);
        action
    }
}
