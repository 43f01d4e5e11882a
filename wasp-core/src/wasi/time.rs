//! Clocks, and waiting in a way that can be interrupted.

use std::sync::{Arc, LazyLock, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use wasi_common::clocks::WasiMonotonicOffsetClock;
use wasi_common::sched::{Poll, RwSubscription, Subscription, SubscriptionResult, WasiSched};
use wasi_common::snapshots::preview_1::types::Errno;
use wasi_common::sync::clocks::{MonotonicClock, SystemClock};
use wasi_common::sync::{ambient_authority, sched};
use wasi_common::{Error, WasiClocks};

/// The monotonic clock starts once for the process: an instance made from a snapshot must not go back in time.
static MONOTONIC: LazyLock<WasiMonotonicOffsetClock> =
    LazyLock::new(|| WasiMonotonicOffsetClock::new(MonotonicClock::new(ambient_authority())));

pub(super) fn clocks() -> WasiClocks {
    WasiClocks {
        system: Some(Box::new(SystemClock::new(ambient_authority()))),
        monotonic: Some(WasiMonotonicOffsetClock {
            creation_time: MONOTONIC.creation_time,
            abs_clock: Box::new(MonotonicClock::new(ambient_authority())),
        }),
    }
}

/// How long a sleeping guest may go without being asked whether it is interrupted.
const SLICE: Duration = Duration::from_millis(5);

/// The question whether the guest is interrupted, if anybody answers it.
pub(super) type Interrupted = OnceLock<Box<dyn Fn() -> bool + Send + Sync>>;

/// How a guest waits.
pub(super) struct Sleep(pub(super) Arc<Interrupted>);

impl Sleep {
    /// Waits until `ready` or until `duration` is over, which `None` never is.
    pub(super) fn wait(
        &self,
        duration: Option<Duration>,
        mut ready: impl FnMut() -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let end = duration.and_then(|duration| Instant::now().checked_add(duration));
        loop {
            let left = end.map_or(SLICE, |end| end.saturating_duration_since(Instant::now()));
            if ready()? || left.is_zero() {
                return Ok(());
            }
            if self.0.get().is_some_and(|interrupted| interrupted()) {
                return Err(Errno::Intr.into());
            }
            thread::sleep(left.min(SLICE));
        }
    }
}

#[wiggle::async_trait]
impl WasiSched for Sleep {
    async fn poll_oneoff<'a>(&self, poll: &mut Poll<'a>) -> Result<(), Error> {
        if poll.is_empty() {
            return Ok(());
        }
        let clock = poll.earliest_clock_deadline();
        let duration = clock.map(|clock| clock.duration_until().unwrap_or_default());
        self.wait(duration, || {
            let mut any = false;
            for subscription in poll.rw_subscriptions() {
                any |= look(subscription)?;
            }
            Ok(any)
        })
    }

    async fn sched_yield(&self) -> Result<(), Error> {
        thread::yield_now();
        Ok(())
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Error> {
        self.wait(Some(duration), || Ok(false))
    }
}

/// Whether one file is ready now. wasi-common's own poll says of all files that they are once one is.
fn look(subscription: &mut Subscription<'_>) -> Result<bool, Error> {
    let mut poll = Poll::new();
    let file: &mut RwSubscription<'_> = match subscription {
        Subscription::Read(file) => {
            poll.subscribe_read(file.file, 0.into());
            file
        }
        Subscription::Write(file) => {
            poll.subscribe_write(file.file, 0.into());
            file
        }
        Subscription::MonotonicClock(_) => return Ok(false),
    };
    #[cfg(unix)]
    if file.file.pollable().is_none() {
        // Ours, which never blocks.
        file.complete(0, wasi_common::sched::RwEventFlags::empty());
        return Ok(true);
    }
    let past = MONOTONIC.creation_time;
    poll.subscribe_monotonic_clock(&*MONOTONIC.abs_clock, past, Duration::ZERO, 1.into());
    wiggle::run_in_dummy_executor(sched::poll_oneoff(&mut poll)).map_err(Error::trap)??;
    for (result, _) in poll.results() {
        if let SubscriptionResult::Read(result) | SubscriptionResult::Write(result) = result {
            match result {
                Ok((bytes, flags)) => file.complete(bytes, flags),
                Err(error) => file.error(error),
            }
            return Ok(true);
        }
    }
    Ok(false)
}
