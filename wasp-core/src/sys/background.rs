//! Work that nobody waits for, on one thread.

use crate::sys::process::PerProcess;
use crate::sys::signals::with_signals_blocked;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

type Job = Box<dyn FnOnce() + Send>;

/// The jobs of this process, done one after the other by a thread that is there as long as there are any. It doesn't keep the
/// process from ending, and a child of a fork begins without jobs.
struct Background {
    queue: Mutex<Queue>,
}

struct Queue {
    jobs: VecDeque<Job>,
    /// Whether there is a thread, which looks for another job before it ends.
    runs: bool,
}

/// Runs `job` on the thread of this process for such work, after those that came before.
///
/// # Errors
/// If there is no thread to be had.
pub(crate) fn spawn(job: impl FnOnce() + Send + 'static) -> io::Result<()> {
    static CURRENT: PerProcess<Background> = PerProcess::new();
    let background = CURRENT.get(|| {
        // SAFETY: the handler belongs to this library, whose unloading runs and removes it.
        unsafe { libc::atexit(note_exit) };
        Background { queue: Mutex::new(Queue { jobs: VecDeque::new(), runs: false }) }
    });
    background.add(Box::new(job))
}

impl Background {
    fn add(&'static self, job: Job) -> io::Result<()> {
        let mut queue = self.queue.lock();
        if !queue.runs {
            let thread = std::thread::Builder::new().name("wasp-background".to_owned());
            with_signals_blocked(|| thread.spawn(|| self.run()))?;
            queue.runs = true;
        }
        queue.jobs.push_back(job);
        Ok(())
    }

    fn run(&self) {
        while let Some(job) = self.next() {
            // What it has to say it has said.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        let job = queue.jobs.pop_front();
        queue.runs = job.is_some();
        job
    }
}

static EXITING: AtomicBool = AtomicBool::new(false);

extern "C" fn note_exit() {
    EXITING.store(true, Ordering::SeqCst);
}

/// Returns whether the process is ending, so that what its host has may be gone. Known where [`spawn`] was called.
pub(crate) fn process_is_exiting() -> bool {
    EXITING.load(Ordering::SeqCst)
}
