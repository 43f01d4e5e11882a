//! The guest's stack: how much of it a guest may use, and what is kept for the host's code that guest code calls.
//!
//! wasmer ends guest code with a trap when it touches the guard page below its stack. Two things go wrong there. Code of
//! the runtime that guest code calls (growing memory, taking a backtrace) can reach the guard page too; the trap then
//! abandons it with its locks held, and the process hangs later. And a compiler that doesn't probe large frames lets a
//! guest step over one page into whatever lies below. So wasp asks for larger stacks and puts a zone without access of
//! its own into each:
//!
//! ```text
//! base   ┌──────────┐
//!        │ guest    │ the plugin's `stack_bytes`
//!        ├──────────┤
//!        │ zone     │ no access: guest code that comes here has exhausted its stack. ZONE is more than any one frame.
//!        ├──────────┤
//!        │ reserve  │
//!        └──────────┘ wasmer's guard page
//! ```
//!
//! When it is host code that comes into the zone, the signal handler gives access to it, and code goes on as if nothing
//! had happened; but the guest is stopped at its next check, and the zone is closed again when the call is over.

use crate::sys::mmap;
use crate::sys::process::PerProcess;
use parking_lot::Mutex;
use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use wasmer_vm::TrapHandlerFn;

/// What lies between the guest's part of a stack and the reserve.
const ZONE: usize = 1 << 20;

/// Room for the host's code below the zone.
const RESERVE: usize = 256 << 10;

/// The largest frame that a function may have where the compiler doesn't probe it. A call's arguments and the frame of
/// the host function come on top of it.
pub(crate) const LARGEST_FRAME: usize = ZONE / 2;

const PAGE: usize = 4096;

/// How much stack wasmer is asked for. All of a process's stacks are pooled, and a smaller one than asked for is never
/// used, so this only grows.
static TOTAL: AtomicUsize = AtomicUsize::new(0);

/// Returns the size of stack to ask wasmer for, for a guest that may use `bytes` of it.
fn total(bytes: usize) -> usize {
    let total = bytes + ZONE + RESERVE;
    let known = TOTAL.load(Ordering::Acquire);
    if total <= known { known } else { TOTAL.fetch_max(total, Ordering::AcqRel).max(total) }
}

/// A call that runs on a guest's stack.
pub(crate) struct Running {
    zone: Range<usize>,
    base: usize,
    /// How much of the stack the guest may use, in whole pages.
    bytes: usize,
    total: usize,
    /// Where the plugin's compiled functions are.
    code: Range<usize>,
    /// The interrupt flag that the plugin's code looks at.
    flag: *mut i32,
    opened: AtomicBool,
    /// Of the thread that makes it, which also drops it.
    here: *const Here,
    outer: *const Running,
    /// Why there is no zone, as the kernel says it.
    refusal: i32,
    /// How many calls of this thread wait for it, itself included.
    depth: u32,
}

/// How deep guests and host functions may call each other on one thread. Each level takes some of the host's stack and a
/// guest stack of its own.
pub(crate) const DEEPEST: u32 = 64;

/// What a thread knows of guests' stacks. In one place: each look at a thread-local value of a shared library is a call.
struct Here {
    /// The innermost call.
    running: Cell<*const Running>,
    /// How deep calls went so far, and the size of stack that they asked for: wasmer has these stacks.
    ready: Cell<(u32, usize)>,
    /// Stacks that were used lately, their sizes, the ends of their zones and the moves before: each nested call has another.
    lately: [Cell<(usize, usize, usize, usize)>; 8],
}

thread_local! {
    static HERE: Here = const {
        Here {
            running: Cell::new(ptr::null()),
            ready: Cell::new((0, 0)),
            lately: [const { Cell::new((0, 0, 0, 0)) }; 8],
        }
    };
    static ENDING: Ending = const { Ending };
}

/// What [`Here::ready`] says when the thread's end has begun.
const IS_ENDING: (u32, usize) = (0, usize::MAX);

/// Notes that a thread's end has begun. It is dropped before wasmer's own thread-local values, since a thread sees it first after
/// these.
struct Ending;

impl Drop for Ending {
    fn drop(&mut self) {
        HERE.with(|here| here.ready.set(IS_ENDING));
    }
}

/// How going to the guest's stack went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// There was no stack.
    No,
    Yes,
    /// Another thread has asked for larger stacks meanwhile, and this may be one of those: its size isn't known.
    OtherSize,
    /// The kernel refused the zone.
    NoZone,
}

