//! Stopping a guest: by its time limit, or because the host says so.
//!
//! Compiled code looks at its instance's interrupt flag at every function entry and loop head and behind every bulk
//! instruction (see `instrument`), and host functions ask before they run, so stopping it is one store from any thread.
//! What keeps that from hitting the wrong call is the state below: a stop only happens to the call that it was meant
//! for, and the call's end waits for a stop that is on its way.

use crate::base::error::Result;
use crate::sys::fence;
use crate::sys::process::generation;
use crate::sys::watchdog::{NEVER, Watchdog, Watched, nanoseconds, now};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

/// Why a call was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Cancelled,
    TimedOut,
}

// A state is whether a call runs, in its lowest bit, and above it a count of calls that tells each from the next.
const RUNNING: u64 = 1;
const NEXT_CALL: u64 = 2;

// What `stopped` says.
const NOT_STOPPED: u8 = 0;
const CANCELLED: u8 = 1;
const TIMED_OUT: u8 = 2;

/// One sandbox's way to be stopped.
///
/// The thread that calls writes `state`, and reads `stoppers` when its call ends; a thread that stops it counts itself in
/// `stoppers`, and then reads `state`. So either the stopper sees that the call has ended, or the call's end sees the stopper and
/// waits for it. There is no lock in it: a signal handler may stop the call that it interrupts, anywhere.
#[derive(Debug)]
pub(crate) struct Interrupt {
    state: AtomicU64,
    /// In nanoseconds of [`now`]; only meaningful while a call runs.
    deadline: AtomicU64,
    /// What was left of the time when the clock was stopped, in nanoseconds; [`NEVER`] where it runs.
    left: AtomicU64,
    /// The interrupt flag of compiled code; alive while a call runs.
    flag: AtomicPtr<i32>,
    /// Why the call that runs is to be stopped, if it is.
    stopped: AtomicU8,
    /// How many threads are about to stop it, and above that the generation of the process: a child has none of these threads.
    stoppers: AtomicU64,
    /// The number of the watchdog that has it on its list; 0 where none has.
    watchdog: AtomicU64,
    /// Counts the owners that the sandbox had: an [`Interrupter`] works for its own only.
    owner: AtomicU64,
}

// How `stoppers` is divided.
const COUNT_BITS: u32 = 16;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

