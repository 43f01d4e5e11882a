//! What a thread knows of the calls that it runs on guests' stacks, and the fault handler, which asks for it.

use crate::sys::guest_zone::{self, Lately};
use crate::vm::frame_chain::{Frames, Registers};
use crate::vm::runtime::Runtime;
use corosensei::{Coroutine, Yielder};
use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use wasmer_vm::{Trap, TrapHandlerFn};

/// What the fault handler knows of guest code that runs.
pub(super) struct Running {
    /// Where the plugin's compiled functions are.
    pub code: Range<usize>,
    /// The interrupt flag that the plugin's code looks at.
    pub flag: *mut i32,
    /// What the functions of the runtime that its code calls must know.
    pub runtime: *const Runtime,
    /// The zone of its stack; empty until it is there.
    pub zone: Cell<Range<usize>>,
    /// An address above all of its frames, on the same stack.
    pub top: Cell<usize>,
    /// Whether the zone has been opened, since host code came into it.
    pub opened: AtomicBool,
    /// Whether that was for the guest, whose stack is at its end.
    pub exhausted: AtomicBool,
    /// Whether host code is here that makes a trace of a guest that is ended already.
    pub tracing: Cell<bool>,
    /// Whether it runs on the stack that stays, in whose callbacks wasmer still believes to be there.
    pub resident: bool,
    pub outer: *const Running,
    /// How many calls of this thread wait for it, itself included.
    pub depth: u32,
}

/// What is to run on a guest's stack. It lies on the host's stack, below which its callbacks run.
pub(super) struct Job {
    pub running: Running,
    pub run: unsafe fn(*mut c_void),
    pub body: *mut c_void,
    /// How much of the stack the guest may use, in whole pages.
    pub bytes: usize,
    pub outcome: Outcome,
}

impl Job {
    /// Returns whether it has come to a guest's stack.
    pub(super) fn has_entered(&self) -> bool {
        // SAFETY: only this thread, which is here, sets it.
        unsafe { !(*self.running.zone.as_ptr()).is_empty() }
    }
}

/// What became of a job.
pub(super) enum Outcome {
    /// It ended well, or hasn't run.
    Fine,
    Trapped(Trap),
    Panicked(Box<dyn Any + Send>),
}

/// Why the coroutine of the stack that stays has ended.
pub(super) enum Finish {
    Asked,
    Unfit(guest_zone::Unfit),
    /// wasmer has no stack, or the thread no stack for signals.
    NoStack(String),
}

/// The coroutine that the stack that stays belongs to. It is resumed with a job, or with null to end.
pub(super) type Resident = Coroutine<*mut Job, (), Finish>;
pub(super) type ResidentYielder = Yielder<*mut Job, ()>;

/// What a thread knows. In one place: each look at a thread-local value of a shared library is a call.
pub(super) struct Thread {
    /// The innermost call.
    pub running: Cell<*const Running>,
    /// How much of the stack that stays a guest may use; 0 where there is none.
    pub usable: Cell<usize>,
    pub resident: UnsafeCell<ManuallyDrop<Option<Resident>>>,
    /// The coroutine's own way to its parent, the host's stack.
    pub yielder: Cell<*const ResidentYielder>,
    /// What runs on the stack that stays.
    pub job: Cell<*mut Job>,
    /// How deep calls went so far, and the size of stack that they asked for: wasmer has these stacks.
    pub ready: Cell<(u32, usize)>,
    pub lately: Lately,
    /// Where a guest was when it came to the end of its stack.
    pub exhausted: Frames,
}

thread_local! {
    static THREAD: Thread = const {
        Thread {
            running: Cell::new(ptr::null()),
            usable: Cell::new(0),
            resident: UnsafeCell::new(ManuallyDrop::new(None)),
            yielder: Cell::new(ptr::null()),
            job: Cell::new(ptr::null_mut()),
            ready: Cell::new((0, 0)),
            lately: Lately::new(),
            exhausted: Frames::new(),
        }
    };
}

impl Thread {
    /// Returns what this thread knows, valid as long as the thread lives.
    #[inline]
    pub(super) fn this() -> *const Self {
        THREAD.with(ptr::from_ref)
    }
}

/// What wasmer's signal handler asks first: true if the faulting instruction is to run again.
pub(super) fn fault_handler() -> *const TrapHandlerFn<'static> {
    static HANDLER: &TrapHandlerFn<'static> = &on_fault;
    HANDLER
}

/// Runs in a signal handler: no allocation, no lock.
fn on_fault(signal: i32, info: *const libc::siginfo_t, context: *const libc::c_void) -> bool {
    if signal != libc::SIGSEGV && signal != libc::SIGBUS {
        return false;
    }
    // SAFETY: what is running on this thread outlives its run; info and context are the kernel's.
    unsafe {
        let thread = &*Thread::this();
        let Some(running) = thread.running.get().as_ref() else { return false };
        let zone = &*running.zone.as_ptr();
        let address = (*info).si_addr() as usize;
        let Some(registers) = Registers::of(context) else { return false };
        if !zone.contains(&address) {
            return false;
        }
        if running.code.contains(&registers.pc) {
            thread.exhausted.note(&registers, &running.code, zone.end..running.top.get());
            return false;
        }
        running.opened.store(true, Ordering::Relaxed);
        if !running.tracing.get() {
            running.exhausted.store(true, Ordering::Relaxed);
            if !running.flag.is_null() {
                AtomicI32::from_ptr(running.flag).store(1, Ordering::Relaxed);
            }
        }
        guest_zone::open(zone).is_ok()
    }
}
