//! Which thread this is, and of which process: what is remembered of either must not outlive a fork.

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    /// This thread's number, and the forks before it was given.
    static THREAD: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// This thread's number. A child of a fork counts anew.
pub(crate) fn thread() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(1);
    let fork = forks();
    let mut thread = THREAD.get();
    if thread.0 == 0 || thread.1 != fork {
        thread = (THREADS.fetch_add(1, Ordering::Relaxed), fork);
        THREAD.set(thread);
    }
    thread.0
}

/// How many times this process is a child of itself: what was known of pages before a fork is not known after it.
pub(crate) fn forks() -> u64 {
    static FORKS: AtomicU64 = AtomicU64::new(0);
    static WATCH: Once = Once::new();
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    WATCH.call_once(|| {
        // SAFETY: the handler only adds to an atomic.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    FORKS.load(Ordering::Relaxed)
}
