//! The guest stack that stays: what a thread keeps, so that a call need not take a stack and begin a coroutine on it.
//!
//! A thread has one coroutine, with a small stack of its own, "home". It enters wasmer's `catch_traps` once, and on the guest's
//! stack that wasmer gives it runs one job after the other. Between two jobs the coroutine is suspended *from the guest's stack*:
//!
//! ```text
//! host's stack         home                      guest's stack
//! resume(job) ───────> catch_traps ────────────> work: job.run ──> compiled code
//!   <───────────────────────────────────────────── suspend            │ a host function, by `on_parent_stack`
//!   <─────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A trap makes `catch_traps` return to home, which reports it, and enters anew with the next job. What wasmer believes is true
//! throughout: its trap handler is installed, and its thread-local yielder names the guest's stack, also while the host runs. So
//! whoever enters wasmer in another way on this thread takes these from us: `guest_stack` sees to that for our own calls, and
//! nobody else may do it (`assume_sole_use_of_wasmer`). The signal handler asks [`fault_handler`] first, which knows that nothing
//! runs, and wasmer then finds that the faulting stack is not the guest's: faults of the host's own code go on to the host.

use crate::base::error::panic_message;
use crate::sys::guest_zone;
use crate::vm::thread::{Finish, Job, Outcome, Resident, ResidentYielder, Thread, fault_handler};
use corosensei::stack::{DefaultStack, Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult};
use std::io;
use std::mem::{self, ManuallyDrop};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use wasmer_vm::{VMConfig, catch_traps};

/// The size of the home stack. What wasmer runs there is shallow: growing a memory, making an error of a trap. A panic message
/// with a backtrace is what needs most.
const HOME: usize = 256 << 10;

/// Runs `job` on the stack that stays, where it has room. Its outcome is in it afterwards.
///
/// # Errors
/// Why there is no such stack any more. The job hasn't run.
///
/// # Safety
/// Nothing runs on this thread, and the job owns nothing while it is in guest code.
#[inline]
pub(super) unsafe fn run(thread: &Thread, job: *mut Job) -> Result<(), Finish> {
    // SAFETY: only this module looks into it, and never from within what it runs.
    let resident = unsafe { &mut *thread.resident.get() };
    let Some(coroutine) = &mut **resident else { return Err(Finish::Asked) };
    match coroutine.resume(job) {
        CoroutineResult::Yield(()) => Ok(()),
        CoroutineResult::Return(finish) => {
            finish_with(thread, resident);
            Err(finish)
        }
    }
}

/// Takes a stack of `total` bytes that stays.
///
/// # Errors
/// Why there is none.
#[cold]
pub(super) fn start(thread: &Thread, total: usize) -> Result<(), Finish> {
    let no_stack = |error: io::Error| Finish::NoStack(error.to_string());
    let home = DefaultStack::new(HOME).map_err(no_stack)?;
    let this = ptr::from_ref(thread);
    // SAFETY: what a thread knows lives as long as the thread, which is the one that resumes the coroutine.
    let body = move |yielder: &ResidentYielder, _| unsafe { at_home(&*this, yielder, total) };
    let mut coroutine: Resident = Coroutine::with_stack(home, body);
    thread.job.set(ptr::null_mut());
    match coroutine.resume(ptr::null_mut()) {
        CoroutineResult::Yield(()) => {
            // SAFETY: as in `run`.
            unsafe { *thread.resident.get() = ManuallyDrop::new(Some(coroutine)) };
            thread.usable.set(guest_zone::usable(total));
            Ok(())
        }
        CoroutineResult::Return(finish) => Err(finish),
    }
}

/// Gives the stack that stays back to wasmer, if there is one. Nothing runs on this thread.
#[cold]
pub(super) fn finish(thread: &Thread) {
    // SAFETY: as in `run`.
    let resident = unsafe { &mut *thread.resident.get() };
    if let Some(coroutine) = &mut **resident
        && let CoroutineResult::Return(_) = coroutine.resume(ptr::null_mut())
    {
        finish_with(thread, resident);
    }
}

fn finish_with(thread: &Thread, resident: &mut ManuallyDrop<Option<Resident>>) {
    thread.usable.set(0);
    thread.yielder.set(ptr::null());
    // The coroutine has ended: this frees its stack.
    drop(ManuallyDrop::into_inner(mem::replace(resident, ManuallyDrop::new(None))));
}

