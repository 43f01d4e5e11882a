//! The threads that run `callAsync`. They are not libuv's: those are few, and a callback that waits for a file needs one of
//! them, so a guest that waits for that callback must not hold it.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

struct Pool {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// Threads that wait for a job.
    idle: usize,
    /// Threads that waited and are called, but not yet awake: they count as running.
    called: usize,
    /// Threads that run guest code, or are about to.
    running: usize,
}

static POOL: Pool = Pool {
    state: Mutex::new(State { jobs: VecDeque::new(), idle: 0, called: 0, running: 0 }),
    changed: Condvar::new(),
};

/// How long a thread without a job stays.
const LINGER: Duration = Duration::from_secs(5);

/// Runs `job` on a thread, now or when there is a place. If the machine gives no thread, the job is dropped.
pub(crate) fn run(job: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let mut state = POOL.lock();
    state.jobs.push_back(Box::new(job));
    let outcome = POOL.engage(&mut state);
    if outcome.is_err() && state.running == 0 {
        state.jobs.pop_back();
        return outcome;
    }
    Ok(())
}

/// Runs `body`, which waits: another job may have this thread's place meanwhile.
pub(crate) fn blocking<R>(body: impl FnOnce() -> R) -> R {
    let mut state = POOL.lock();
    state.running -= 1;
    // Without another thread, the jobs wait for one of those that run.
    let _ = POOL.engage(&mut state);
    drop(state);
    let result = body();
    POOL.lock().running += 1;
    result
}

impl Pool {
    /// Sees to it that somebody takes the next job, if there is one and a place for it.
    fn engage(&self, state: &mut State) -> std::io::Result<()> {
        let places = std::thread::available_parallelism().map_or(1, NonZero::get).max(4);
        if state.jobs.is_empty() || state.running >= places {
            return Ok(());
        }
        if state.idle > 0 {
            // Counted at once: until it is awake, the next job needs another one.
            state.idle -= 1;
            state.called += 1;
            state.running += 1;
            self.changed.notify_one();
            return Ok(());
        }
        let thread = std::thread::Builder::new().name("wasp-worker".to_owned());
        thread.spawn(|| POOL.work())?;
        state.running += 1;
        Ok(())
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = self.lock();
                continue;
            }
            state.running -= 1;
            state.idle += 1;
            let waited = self.changed.wait_timeout_while(state, LINGER, |state| state.called == 0);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.called == 0 {
                state.idle -= 1;
                return;
            }
            state.called -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
