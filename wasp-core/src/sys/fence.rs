//! A pair of fences of which one side pays for both.
//!
//! Two threads that each write one word and then read the other's need a full fence each, or both may read what was there before
//! (Dekker's algorithm). Where one of them does it at each call and the other once in a while, the second can pay for both:
//! `membarrier(2)` makes every thread of the process execute a full fence, wherever it is. The first then only has to keep the
//! compiler from reordering. (Dice, Huang and Yang, "Asymmetric Dekker Synchronization", 2001.) A full fence is 6 ns where a call
//! is 30.
//!
//! Only on x86-64 under Linux. Elsewhere both are full fences.

use std::sync::atomic::{AtomicU8, Ordering, compiler_fence, fence};

/// Whether [`light`] relies on [`heavy`]. Set once.
static ASYMMETRIC: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

/// Orders what this thread wrote before what it reads from here on, to whoever calls [`heavy`] between its own two accesses.
#[inline(always)]
pub(crate) fn light() {
    if ASYMMETRIC.load(Ordering::Relaxed) == YES {
        compiler_fence(Ordering::SeqCst);
    } else {
        // A full fence is enough also for a `heavy` that believes in asymmetry.
        fence(Ordering::SeqCst);
    }
}

/// The other side of [`light`]. Async-signal-safe. Takes some microseconds.
#[cold]
pub(crate) fn heavy() {
    fence(Ordering::SeqCst);
    if ASYMMETRIC.load(Ordering::Relaxed) != NO {
        linux::fence_everywhere();
    }
}

/// Finds out which of the two ways is to be had.
#[cold]
pub(crate) fn prepare() {
    if ASYMMETRIC.load(Ordering::Relaxed) == UNKNOWN {
        let found = if linux::is_possible() { YES } else { NO };
        let _ = ASYMMETRIC.compare_exchange(UNKNOWN, found, Ordering::SeqCst, Ordering::Relaxed);
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod linux {
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering};

    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

    /// A page whose access rights nobody else changes.
    static PAGE: AtomicPtr<libc::c_void> = AtomicPtr::new(ptr::null_mut());
    const SIZE: usize = 4096;

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: it changes nothing but the order in which threads see each other's writes.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    pub(super) fn is_possible() -> bool {
        if !membarrier(REGISTER_PRIVATE_EXPEDITED) || !membarrier(PRIVATE_EXPEDITED) {
            return false;
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at a place that the kernel chooses.
        let page = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, flags, -1, 0) };
        if page == libc::MAP_FAILED {
            return false;
        }
        PAGE.store(page, Ordering::SeqCst);
        true
    }

    pub(super) fn fence_everywhere() {
        // A child of a fork may have to register again.
        let done = membarrier(PRIVATE_EXPEDITED)
            || membarrier(REGISTER_PRIVATE_EXPEDITED) && membarrier(PRIVATE_EXPEDITED)
            || interrupt_everywhere();
        if !done {
            // A host that refuses everything. No processor keeps a write to itself for so long, and no compiler is between.
            let pause = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
            // SAFETY: a pause.
            unsafe { libc::nanosleep(&raw const pause, ptr::null_mut()) };
        }
    }

    /// Takes the right to write away from a page: each processor that runs this process is interrupted to forget the page's
    /// entry, and that is a full fence. For hosts that refuse `membarrier` after they have allowed it.
    fn interrupt_everywhere() -> bool {
        let page = PAGE.load(Ordering::Relaxed);
        if page.is_null() {
            return false;
        }
        // SAFETY: the page is ours; whoever else is here at the same time at most makes it unwritable, which only the write
        // in between would notice, and that one is the kernel's.
        unsafe {
            libc::mprotect(page, SIZE, libc::PROT_READ | libc::PROT_WRITE) == 0
                && libc::madvise(page, SIZE, libc::MADV_POPULATE_WRITE) == 0
                && libc::mprotect(page, SIZE, libc::PROT_READ) == 0
        }
    }

    #[cfg(test)]
    pub(super) fn interrupt_everywhere_for_test() -> bool {
        interrupt_everywhere()
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod linux {
    pub(super) fn is_possible() -> bool {
        false
    }

    pub(super) fn fence_everywhere() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicU32;

    /// Two threads write a word each and read the other's. Returns how often neither saw the other.
    fn missed(rounds: u32, rare: fn()) -> u32 {
        prepare();
        let (x, y, barrier) = (AtomicU32::new(0), AtomicU32::new(0), Barrier::new(2));
        let mut missed = 0;
        std::thread::scope(|scope| {
            let often = scope.spawn(|| {
                let mut seen = Vec::new();
                for round in 1..=rounds {
                    barrier.wait();
                    for _ in 0..round % 300 {
                        std::hint::spin_loop();
                    }
                    x.store(round, Ordering::Relaxed);
                    light();
                    seen.push(y.load(Ordering::Relaxed));
                    barrier.wait();
                }
                seen
            });
            let mut seen = Vec::new();
            for round in 1..=rounds {
                barrier.wait();
                y.store(round, Ordering::Relaxed);
                rare();
                seen.push(x.load(Ordering::Relaxed));
                barrier.wait();
            }
            let often = often.join().unwrap();
            let both = often.iter().zip(&seen).zip(1..);
            missed = both.filter(|((a, b), round)| **a < *round && **b < *round).count() as u32;
        });
        missed
    }

    #[test]
    fn one_of_two_sees_the_other() {
        assert_eq!(missed(20_000, heavy), 0);
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn so_it_does_where_membarrier_is_refused() {
        fn rare() {
            assert!(linux::interrupt_everywhere_for_test());
        }
        assert_eq!(missed(20_000, rare), 0);
    }
}