/// The coroutine's body, on its own stack.
///
/// # Safety
/// It is resumed with jobs that live until they have an outcome.
unsafe fn at_home(thread: &Thread, yielder: &ResidentYielder, total: usize) -> Finish {
    thread.yielder.set(yielder);
    let config = VMConfig { wasm_stack_size: Some(total) };
    let this = ptr::from_ref(thread);
    loop {
        // SAFETY: the thread outlives its coroutine; the jobs that come are as this function asks.
        let work = move || unsafe { work(&*this, total) };
        // SAFETY: `work` owns nothing while guest code runs; the handler is static.
        let enter = || unsafe { catch_traps(Some(fault_handler()), &config, work) };
        let ended = catch_unwind(AssertUnwindSafe(enter));
        let job = thread.job.replace(ptr::null_mut());
        // SAFETY: a job lives until it has an outcome, as this function asks.
        let entered = unsafe { job.as_ref() }.is_some_and(Job::has_entered);
        let outcome = match ended {
            Ok(Ok(finish)) => return finish,
            Ok(Err(trap)) if entered => Outcome::Trapped(trap),
            Err(panic) if entered => Outcome::Panicked(panic),
            Ok(Err(trap)) => return Finish::NoStack(trap.to_string()),
            Err(panic) => return Finish::NoStack(panic_message(&*panic).to_owned()),
        };
        // SAFETY: as above.
        unsafe { (*job).outcome = outcome };
        let next = yielder.suspend(());
        if next.is_null() {
            return Finish::Asked;
        }
        thread.job.set(next);
    }
}

/// Runs jobs, on the guest's stack.
///
/// # Safety
/// As for [`at_home`], whose yielder the thread has.
unsafe fn work(thread: &Thread, total: usize) -> Finish {
    let zone = match guest_zone::put_into_this_stack(&thread.lately, total) {
        Ok(zone) => zone,
        Err(unfit) => return Finish::Unfit(unfit),
    };
    // SAFETY: the yielder is on the home stack, whose frames are there as long as this runs.
    let yielder = unsafe { &*thread.yielder.get() };
    let mut job = thread.job.get();
    loop {
        if !job.is_null() {
            // SAFETY: jobs are as this function asks, and this is the stack of that zone.
            unsafe { run_above(&zone, guest_zone::usable(total), job) };
            // It has its outcome, and may be gone before this goes on.
            thread.job.set(ptr::null_mut());
        }
        job = yielder.suspend(());
        if job.is_null() {
            return Finish::Asked;
        }
        thread.job.set(job);
    }
}

/// Runs `job` on this guest's stack, above its zone, where a guest may use `usable` bytes.
///
/// # Safety
/// The job is alive, `usable` bytes are enough for it, and it owns nothing while it is in guest code.
#[inline]
pub(super) unsafe fn run_above(zone: &Range<usize>, usable: usize, job: *mut Job) {
    // SAFETY: the job is alive, as this function asks; the fault handler looks at its zone from this thread only.
    unsafe {
        (*job).running.zone.set(zone.clone());
        (*job).running.top.set(&raw const job as usize);
        let (run, body, bytes) = ((*job).run, (*job).body, (*job).bytes);
        if bytes == usable {
            run(body);
        } else {
            // Another plugin may use more: this one begins lower, so that the zone is where it is for all of them.
            let part = Part::new(zone.end + bytes, zone.start);
            corosensei::on_stack(part, || run(body));
        }
    }
}

/// A part of a stack that is there already.
pub(super) struct Part {
    base: StackPointer,
    limit: StackPointer,
}

impl Part {
    /// The part from `base`, a multiple of 16, down to `limit`.
    pub(super) fn new(base: usize, limit: usize) -> Self {
        let address = |at| StackPointer::new(at).unwrap_or(StackPointer::MIN);
        Self { base: address(base), limit: address(limit) }
    }
}

// SAFETY: a part is only made of stacks that end in a guard page, and never with less than MIN_STACK_SIZE bytes.
unsafe impl Stack for Part {
    fn base(&self) -> StackPointer {
        self.base
    }

    fn limit(&self) -> StackPointer {
        self.limit
    }
}
