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

use parking_lot::Mutex;
use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::LazyLock;
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

/// The size of stack to ask wasmer for, for a guest that may use `bytes` of it.
pub(crate) fn total(bytes: usize) -> usize {
    let total = bytes.next_multiple_of(PAGE) + ZONE + RESERVE;
    let known = TOTAL.load(Ordering::Relaxed);
    if total <= known { known } else { TOTAL.fetch_max(total, Ordering::Relaxed).max(total) }
}

/// A call that runs on a guest's stack.
pub(crate) struct Running {
    zone: Range<usize>,
    /// Where the plugin's compiled functions are.
    code: Range<usize>,
    /// The interrupt flag that the plugin's code looks at.
    flag: *mut i32,
    opened: AtomicBool,
    outer: *const Running,
    /// How many calls of this thread wait for it, itself included.
    depth: u32,
}

/// How deep guests and host functions may call each other on one thread. Each level takes some of the host's stack and a
/// guest stack of its own.
pub(crate) const DEEPEST: u32 = 64;

thread_local! {
    static RUNNING: Cell<*const Running> = const { Cell::new(ptr::null()) };
}

impl Running {
    /// A call of a plugin whose functions are at `code` and look at `flag`. It begins with [`enter`](Self::enter).
    pub(crate) fn new(code: Range<usize>, flag: *mut i32) -> Self {
        let outer = RUNNING.get();
        // SAFETY: what is running on this thread outlives its run.
        let depth = 1 + unsafe { outer.as_ref() }.map_or(0, |outer| outer.depth);
        Self { zone: 0..0, code, flag, opened: AtomicBool::new(false), outer, depth }
    }

    /// Whether it would be one too many within others.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.depth > DEEPEST
    }

    /// Called on the guest's stack, at its bottom: puts the zone below `bytes` of it.
    pub(crate) fn enter(&mut self, bytes: usize, total: usize) -> io::Result<()> {
        let here = 0u8;
        // The frames between the base and this are always the same few, so this names the stack.
        let base = (&raw const here as usize) & !(PAGE - 1);
        let end = base - bytes.next_multiple_of(PAGE);
        self.zone = end - ZONE..end;
        place(base, total, self.zone.clone())?;
        RUNNING.set(self);
        Ok(())
    }

    /// Called on the host's stack when the call is over, however it ended: whether host code came into the zone.
    pub(crate) fn leave(&self) -> bool {
        RUNNING.set(self.outer);
        let opened = self.opened.load(Ordering::Relaxed);
        if opened {
            // It was closed before, so the kernel can close it again.
            let _ = protect(&self.zone, libc::PROT_NONE);
        }
        opened
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
        let Some(running) = RUNNING.get().as_ref() else { return false };
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
static ZONES: LazyLock<Mutex<HashMap<usize, Placed>>> = LazyLock::new(Mutex::default);

thread_local! {
    /// Stacks that this thread used lately, their sizes and the ends of their zones: each nested call has another.
    static LATELY: [Cell<(usize, usize, usize, usize)>; 8] =
        const { [const { Cell::new((0, 0, 0, 0)) }; 8] };
}

/// How many zones were moved: what a thread knows of a stack holds until another thread has moved its zone.
static MOVES: AtomicUsize = AtomicUsize::new(0);

/// Makes sure that `zone` of the stack at `base` gives no access.
fn place(base: usize, total: usize, zone: Range<usize>) -> io::Result<()> {
    // Whoever moved this stack's zone gave the stack back since then.
    let mut known = (base, total, zone.end, MOVES.load(Ordering::Relaxed));
    // Stacks lie at multiples of their size, so the low bits say little (Knuth, TAOCP 3, 6.4, multiplicative hashing).
    let at = base.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (usize::BITS - 3);
    if LATELY.with(|lately| lately[at].get()) == known {
        return Ok(());
    }
    let mut zones = ZONES.lock();
    let before = zones.get(&base).filter(|before| before.total == total);
    if before.is_none_or(|before| before.zone != zone) {
        if let Some(before) = before {
            // Another plugin's.
            protect(&before.zone, libc::PROT_READ | libc::PROT_WRITE)?;
            known.3 = MOVES.fetch_add(1, Ordering::Relaxed) + 1;
        }
        protect(&zone, libc::PROT_NONE)?;
        zones.insert(base, Placed { total, zone });
    }
    LATELY.with(|lately| lately[at].set(known));
    Ok(())
}

fn protect(range: &Range<usize>, access: i32) -> io::Result<()> {
    // SAFETY: zones lie within stacks that are ours while a call runs on them, and nobody's data is there: guest code
    // that would put some is ended first, and host code asks for access.
    let outcome = unsafe { libc::mprotect(range.start as *mut _, range.len(), access) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
