//! Going to a guest's stack: the one that stays with the thread, or one that is taken for a single call.

use crate::base::error::panic_message;
use crate::sys::guest_zone::{self, Unfit};
use crate::sys::host_stack::{self, Place};
use crate::sys::{mmap, signal_stack, signals, unwinding, valgrind};
use crate::vm::host_switch::{HostSwitch, MARGIN, keeping_yielder};
use crate::vm::resident;
use crate::vm::runtime::Runtime;
use crate::vm::thread::{Finish, Job, Outcome, Running, Thread, fault_handler};
use std::cell::Cell;
use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use wasmer_vm::{Trap, VMConfig, catch_traps};

/// How deep guests and host functions may call each other on one thread. Each level takes some of the host's stack and a
/// guest stack of its own.
pub(crate) const DEEPEST: u32 = 64;

/// How much of the host's stack must be left for a call within a callback: the way there, and some room for what the
/// callbacks of that call do.
const NESTED_NEEDS: usize = MARGIN + (32 << 10);

const PAGE: usize = 4096;

/// Whether nobody but this crate enters its copy of wasmer.
static SOLE_USE: AtomicBool = AtomicBool::new(false);

/// Lets each thread keep one guest stack, which makes a call and a callback 20 ns faster.
///
/// By default a Rust host takes a stack for each call, because it may use wasmer itself, and both can't keep one on the same thread.
/// The bindings for other languages call this: their shared libraries have a wasmer of their own.
///
/// # Safety
/// From now on the process must not run WebAssembly through the same version of the crates `wasmer` or `wasmer-vm` but through
/// this crate, on no thread.
pub unsafe fn assume_sole_use_of_wasmer() {
    // Valgrind would take what is below a stack that isn't left by a return for memory that nobody may use.
    SOLE_USE.store(!valgrind::is_here(), Ordering::Relaxed);
}

/// What ended what ran on a guest's stack, or kept it from there.
pub(crate) enum Ended {
    Trap {
        trap: Trap,
        /// Whether host code had come to the end of the stack before.
        exhausted: bool,
        /// The addresses of the innermost frames, if the guest itself came to the end of the stack.
        frames: Vec<usize>,
    },
    /// There was no stack to begin with.
    NoStack(io::Error),
    /// It would have been one too many within others.
    TooDeep,
    /// So little of the host's own stack is left, in bytes.
    HostStack(usize),
    /// A callback of this thread waits on another stack.
    OtherStack,
}

/// The guest code that a call enters.
pub(crate) struct GuestCode {
    /// Where the plugin's compiled functions are.
    pub code: Range<usize>,
    /// The interrupt flag that they look at.
    pub flag: *mut i32,
    /// What the functions of the runtime that they call must know.
    pub runtime: *const Runtime,
    /// How much of the stack they may use, in bytes.
    pub stack_bytes: usize,
}

/// Runs `body` on the guest's stack, so that it can enter several functions for the price of one switch. Only pointers go there
/// and nothing comes back: a move would cost as much as the switch. Sets how host functions come back, and says whether host
/// code came to the end of the stack.
///
/// # Safety
/// While `body` is in guest code it must own nothing: a trap there abandons its frames without running destructors.
#[inline]
pub(crate) unsafe fn on_guest_stack<F: FnMut()>(
    guest: GuestCode,
    switch: &Cell<HostSwitch>,
    body: &mut F,
) -> Result<bool, Ended> {
    unsafe fn run<F: FnMut()>(body: *mut c_void) {
        // SAFETY: the pointer is the one below, whose closure is used by nobody else meanwhile.
        unsafe { (*body.cast::<F>())() }
    }
    let GuestCode { code, flag, runtime, stack_bytes } = guest;
    // SAFETY: it lives as long as the thread.
    let thread = unsafe { &*Thread::this() };
    let outer = thread.running.get();
    let running = Running {
        code,
        flag,
        runtime,
        zone: Cell::new(0..0),
        top: Cell::new(0),
        opened: AtomicBool::new(false),
        exhausted: AtomicBool::new(false),
        tracing: Cell::new(false),
        resident: true,
        outer,
        depth: 1,
    };
    let mut job = Job {
        running,
        run: run::<F>,
        body: (&raw mut *body).cast(),
        bytes: stack_bytes.next_multiple_of(PAGE),
        outcome: Outcome::Fine,
    };
    let before = switch.get();
    let mut ran = Ok(());
    // SAFETY: nothing runs on this thread where the stack that stays is taken; `body` is as this function asks.
    unsafe {
        let fits = outer.is_null() && job.bytes <= thread.usable.get();
        if !fits || run_on_resident(thread, switch, &mut job).is_err() {
            ran = run_elsewhere(thread, switch, &mut job);
        }
    }
    switch.set(before);
    ran?;
    let exhausted = job.running.exhausted.load(Ordering::Relaxed);
    match job.outcome {
        Outcome::Fine => Ok(exhausted),
        Outcome::Trapped(trap) => {
            // It may be of an exception that nobody caught.
            unwinding::leave();
            Err(Ended::Trap { trap, exhausted, frames: thread.exhausted.take() })
        }
        Outcome::Panicked(panic) => resume_unwind(panic),
    }
}

