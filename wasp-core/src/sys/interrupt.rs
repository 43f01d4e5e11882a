//! Stopping a guest: by its time limit, or because the host says so.
//!
//! Compiled code looks at its instance's interrupt flag at every function entry and loop head and behind every bulk
//! instruction (see `instrument`), and host functions ask before they run, so stopping it is one store from any thread.
//! What keeps that from hitting the wrong call is the state below: a stop only happens to the call that it was meant
//! for, and the call's end waits for a stop that is on its way.

use crate::base::error::{Error, ErrorKind, Result};
use crate::sys::process::{PerProcess, generation};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

/// Why a call was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Cancelled,
    TimedOut,
}

// A state is a status in its low bits, and above it a count of calls that tells each from the next.
const STATUS: u64 = 0b11;
const IDLE: u64 = 0;
const RUNNING: u64 = 1;
const CANCELLED: u64 = 2;
const TIMED_OUT: u64 = 3;
const NEXT_CALL: u64 = 4;

/// A deadline that never comes.
const NEVER: u64 = u64::MAX;

/// One sandbox's way to be stopped.
#[derive(Debug)]
pub(crate) struct Interrupt {
    state: AtomicU64,
    /// In nanoseconds of [`now`]; only meaningful while a call runs.
    deadline: AtomicU64,
    /// The interrupt flag of compiled code; alive while a call runs.
    flag: AtomicPtr<i32>,
    /// Held while a stop is delivered.
    delivery: Mutex<()>,
    /// The number of the watchdog that has it on its list; 0 where none has.
    watchdog: AtomicU64,
    /// Counts the owners that the sandbox had: an [`Interrupter`] works for its own only.
    owner: AtomicU64,
}