impl Running {
    /// A call of a plugin whose functions are at `code`, look at `flag` and may use `bytes` of the stack. It begins with
    /// [`enter`](Self::enter).
    pub(crate) fn new(code: Range<usize>, flag: *mut i32, bytes: usize) -> Self {
        let here = HERE.with(ptr::from_ref);
        // SAFETY: it lives as long as the thread.
        let outer = unsafe { &*here }.running.get();
        // SAFETY: what is running on this thread outlives its run.
        let depth = 1 + unsafe { outer.as_ref() }.map_or(0, |outer| outer.depth);
        let bytes = bytes.next_multiple_of(PAGE);
        let opened = AtomicBool::new(false);
        let (zone, base, total, refusal) = (0..0, 0, total(bytes), 0);
        Self { zone, base, bytes, total, code, flag, opened, here, outer, refusal, depth }
    }

    #[inline]
    fn here(&self) -> &Here {
        // SAFETY: it lives as long as the thread, which is the one that dropped this.
        unsafe { &*self.here }
    }

    /// Returns the size of stack to ask wasmer for.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Returns whether it would be one too many within others.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.depth > DEEPEST
    }

    /// Returns whether wasmer has a stack for it, as far as this thread knows.
    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        let (depth, total) = self.here().ready.get();
        self.depth <= depth && self.total <= total
    }

    /// Makes sure that wasmer will find a stack, since it panics where it doesn't.
    ///
    /// # Errors
    /// If there is no memory for one more, or if the thread is about to end.
    #[cold]
    pub(crate) fn prepare(&self) -> io::Result<()> {
        if self.here().ready.get() == IS_ENDING {
            return Err(io::Error::other("the thread is ending"));
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_ANONYMOUS | libc::MAP_PRIVATE;
        let len = self.total + 2 * PAGE;
        // SAFETY: a question; a new mapping at a place that the kernel chooses, unmapped again.
        unsafe {
            // It has to do with this too.
            let mut signal_stack = std::mem::zeroed();
            mmap::check(libc::sigaltstack(ptr::null(), &raw mut signal_stack))?;
            let stack = mmap::map(ptr::null_mut(), len, access, flags, -1)?;
            libc::munmap(stack.as_ptr().cast(), len);
        }
        Ok(())
    }

    /// Called on the guest's stack, at its bottom: puts the zone below the guest's part of it.
    pub(crate) fn enter(&mut self) -> Entered {
        // Whoever asked for more has done so before the larger stack was there.
        if TOTAL.load(Ordering::Acquire) != self.total {
            return Entered::OtherSize;
        }
        let here = 0u8;
        // The frames between the base and this are always the same few, so this names the stack.
        self.base = (&raw const here as usize) & !(PAGE - 1);
        let end = self.base - self.bytes;
        self.zone = end - ZONE..end;
        if let Err(error) = place(self.here(), self.base, self.total, self.zone.clone()) {
            self.refusal = error.raw_os_error().unwrap_or_default();
            return Entered::NoZone;
        }
        self.here().running.set(self);
        Entered::Yes
    }

    /// Returns the reason why there is no zone.
    #[cold]
    pub(crate) fn refusal(&self) -> io::Error {
        io::Error::from_raw_os_error(self.refusal)
    }

    /// Returns whether host code came into the zone.
    #[inline]
    pub(crate) fn is_opened(&self) -> bool {
        self.opened.load(Ordering::Relaxed)
    }

    /// Notes that wasmer has had a stack for it.
    #[cold]
    pub(crate) fn note_ready(&self) {
        let here = self.here();
        let (depth, total) = here.ready.get();
        // A thread that is ending is prepared each time.
        let ready = (self.depth.max(depth), self.total.max(total));
        let _ = ENDING.try_with(|_| here.ready.set(ready));
    }
}

impl Drop for Running {
    /// Comes back to the host's stack, whatever ended the call.
    #[inline]
    fn drop(&mut self) {
        self.here().running.set(self.outer);
        if self.is_opened() && protect(&self.zone, libc::PROT_NONE).is_err() {
            forget(self.base);
        }
    }
}