/// # Safety
/// As for [`resident::run`].
#[inline]
unsafe fn run_on_resident(
    thread: &Thread,
    switch: &Cell<HostSwitch>,
    job: &mut Job,
) -> Result<(), Finish> {
    switch.set(HostSwitch::resident(thread.yielder.get()));
    thread.running.set(&raw const job.running);
    // SAFETY: nothing runs on this thread, and the job is as this function asks.
    let outcome = unsafe { resident::run(thread, job) };
    thread.running.set(ptr::null());
    if job.running.opened.load(Ordering::Relaxed) && !close_zone(job) {
        resident::finish(thread);
    }
    outcome
}

/// Closes the zone that host code came into, and returns whether it is closed.
#[cold]
fn close_zone(job: &Job) -> bool {
    guest_zone::close(&job.running.zone.take())
}

/// Runs `job` where the stack that stays can't be used as it is: at the first call of a thread, for a plugin with a larger stack, and
/// within other calls.
///
/// # Safety
/// The job owns nothing while it is in guest code.
#[inline(never)]
unsafe fn run_elsewhere(
    thread: &Thread,
    switch: &Cell<HostSwitch>,
    job: &mut Job,
) -> Result<(), Ended> {
    let outer = job.running.outer;
    if !outer.is_null() {
        job.running.depth += check_nesting(outer)?;
    }
    loop {
        let total = guest_zone::total(job.bytes);
        prepare(thread, job.running.depth, total).map_err(Ended::NoStack)?;
        let unfit = if outer.is_null() && SOLE_USE.load(Ordering::Relaxed) {
            resident::finish(thread);
            // SAFETY: nothing runs on this thread, and the job is as this function asks.
            let outcome = resident::start(thread, total)
                .and_then(|()| unsafe { run_on_resident(thread, switch, job) });
            match outcome {
                Ok(()) => None,
                Err(Finish::Unfit(unfit)) => Some(unfit),
                Err(Finish::NoStack(words)) => return Err(Ended::NoStack(io::Error::other(words))),
                Err(Finish::Asked) => return Err(Ended::NoStack(io::Error::other("it is gone"))),
            }
        } else {
            job.running.resident = false;
            switch.set(HostSwitch::default());
            // SAFETY: the job is as this function asks.
            unsafe { run_once(thread, job, total) }?
        };
        match unfit {
            None => {
                note_ready(thread, job.running.depth, total);
                return Ok(());
            }
            Some(Unfit::OtherSize) => {}
            Some(Unfit::NoZone(errno)) => {
                return Err(Ended::NoStack(io::Error::from_raw_os_error(errno)));
            }
        }
    }
}

/// Checks that a call may begin within the one that is `outer`, and returns how deep that is.
fn check_nesting(outer: *const Running) -> Result<u32, Ended> {
    let here = 0u8;
    match host_stack::place(&raw const here as usize, outer as usize) {
        // Its frame may not be there as long as another stack is.
        Place::Elsewhere => return Err(Ended::OtherStack),
        Place::Below(Some(left)) if left < NESTED_NEEDS => return Err(Ended::HostStack(left)),
        Place::Below(_) => {}
    }
    // SAFETY: what is running on this thread outlives its run, on the stack that this is.
    let depth = unsafe { (*outer).depth };
    if depth >= DEEPEST { Err(Ended::TooDeep) } else { Ok(depth) }
}

