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

/// Lets this thread have the signals that guests' faults are. A host that blocks all signals in its threads, as servers do, would
/// be ended by the first one: the kernel doesn't keep a fault waiting.
pub(crate) fn unblock_faults() {
    // SAFETY: a set of this function's own; handlers for these signals are there, wasmer's.
    unsafe {
        let mut faults = std::mem::zeroed();
        libc::sigemptyset(&raw mut faults);
        for signal in SIGNALS {
            libc::sigaddset(&raw mut faults, signal);
        }
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const faults, std::ptr::null_mut());
    }
}

/// Runs `body` with all signals of this thread blocked but those that faults are: threads that it makes begin so.
pub(crate) fn with_signals_blocked<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: sets of this function's own; the mask is this thread's, and is put back.
    unsafe {
        let (mut others, mut before) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&raw mut others);
        for signal in SIGNALS {
            libc::sigdelset(&raw mut others, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const others, &raw mut before);
        let outcome = body();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        outcome
    }
}

/// Runs `body`, which may write beyond `RLIMIT_FSIZE`: that is an error of it then, and not a signal that ends the process.
pub(crate) fn without_file_size_signal<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: sets of this function's own; the mask is this thread's, and is put back.
    unsafe {
        let (mut too_large, mut before, mut pending) =
            (std::mem::zeroed(), std::mem::zeroed(), std::mem::zeroed());
        libc::sigemptyset(&raw mut too_large);
        libc::sigaddset(&raw mut too_large, libc::SIGXFSZ);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const too_large, &raw mut before);
        // One that was waiting already is the host's.
        let waiting = libc::sigpending(&raw mut pending) == 0
            && libc::sigismember(&raw const pending, libc::SIGXFSZ) == 1;
        let outcome = body();
        if !waiting {
            take_pending(&too_large);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        outcome
    }
}

/// Takes a signal of the set that waits for this thread, if one does.
#[cfg(target_os = "linux")]
fn take_pending(set: &libc::sigset_t) {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time are readable.
    while unsafe { libc::sigtimedwait(set, std::ptr::null_mut(), &raw const now) } == libc::SIGXFSZ
    {
    }
}

/// The same where one can only wait for a signal that is known to be there.
#[cfg(not(target_os = "linux"))]
fn take_pending(set: &libc::sigset_t) {
    // SAFETY: the set and the places are this function's own.
    unsafe {
        let (mut pending, mut signal) = (std::mem::zeroed(), 0);
        if libc::sigpending(&raw mut pending) == 0
            && libc::sigismember(&raw const pending, libc::SIGXFSZ) == 1
        {
            libc::sigwait(set, &raw mut signal);
        }
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