/// What wasmer's signal handler asks first: true if the faulting instruction is to run again.
pub(crate) fn handler() -> *const TrapHandlerFn<'static> {
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
        let Some(running) = HERE.with(|here| here.running.get().as_ref()) else { return false };
        let address = (*info).si_addr() as usize;
        let Some(pc) = program_counter(context) else { return false };
        if !running.zone.contains(&address) || running.code.contains(&pc) {
            return false;
        }
        running.opened.store(true, Ordering::Relaxed);
        if !running.flag.is_null() {
            AtomicI32::from_ptr(running.flag).store(1, Ordering::Relaxed);
        }
        protect(&running.zone, libc::PROT_READ | libc::PROT_WRITE).is_ok()
    }
}

/// # Safety
/// `context` is what the kernel gave a signal handler.
#[allow(unused_variables)]
unsafe fn program_counter(context: *const libc::c_void) -> Option<usize> {
    // SAFETY: the kernel gave the handler a context of this type, as this function asks.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    return unsafe {
        let context = &*context.cast::<libc::ucontext_t>();
        Some(context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize)
    };
    // SAFETY: the kernel gave the handler a context of this type, as this function asks.
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    return unsafe {
        let context = &*context.cast::<libc::ucontext_t>();
        Some(context.uc_mcontext.pc as usize)
    };
    // SAFETY: the kernel gave the handler a context of this type, as this function asks.
    #[cfg(all(target_os = "macos", target_arch = "aarch64"))]
    return unsafe {
        let context = &*context.cast::<libc::ucontext_t>();
        Some((*context.uc_mcontext).__ss.__pc as usize)
    };
    #[allow(unreachable_code)]
    None
}

/// Where the zone of a stack is. The size tells a stack from a later one in its place: those are larger.
struct Placed {
    total: usize,
    zone: Range<usize>,
}

/// By the base of the stack.
type Zones = Mutex<HashMap<usize, Placed>>;

/// A child of a fork knows of none: another thread may have held its parent's lock. It looks after the stacks that it inherited
/// as after new ones.
fn zones() -> &'static Zones {
    static ZONES: PerProcess<Zones> = PerProcess::new();
    ZONES.get(Zones::default)
}

/// How many zones were moved: what a thread knows of a stack holds until another thread has moved its zone.
static MOVES: AtomicUsize = AtomicUsize::new(0);

/// Makes sure that `zone` of the stack at `base`, and nothing else of it, gives no access.
#[inline]
fn place(here: &Here, base: usize, total: usize, zone: Range<usize>) -> io::Result<()> {
    // Whoever moved this stack's zone gave the stack back since then.
    let known = (base, total, zone.end, MOVES.load(Ordering::Relaxed));
    // Stacks lie at multiples of their size, so the low bits say little (Knuth, TAOCP 3, 6.4, multiplicative hashing).
    let at = base.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (usize::BITS - 3);
    if here.lately[at].get() == known {
        return Ok(());
    }
    move_zone(base, total, zone.clone())?;
    let known = (base, total, zone.end, MOVES.load(Ordering::Relaxed));
    here.lately[at].set(known);
    Ok(())
}

#[cold]
fn move_zone(base: usize, total: usize, zone: Range<usize>) -> io::Result<()> {
    let mut zones = zones().lock();
    let before = zones.get(&base).filter(|before| before.total == total);
    if before.is_some_and(|before| before.zone == zone) {
        return Ok(());
    }
    let open = match before {
        // Another plugin's.
        Some(before) => before.zone.clone(),
        // A new stack, or one of before a fork or a failure: there may be a zone anywhere above the reserve.
        None => base - total + RESERVE..base,
    };
    // On failure the stack is one that nothing is known of.
    zones.remove(&base);
    MOVES.fetch_add(1, Ordering::Relaxed);
    protect(&open, libc::PROT_READ | libc::PROT_WRITE)?;
    protect(&zone, libc::PROT_NONE)?;
    zones.insert(base, Placed { total, zone });
    Ok(())
}

/// Forgets where the zone of the stack at `base` is, since the kernel refused to put it there.
#[cold]
fn forget(base: usize) {
    zones().lock().remove(&base);
    MOVES.fetch_add(1, Ordering::Relaxed);
}

fn protect(range: &Range<usize>, access: i32) -> io::Result<()> {
    // SAFETY: zones lie within stacks that are ours while a call runs on them, and nobody's data is there: guest code
    // that would put some is ended first, and host code asks for access.
    let outcome = unsafe { libc::mprotect(range.start as *mut _, range.len(), access) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