impl Interrupt {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU64::new(IDLE),
            deadline: AtomicU64::new(NEVER),
            flag: AtomicPtr::default(),
            delivery: Mutex::default(),
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
        let next = (self.state.load(Ordering::Relaxed) & !STATUS) + NEXT_CALL;
        let Some(limit) = limit else {
            self.deadline.store(NEVER, Ordering::Relaxed);
            self.state.store(next | RUNNING, Ordering::Release);
            return Ok(());
        };
        // A child of a fork may be the first to need one.
        let watchdog = Watchdog::get()?;
        let deadline = now().saturating_add(nanoseconds(limit));
        self.deadline.store(deadline, Ordering::Relaxed);
        // Sequentially consistent with the watchdog's look at both: one of the two sees the other.
        self.state.store(next | RUNNING, Ordering::SeqCst);
        watchdog.expect(self, deadline, limit);
        Ok(())
    }

    /// The call ends: why it was stopped, if it was.
    pub(crate) fn end(&self) -> Option<Reason> {
        let running = self.state.load(Ordering::Relaxed);
        let before = self.state.swap(running & !STATUS, Ordering::AcqRel);
        let reason = reason(before)?;
        // Whoever stopped it may still be about to set the flag; then the next call must not find it set.
        let _delivered = self.deliver();
        self.set_flag(0);
        Some(reason)
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
        reason(self.state.load(Ordering::Relaxed))
    }

    /// How long the call that runs may still take.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline.load(Ordering::Relaxed);
        (deadline != NEVER).then(|| Duration::from_nanos(deadline.saturating_sub(now())))
    }

    /// The sandbox gets another owner: interrupters of the last one do nothing any more.
    pub(crate) fn disown(&self) {
        // Nobody else writes to it.
        self.owner.store(self.owner.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    fn cancel(&self, owner: u64) {
        let _delivery = self.deliver();
        let state = self.state.load(Ordering::Acquire);
        // Looked at after the state: another owner's call would have changed that too.
        if self.owner.load(Ordering::Acquire) == owner {
            self.stop(state, CANCELLED);
        }
    }

    /// The deadline of the call that runs, unless it has come: then the call is stopped.
    fn check(&self, now: u64) -> Option<u64> {
        let state = self.state.load(Ordering::SeqCst);
        let deadline = self.deadline.load(Ordering::Acquire);
        if state & STATUS != RUNNING || deadline == NEVER {
            return None;
        }
        if deadline > now {
            return Some(deadline);
        }
        let _delivery = self.deliver();
        self.stop(state, TIMED_OUT);
        None
    }

    /// Stops the call that `state` is of, if it still runs.
    fn stop(&self, state: u64, status: u64) {
        let stopped = state & !STATUS | status;
        if state & STATUS == RUNNING
            && self
                .state
                .compare_exchange(state, stopped, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        {
            self.set_flag(1);
        }
    }

    fn set_flag(&self, value: i32) {
        let flag = self.flag.load(Ordering::Relaxed);
        if !flag.is_null() {
            // SAFETY: `set_flag_ptr` was promised that it is valid while a call runs. `stop` found one running, which can't end
            // before the delivery lock is free; `end` is the end of one. Compiled code only reads it.
            unsafe { AtomicI32::from_ptr(flag) }.store(value, Ordering::Relaxed);
        }
    }

    fn deliver(&self) -> MutexGuard<'_, ()> {
        self.delivery.lock()
    }
}

fn reason(state: u64) -> Option<Reason> {
    match state & STATUS {
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

    /// Ends the call that runs, which fails with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled). When none runs, nothing
    /// happens, also not to the next one.
    pub fn interrupt(&self) {
        self.interrupt.cancel(self.owner);
    }
}

/// Nanoseconds on the monotonic clock since this process first asked.
fn now() -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    nanoseconds(ORIGIN.get_or_init(Instant::now).elapsed())
}

fn nanoseconds(duration: Duration) -> u64 {
    // `as_nanos` is 128 bits wide, and this is on the way of each call.
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

/// How long the watchdog stays half awake after the last call with a deadline, so that a series of calls need not wake
/// it one by one.
const LINGER: Duration = Duration::from_secs(1);

/// Makes sure that time limits will be kept.
pub(crate) fn prepare() -> Result<()> {
    Watchdog::get().map(drop)
}

/// One thread that stops calls at their deadline, started with the first of them. A child of a fork has no thread of its
/// parent's, and starts its own.
struct Watchdog {
    /// The generation of its process.
    number: u64,
    thread: AtomicU8,
    list: Mutex<Watched>,
    changed: Condvar,
    /// When it looks next, in nanoseconds of [`now`]; `NEVER` while it looks and when it waits to be called.
    next_look: AtomicU64,
}

// Where a watchdog's thread stands.
const NOT_STARTED: u8 = 0;
const STARTING: u8 = 1;
const STARTED: u8 = 2;

struct Watched {
    interrupts: Vec<Weak<Interrupt>>,
    /// The shortest limit seen: how often it looks while it lingers.
    shortest: Option<Duration>,
}

impl Watchdog {
    /// Returns the one of this process, whose thread runs.
    #[inline]
    fn get() -> Result<&'static Self> {
        static CURRENT: PerProcess<Watchdog> = PerProcess::new();
        let watchdog = CURRENT.get(|| Watchdog {
            number: generation(),
            thread: AtomicU8::new(NOT_STARTED),
            list: Mutex::new(Watched { interrupts: Vec::new(), shortest: None }),
            changed: Condvar::new(),
            next_look: AtomicU64::new(NEVER),
        });
        if watchdog.thread.load(Ordering::Acquire) != STARTED {
            watchdog.start()?;
        }
        Ok(watchdog)
    }

    /// Starts its thread, unless another thread does: then waits for how that ends.
    #[cold]
    fn start(&'static self) -> Result<()> {
        loop {
            let before = self.thread.compare_exchange(
                NOT_STARTED,
                STARTING,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match before {
                Ok(_) => break,
                Err(STARTED) => return Ok(()),
                Err(_) => std::thread::yield_now(),
            }
        }
        let thread = std::thread::Builder::new().name("wasp-watchdog".to_owned());
        let started = thread.spawn(|| self.run());
        let now = if started.is_ok() { STARTED } else { NOT_STARTED };
        self.thread.store(now, Ordering::Release);
        started.map(drop).map_err(|error| {
            let message = format!("no thread for time limits: {error}");
            Error::new(ErrorKind::Resource, message).with_source(Box::new(error))
        })
    }

    /// Makes sure that it looks at `interrupt` no later than at `deadline`.
    fn expect(&self, interrupt: &Arc<Interrupt>, deadline: u64, limit: Duration) {
        let known = interrupt.watchdog.load(Ordering::Relaxed) == self.number;
        if known && self.next_look.load(Ordering::SeqCst) <= deadline {
            return;
        }
        let mut list = self.list.lock();
        if !known {
            interrupt.watchdog.store(self.number, Ordering::Relaxed);
            list.interrupts.push(Arc::downgrade(interrupt));
            list.shortest = Some(list.shortest.map_or(limit, |shortest| shortest.min(limit)));
        }
        self.changed.notify_one();
    }

    fn run(&self) {
        let mut list = self.list.lock();
        let mut quiet_since = now();
        loop {
            // While this is `NEVER`, every call that begins takes the lock and calls.
            self.next_look.store(NEVER, Ordering::SeqCst);
            let now = now();
            let mut next = NEVER;
            list.interrupts.retain(|weak| {
                let Some(interrupt) = weak.upgrade() else { return false };
                if let Some(deadline) = interrupt.check(now) {
                    next = next.min(deadline);
                }
                true
            });
            if next != NEVER {
                quiet_since = now;
            } else if now - quiet_since < nanoseconds(LINGER) {
                let pause = list.shortest.unwrap_or(LINGER);
                next = now
                    + nanoseconds(pause.clamp(Duration::from_millis(1), Duration::from_millis(20)));
            }
            if next == NEVER {
                self.changed.wait(&mut list);
                quiet_since = self::now();
            } else {
                self.next_look.store(next, Ordering::SeqCst);
                let pause = Duration::from_nanos(next.saturating_sub(now));
                self.changed.wait_for(&mut list, pause);
            }
        }
    }
}