/// Runs `job` on a stack that is taken for it alone. Returns why that one isn't fit, if it isn't.
///
/// # Safety
/// As for [`run_elsewhere`].
unsafe fn run_once(thread: &Thread, job: &mut Job, total: usize) -> Result<Option<Unfit>, Ended> {
    let (outer, config) = (job.running.outer, VMConfig { wasm_stack_size: Some(total) });
    // wasmer asks for a closure that borrows nothing; both outlive it.
    let (this, job_ptr) = (ptr::from_ref(thread), &raw mut *job);
    // SAFETY: the closure is called once, before this returns, and the job is as this function asks.
    let on_stack = move || unsafe {
        let thread = &*this;
        let zone = match guest_zone::put_into_this_stack(&thread.lately, total) {
            Ok(zone) => zone,
            Err(unfit) => return Some(unfit),
        };
        thread.running.set(&raw const (*job_ptr).running);
        resident::run_above(&zone, guest_zone::usable(total), job_ptr);
        None
    };
    // SAFETY: what runs there owns nothing while it is in guest code; the handler is static.
    let enter = || unsafe { catch_traps(Some(fault_handler()), &config, on_stack) };
    let enter = || catch_unwind(AssertUnwindSafe(enter));
    // SAFETY: what is running on this thread outlives its run; `check_nesting` found it on this stack.
    let direct = unsafe { outer.as_ref() }.is_some_and(|outer| outer.resident);
    let ended = if direct { keeping_yielder(enter) } else { enter() };
    thread.running.set(outer);
    let entered = job.has_entered();
    if job.running.opened.load(Ordering::Relaxed) {
        close_zone(job);
    }
    match ended {
        Ok(Ok(unfit)) => return Ok(unfit),
        Ok(Err(trap)) if entered => job.outcome = Outcome::Trapped(trap),
        Err(panic) if entered => job.outcome = Outcome::Panicked(panic),
        // No signal stack for this thread.
        Ok(Err(trap)) => return Err(Ended::NoStack(io::Error::other(trap.to_string()))),
        // wasmer panics where it has no stack after all.
        Err(panic) => {
            return Err(Ended::NoStack(io::Error::other(panic_message(&*panic).to_owned())));
        }
    }
    Ok(None)
}

/// What [`Thread::ready`] says when the thread's end has begun.
const IS_ENDING: (u32, usize) = (0, usize::MAX);

/// Makes sure that wasmer will find a stack, since it panics where it doesn't.
///
/// # Errors
/// If there is no memory for one more, or if the thread is about to end.
fn prepare(thread: &Thread, depth: u32, total: usize) -> io::Result<()> {
    let (deepest, largest) = thread.ready.get();
    if thread.ready.get() == IS_ENDING {
        return Err(io::Error::other("the thread is ending"));
    }
    if depth <= deepest && total <= largest {
        return Ok(());
    }
    signal_stack::install()?;
    signals::unblock_faults();
    mmap::try_map(total + 2 * PAGE)
}

/// Notes that wasmer has had such a stack.
fn note_ready(thread: &Thread, depth: u32, total: usize) {
    let (deepest, largest) = thread.ready.get();
    if depth > deepest || total > largest {
        let ready = (depth.max(deepest), total.max(largest));
        // A thread that is ending is prepared each time.
        let _ = ENDING.try_with(|_| thread.ready.set(ready));
    }
}

thread_local! {
    static ENDING: Ending = const { Ending };
}

/// Notes that a thread's end has begun, and ends what it keeps. It is dropped before wasmer's own thread-local values, since a
/// thread sees it first after these.
struct Ending;

impl Drop for Ending {
    fn drop(&mut self) {
        // SAFETY: it lives as long as the thread.
        let thread = unsafe { &*Thread::this() };
        thread.ready.set(IS_ENDING);
        // A process that exits in a callback leaves it as it is.
        if thread.running.get().is_null() {
            resident::finish(thread);
        }
    }
}
