//! Forks: a child has none of its parent's threads, and every lock that they held stays held.
//!
//! Python forks with the GIL held. So what other threads do meanwhile they do without it, and what of that takes locks
//! which others need is counted here, as a [`Work`]. A child of a quiet process goes on with all that it inherits. A
//! child that was forked in the midst of such work leaves its inheritance alone: engines start over there.

use crate::error;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use wasp_core::ErrorKind;

static FORKS: AtomicU64 = AtomicU64::new(0);
static GENERATION: AtomicU64 = AtomicU64::new(0);

static WORKING: AtomicUsize = AtomicUsize::new(0);
static COMPILING: AtomicUsize = AtomicUsize::new(0);
/// The compiler's own locks may be held for ever.
static COMPILER_LOST: AtomicBool = AtomicBool::new(false);

/// Returns how many forks lead from the first process to this one.
pub(crate) fn count() -> u64 {
    FORKS.load(Ordering::Relaxed)
}

/// Returns how many of those forks hit a process at work. What was made in another generation can't be used in this one.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Work without the GIL that takes locks of an engine, or of the compiler.
pub(crate) struct Work {
    counter: &'static AtomicUsize,
    process: u64,
}

impl Work {
    /// Counts work that takes the locks of an engine.
    pub(crate) fn with_engine() -> Self {
        Self::counted(&WORKING)
    }

    /// Counts work that takes the compiler's locks too. Fails where a fork left them held.
    pub(crate) fn with_compiler(py: Python<'_>) -> PyResult<Self> {
        if COMPILER_LOST.load(Ordering::Relaxed) {
            let message = "this process was forked while another thread registered a plugin, and can register none: start it by spawn or forkserver";
            return Err(error::new(py, ErrorKind::Invalid, message));
        }
        Ok(Self::counted(&COMPILING))
    }

    fn counted(counter: &'static AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self { counter, process: count() }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // A child starts to count anew, also when it was forked in a callback of its own work.
        if self.process == count() {
            self.counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Records that this process is a new child, and this its only thread.
pub(crate) fn note_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    let working = WORKING.swap(0, Ordering::Relaxed);
    let compiling = COMPILING.swap(0, Ordering::Relaxed);
    if working + compiling > 0 {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    if compiling > 0 {
        COMPILER_LOST.store(true, Ordering::Relaxed);
    }
}
