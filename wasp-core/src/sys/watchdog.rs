//! The thread that ends calls at their time limits, and the clock that it goes by.

use crate::base::error::{Error, ErrorKind, Result};
use crate::sys::process::{PerProcess, generation};
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

/// A deadline that never comes.
pub(crate) const NEVER: u64 = u64::MAX;

/// Something that has a deadline while a call runs.
pub(crate) trait Watched: Send + Sync + 'static {
    /// Returns the deadline of the call that runs, unless it has come: then the call is stopped.
    fn check(&self, now: u64) -> Option<u64>;
}

/// Nanoseconds on the monotonic clock since this process first asked.
pub(crate) fn now() -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    nanoseconds(ORIGIN.get_or_init(Instant::now).elapsed())
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    // `as_nanos` is 128 bits wide, and this is on the way of each call.
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

/// How long the watchdog stays half awake after the last call with a deadline, so that a series of calls need not wake
/// it one by one.
const LINGER: Duration = Duration::from_secs(1);

/// One thread that stops calls at their deadline, started with the first of them. A child of a fork has no thread of its
/// parent's, and starts its own.
pub(crate) struct Watchdog {
    /// The generation of its process.
    number: u64,
    thread: AtomicU8,
    list: Mutex<List>,
    changed: Condvar,
    /// When it looks next, in nanoseconds of [`now`]; `NEVER` while it looks and when it waits to be called.
    next_look: AtomicU64,
}

// Where a watchdog's thread stands.
const NOT_STARTED: u8 = 0;
const STARTING: u8 = 1;
const STARTED: u8 = 2;

struct List {
    calls: Vec<Weak<dyn Watched>>,
    /// The shortest limit seen: how often it looks while it lingers.
    shortest: Option<Duration>,
}

impl Watchdog {
    /// Returns the one of this process, whose thread runs.
    #[inline]
    pub(crate) fn get() -> Result<&'static Self> {
        static CURRENT: PerProcess<Watchdog> = PerProcess::new();
        let watchdog = CURRENT.get(|| Watchdog {
            number: generation(),
            thread: AtomicU8::new(NOT_STARTED),
            list: Mutex::new(List { calls: Vec::new(), shortest: None }),
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

    /// Makes sure that it looks at `call` no later than at `deadline`. `known_by` has the number of the watchdog that has the call on
    /// its list; 0 where none has.
    pub(crate) fn expect(
        &self,
        call: &Arc<impl Watched>,
        known_by: &AtomicU64,
        deadline: u64,
        limit: Duration,
    ) {
        let known = known_by.load(Ordering::Relaxed) == self.number;
        if known && self.next_look.load(Ordering::SeqCst) <= deadline {
            return;
        }
        let mut list = self.list.lock();
        if !known {
            known_by.store(self.number, Ordering::Relaxed);
            let call: Weak<dyn Watched> = Arc::<_>::downgrade(call) as Weak<dyn Watched>;
            list.calls.push(call);
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
            list.calls.retain(|weak| {
                let Some(call) = weak.upgrade() else { return false };
                if let Some(deadline) = call.check(now) {
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
