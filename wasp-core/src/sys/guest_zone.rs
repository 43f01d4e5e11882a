//! The zone without access that ends a guest's part of its stack.
//!
//! wasmer ends guest code with a trap when it touches the guard page below its stack. Two things go wrong there. Code of
//! the runtime that guest code calls (growing memory, taking a backtrace) can reach the guard page too; the trap then
//! abandons it with its locks held, and the process hangs later. And a compiler that doesn't probe large frames lets a
//! guest step over one page into whatever lies below. So wasp asks for larger stacks and puts a zone without access of
//! its own into each:
//!
//! ```text
//! base   ┌──────────┐
//!        │          │ left out for a plugin that may use less than `usable`: it begins lower
//!        ├──────────┤
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
//!
//! Where the zone lies depends on the size of the stack alone, so that it is put there once, whatever plugins run above it.

use crate::sys::process::PerProcess;
use parking_lot::Mutex;
use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

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
pub(crate) fn total(bytes: usize) -> usize {
    let total = bytes.next_multiple_of(PAGE) + ZONE + RESERVE;
    let known = TOTAL.load(Ordering::Acquire);
    if total <= known { known } else { TOTAL.fetch_max(total, Ordering::AcqRel).max(total) }
}

/// Returns how much of a stack of `total` bytes a guest may use, at most.
pub(crate) fn usable(total: usize) -> usize {
    total - ZONE - RESERVE
}

/// Why a stack isn't one that guests can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Another thread has asked for larger stacks meanwhile, and this may be one of those: its size isn't known.
    OtherSize,
    /// The kernel refused the zone, with this `errno`.
    NoZone(i32),
}

/// Makes the stack that this runs on, of `total` bytes and near its base, one that guests can run on. Returns its zone.
///
/// # Errors
/// An [`Unfit`].
pub(crate) fn put_into_this_stack(lately: &Lately, total: usize) -> Result<Range<usize>, Unfit> {
    // Whoever asked for more has done so before the larger stack was there.
    if TOTAL.load(Ordering::Acquire) != total {
        return Err(Unfit::OtherSize);
    }
    let here = 0u8;
    // The frames between the base and this are always the same few, so this names the stack.
    let base = (&raw const here as usize) & !(PAGE - 1);
    let end = base - usable(total);
    let zone = end - ZONE..end;
    place(lately, base, total, zone.clone())
        .map_err(|error| Unfit::NoZone(error.raw_os_error().unwrap_or_default()))?;
    Ok(zone)
}

/// Gives access to a zone that host code has come into. Async-signal-safe.
pub(crate) fn open(zone: &Range<usize>) -> io::Result<()> {
    protect(zone, libc::PROT_READ | libc::PROT_WRITE)
}

/// Closes a zone again. If the kernel refuses that, the zone is put there anew before the stack is used again.
/// Returns whether it is closed.
#[cold]
pub(crate) fn close(zone: &Range<usize>) -> bool {
    let closed = protect(zone, libc::PROT_NONE).is_ok();
    if !closed {
        zones().lock().retain(|_, placed| placed.zone != *zone);
        MOVES.fetch_add(1, Ordering::Relaxed);
    }
    closed
}

/// The stacks that a thread used lately, their sizes, and the moves before. Each nested call has another.
pub(crate) struct Lately([Cell<(usize, usize, usize)>; 8]);

impl Lately {
    pub(crate) const fn new() -> Self {
        Self([const { Cell::new((0, 0, 0)) }; 8])
    }
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
fn place(lately: &Lately, base: usize, total: usize, zone: Range<usize>) -> io::Result<()> {
    // Whoever moved this stack's zone gave the stack back since then.
    let known = (base, total, MOVES.load(Ordering::Relaxed));
    // Stacks lie at multiples of their size, so the low bits say little (Knuth, TAOCP 3, 6.4, multiplicative hashing).
    let at = base.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (usize::BITS - 3);
    if lately.0[at].get() == known {
        return Ok(());
    }
    move_zone(base, total, zone)?;
    lately.0[at].set((base, total, MOVES.load(Ordering::Relaxed)));
    Ok(())
}

#[cold]
fn move_zone(base: usize, total: usize, zone: Range<usize>) -> io::Result<()> {
    let mut zones = zones().lock();
    if zones.get(&base).is_some_and(|before| before.total == total) {
        return Ok(());
    }
    // On failure the stack is one that nothing is known of.
    zones.remove(&base);
    MOVES.fetch_add(1, Ordering::Relaxed);
    // A new stack, or one of before a fork or a failure: there may be a zone anywhere above the reserve.
    protect(&(base - total + RESERVE..base), libc::PROT_READ | libc::PROT_WRITE)?;
    protect(&zone, libc::PROT_NONE)?;
    zones.insert(base, Placed { total, zone });
    Ok(())
}

fn protect(range: &Range<usize>, access: i32) -> io::Result<()> {
    // SAFETY: zones lie within stacks that are ours while a call runs on them, and nobody's data is there: guest code
    // that would put some is ended first, and host code asks for access.
    let outcome = unsafe { libc::mprotect(range.start as *mut _, range.len(), access) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