impl Interrupt {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU64::new(0),
            deadline: AtomicU64::new(NEVER),
            left: AtomicU64::new(NEVER),
            flag: AtomicPtr::default(),
            stopped: AtomicU8::new(NOT_STOPPED),
            stoppers: AtomicU64::new(0),
            watchdog: AtomicU64::new(0),
            owner: AtomicU64::new(0),
        })
    }

    /// Tells it where compiled code looks.
    ///
    /// # Safety
    /// `flag` must be valid whenever a call runs between `begin` and `end`.
    pub(crate) unsafe fn set_flag_ptr(&self, flag: *mut i32) {
        self.flag.store(flag, Ordering::Relaxed);
    }

    /// Notes that a call begins, which may take `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::Resource`] if nothing would stop it at its limit; it hasn't begun then.
    #[inline]
    pub(crate) fn begin(self: &Arc<Self>, limit: Option<Duration>) -> Result<()> {
        let next = (self.state.load(Ordering::Relaxed) & !RUNNING) + NEXT_CALL;
        let Some(limit) = limit else {
            self.deadline.store(NEVER, Ordering::Relaxed);
            self.state.store(next | RUNNING, Ordering::Release);
            return Ok(());
        };
        self.left.store(NEVER, Ordering::Relaxed);
        // A child of a fork may be the first to need one.
        let watchdog = Watchdog::get()?;
        let deadline = now().saturating_add(nanoseconds(limit));
        self.deadline.store(deadline, Ordering::Relaxed);
        // Sequentially consistent with the watchdog's look at both: one of the two sees the other.
        self.state.store(next | RUNNING, Ordering::SeqCst);
        watchdog.expect(self, &self.watchdog, deadline, limit);
        Ok(())
    }

    /// The call ends: why it was stopped, if it was.
    #[inline]
    pub(crate) fn end(&self) -> Option<Reason> {
        let running = self.state.load(Ordering::Relaxed);
        self.state.store(running & !RUNNING, Ordering::Release);
        fence::light();
        let nobody = self.stopped.load(Ordering::Relaxed) == NOT_STOPPED
            && self.stoppers.load(Ordering::Relaxed) & COUNT == 0;
        if nobody { None } else { self.end_stopped() }
    }

    /// Whoever stops it may still be about to set the flag; the next call must not find it set.
    #[cold]
    fn end_stopped(&self) -> Option<Reason> {
        loop {
            let stoppers = self.stoppers.load(Ordering::Acquire);
            if stoppers & COUNT == 0 {
                break;
            }
            if stoppers >> COUNT_BITS != generation() {
                // The parent's. A stopper of this process may just have found that too.
                let (ok, or) = (Ordering::AcqRel, Ordering::Relaxed);
                let _ = self.stoppers.compare_exchange(stoppers, 0, ok, or);
                continue;
            }
            std::thread::yield_now();
        }
        let reason = reason(self.stopped.swap(NOT_STOPPED, Ordering::AcqRel));
        self.set_flag(0);
        reason
    }

    /// The interrupt flag of compiled code.
    pub(crate) fn flag(&self) -> *mut i32 {
        self.flag.load(Ordering::Relaxed)
    }

    /// Takes back a flag that something else than a stop has set, when no call runs.
    pub(crate) fn clear_flag(&self) {
        self.set_flag(0);
    }

    /// Why the call that runs must stop, if it must.
    pub(crate) fn stop_reason(&self) -> Option<Reason> {
        reason(self.stopped.load(Ordering::Relaxed))
    }

    /// Whether the call that runs must stop.
    #[inline(always)]
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) != NOT_STOPPED
    }

    /// How long the call that runs may still take.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline.load(Ordering::Relaxed);
        (deadline != NEVER).then(|| Duration::from_nanos(deadline.saturating_sub(now())))
    }

    /// Stops the clock of the call that runs on this thread.
    pub(crate) fn pause(&self) {
        let deadline = self.deadline.swap(NEVER, Ordering::SeqCst);
        if deadline != NEVER {
            self.left.store(deadline.saturating_sub(now()), Ordering::Relaxed);
        }
    }

    /// Has the clock of the call that runs on this thread go on, if it was stopped.
    ///
    /// # Errors
    /// [`ErrorKind::Resource`] if nothing would stop the call at its limit.
    pub(crate) fn resume(self: &Arc<Self>) -> Result<()> {
        let left = self.left.swap(NEVER, Ordering::Relaxed);
        if left == NEVER {
            return Ok(());
        }
        let deadline = now().saturating_add(left);
        self.deadline.store(deadline, Ordering::SeqCst);
        Watchdog::get()?.expect(self, &self.watchdog, deadline, Duration::from_nanos(left));
        Ok(())
    }

    /// The sandbox gets another owner: interrupters of the last one do nothing any more.
    pub(crate) fn disown(&self) {
        // Nobody else writes to it.
        self.owner.store(self.owner.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Async-signal-safe.
    fn cancel(&self, owner: u64) {
        if self.state.load(Ordering::Relaxed) & RUNNING == 0 {
            return;
        }
        let _stopper = Stopper::new(self);
        let state = self.state.load(Ordering::Acquire);
        // Looked at after the state: another owner's call would have changed that too.
        if self.owner.load(Ordering::Acquire) == owner && state & RUNNING != 0 {
            self.stop(CANCELLED);
        }
    }

    /// Stops the call that runs, which can't end before this has returned. Whoever comes first says why.
    fn stop(&self, why: u8) {
        let (ok, or) = (Ordering::AcqRel, Ordering::Relaxed);
        let _ = self.stopped.compare_exchange(NOT_STOPPED, why, ok, or);
        self.set_flag(1);
    }

    fn set_flag(&self, value: i32) {
        let flag = self.flag.load(Ordering::Relaxed);
        if !flag.is_null() {
            // SAFETY: `set_flag_ptr` was promised that it is valid while a call runs. A stopper found one running, which can't end
            // before it is gone; `end` is the end of one. Compiled code only reads it.
            unsafe { AtomicI32::from_ptr(flag) }.store(value, Ordering::Relaxed);
        }
    }
}

impl Watched for Interrupt {
    fn check(&self, now: u64) -> Option<u64> {
        let state = self.state.load(Ordering::SeqCst);
        let deadline = self.deadline.load(Ordering::Acquire);
        if state & RUNNING == 0 || deadline == NEVER {
            return None;
        }
        if deadline > now {
            return Some(deadline);
        }
        let _stopper = Stopper::new(self);
        if self.state.load(Ordering::Acquire) == state {
            self.stop(TIMED_OUT);
        }
        None
    }
}

/// A thread that is about to stop a call: while it is there, a call that it found running doesn't end.
struct Stopper<'a>(&'a Interrupt);

impl<'a> Stopper<'a> {
    fn new(interrupt: &'a Interrupt) -> Self {
        let generation = generation();
        let add = |stoppers: u64| {
            let count = if stoppers >> COUNT_BITS == generation { stoppers & COUNT } else { 0 };
            Some(generation << COUNT_BITS | (count + 1))
        };
        // It never refuses.
        let _ = interrupt.stoppers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
        // The call's end reads that word and has written its state.
        fence::heavy();
        Self(interrupt)
    }
}

impl Drop for Stopper<'_> {
    fn drop(&mut self) {
        self.0.stoppers.fetch_sub(1, Ordering::Release);
    }
}

fn reason(stopped: u8) -> Option<Reason> {
    match stopped {
        CANCELLED => Some(Reason::Cancelled),
        TIMED_OUT => Some(Reason::TimedOut),
        _ => None,
    }
}

/// Stops the call that an [`Instance`](crate::Instance) runs, from any thread and at any time.
///
/// It may outlive its instance, and then does nothing. It stays valid when its instance is reset.
#[derive(Clone, Debug)]
pub struct Interrupter {
    interrupt: Arc<Interrupt>,
    owner: u64,
}

impl Interrupter {
    pub(crate) fn new(interrupt: &Arc<Interrupt>) -> Self {
        Self { interrupt: Arc::clone(interrupt), owner: interrupt.owner.load(Ordering::Acquire) }
    }

    /// Returns whether it is for the calls that `interrupt` is for.
    pub(crate) fn stops(&self, interrupt: &Interrupt) -> bool {
        ptr::eq(&raw const *self.interrupt, interrupt)
    }

    /// Ends the call that runs, which fails with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled). When none runs, nothing
    /// happens, also not to the next one. A signal handler may call this.
    pub fn interrupt(&self) {
        self.interrupt.cancel(self.owner);
    }
}
