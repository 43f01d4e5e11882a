//! Unwinding by the platform's library, kept out of forks.
//!
//! libgcc before version 13 looks for the frames of compiled code under a lock. A thread that forks while another one unwinds would
//! leave it taken in its child, whose next exception, or trace, would wait for ever. So whoever forks waits until nobody unwinds,
//! and lets nobody begin; see `trace_lock`.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many threads unwind, or are about to ask whether they may.
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// How many threads fork.
static FORKING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Says that this thread begins to unwind, once no thread forks.
pub(crate) fn enter() {
    IS_INSIDE.set(true);
    loop {
        // Both sides write their own word before they read the other's.
        INSIDE.fetch_add(1, Ordering::SeqCst);
        if FORKING.load(Ordering::SeqCst) == 0 {
            return;
        }
        INSIDE.fetch_sub(1, Ordering::SeqCst);
        while FORKING.load(Ordering::Relaxed) != 0 {
            thread::yield_now();
        }
    }
}

/// Says that this thread has ended its unwinding, if it was at it.
pub(crate) fn leave() {
    if IS_INSIDE.replace(false) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits until no other thread unwinds, before a fork.
pub(super) fn hold() {
    FORKING.fetch_add(1, Ordering::SeqCst);
    // A signal handler can't wait for what it interrupts.
    let own = usize::from(IS_INSIDE.get());
    while INSIDE.load(Ordering::SeqCst) > own {
        thread::yield_now();
    }
}

/// Lets threads unwind again, in the parent.
pub(super) fn release() {
    FORKING.fetch_sub(1, Ordering::SeqCst);
}

/// The same in the child, where this thread is the only one.
pub(super) fn release_in_child() {
    INSIDE.store(IS_INSIDE.get().into(), Ordering::SeqCst);
    FORKING.store(0, Ordering::SeqCst);
}
