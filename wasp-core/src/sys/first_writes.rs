//! Whether the calling thread may have written to a page for the first time since it last asked.
//!
//! The kernel counts the page faults of each thread, but asking it takes a system call: 200 ns, half of a fresh sandbox. On
//! x86-64 the processor tells for nothing. When it returns from an exception or an interrupt to user mode (`IRET`), it clears
//! the segment registers that hold a null selector (Intel SDM volume 2A, "IRET"). `ES` is unused in 64-bit code, so a null
//! selector with another privilege level, 3, is put there: as long as it reads 3, no page fault that the thread took in user
//! mode has returned. (Published as a side channel: SegScope, HPCA 2024. Here it is a witness.)
//!
//! What makes that strict:
//!
//! - Faults that the kernel takes for the thread, as in a `read` into a fresh page, leave `ES` alone. So whatever lets the
//!   kernel write to guest memory calls [`kernel_wrote`] afterwards.
//! - The order is: mark, then ask the kernel, then look for written pages. A fault in between is seen at the next look.
//! - The kernel's count that the mark stands for belongs to a thread of a process: a new thread and a child of a fork start
//!   without one, whatever `ES` holds.
//! - It is used only on Intel's and AMD's processors, not under Valgrind, and only if each of some hundred faults of both
//!   kinds has cleared the mark in a test at its first use. A kernel that returns in another way (FRED), a user-mode emulator
//!   or a sandboxed kernel fails that test.
//! - A look that finds a page which the witness has missed ends its use in this process: see `DirtyPages`.
//!
//! Checked, and harmless: timer interrupts and signals clear the mark for nothing; context switches keep it with its thread;
//! vfork, clone, greenlets and goroutines don't matter, since both the register and the faults are a thread's.

use crate::sys::mmap;
use crate::sys::process::thread;
use std::sync::OnceLock;

/// A count that moves whenever the calling thread takes a page fault, and that no other thread shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Faults {
    thread: u64,
    count: i64,
}

/// Returns the calling thread's count of faults, of which only equality means something; none where it isn't known. The
/// witness is asked first if `witness` says so.
#[inline]
pub(crate) fn faults(witness: bool) -> Option<Faults> {
    let thread = thread();
    if witness && let Some(count) = witness::count(thread, ask_kernel) {
        return Some(Faults { thread, count });
    }
    ask_kernel().map(|count| Faults { thread, count })
}

/// Notes that the kernel may have written to guest memory for this thread, by taking faults that the witness doesn't see.
#[inline]
pub(crate) fn kernel_wrote() {
    witness::clear();
}

/// Ends the use of the witness in this process, since it has missed a fault.
#[cold]
pub(crate) fn distrust_witness() {
    witness::distrust();
}

/// Returns whether the environment says that only the kernel is asked.
pub(crate) fn environment_asks_kernel() -> bool {
    static ASKS: OnceLock<bool> = OnceLock::new();
    *ASKS.get_or_init(|| {
        std::env::var_os("WASP_KERNEL_FAULT_COUNTS")
            .is_some_and(|value| !value.is_empty() && value != "0")
    })
}

/// Asks the kernel for the thread's count of faults; none if it refuses.
#[cold]
fn ask_kernel() -> Option<i64> {
    match kernel_count()? {
        // A thread on another's old stack may have taken none; or a filter answers for the kernel, which a fault shows.
        0 => {
            take_fault()?;
            kernel_count().filter(|count| *count > 0)
        }
        count => Some(count),
    }
}

fn kernel_count() -> Option<i64> {
    // Elsewhere the count is the process's, which moves at least as often.
    #[cfg(target_os = "linux")]
    const WHO: i32 = libc::RUSAGE_THREAD;
    #[cfg(not(target_os = "linux"))]
    const WHO: i32 = libc::RUSAGE_SELF;
    // SAFETY: plain data that the kernel fills.
    let (outcome, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::getrusage(WHO, &raw mut usage), usage)
    };
    // A page of the image that was swapped out comes back by a major fault.
    (outcome == 0).then_some(usage.ru_minflt + usage.ru_majflt)
}

/// Takes a page fault. None if there is no page to take it on.
fn take_fault() -> Option<()> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping at a place that the kernel chooses, written to here alone and unmapped again.
    unsafe {
        let page = mmap::map(std::ptr::null_mut(), 4096, access, flags, -1).ok()?;
        page.as_ptr().write_volatile(1);
        libc::munmap(page.as_ptr().cast(), 4096);
    }
    Some(())
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod witness {
    use crate::sys::valgrind;
    use std::arch::{asm, x86_64::__cpuid};
    use std::cell::Cell;
    use std::ptr;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// A null selector that the processor doesn't make.
    const MARK: u16 = 3;

    thread_local! {
        /// The number of this thread, and the kernel's count when `ES` was marked.
        static MARKED: Cell<(u64, i64)> = const { Cell::new((0, 0)) };
    }

    /// Returns the count of faults that the mark stands for. Where there is no mark it sets one and asks the kernel; none if
    /// that refuses, or if the witness can't be used.
    #[inline]
    pub(super) fn count(thread: u64, ask_kernel: fn() -> Option<i64>) -> Option<i64> {
        if selector() == MARK {
            let (marked, count) = MARKED.get();
            if marked == thread && is_trusted() {
                return Some(count);
            }
        }
        if !is_trusted() {
            return None;
        }
        // Before the kernel is asked: what comes after that is seen.
        set_selector(MARK);
        let count = ask_kernel();
        match count {
            Some(count) => MARKED.set((thread, count)),
            None => clear(),
        }
        count
    }

    #[inline]
    pub(super) fn clear() {
        if selector() == MARK {
            set_selector(0);
        }
    }

    const UNTRIED: u8 = 0;
    const TRUSTED: u8 = 1;
    const DISTRUSTED: u8 = 2;

    static TRUST: AtomicU8 = AtomicU8::new(UNTRIED);

    #[inline]
    fn is_trusted() -> bool {
        match TRUST.load(Ordering::Relaxed) {
            UNTRIED => try_out(),
            trust => trust == TRUSTED,
        }
    }

    pub(super) fn distrust() {
        TRUST.store(DISTRUSTED, Ordering::Relaxed);
    }

    #[cold]
    fn try_out() -> bool {
        let trust = if is_known_processor() && !valgrind::is_here() && sees_all_faults() {
            TRUSTED
        } else {
            DISTRUSTED
        };
        // Several threads may try it at once; one that distrusts it prevails.
        let before = TRUST.fetch_max(trust, Ordering::Relaxed);
        before.max(trust) == TRUSTED
    }

    #[inline]
    fn selector() -> u16 {
        let selector: u16;
        // SAFETY: reads a register that 64-bit code doesn't use.
        unsafe {
            asm!("mov {0:x}, es", out(reg) selector, options(nomem, nostack, preserves_flags))
        };
        selector
    }

    #[inline]
    fn set_selector(selector: u16) {
        debug_assert!(selector <= 3);
        // SAFETY: a null selector, which any privilege level may load, in a register that 64-bit code doesn't use. It is no
        // `nomem`: accesses of memory must stay on their side of it.
        unsafe { asm!("mov es, {0:x}", in(reg) selector, options(nostack, preserves_flags)) };
    }

    fn is_known_processor() -> bool {
        let vendor = __cpuid(0);
        let name = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).concat();
        name == b"GenuineIntel" || name == b"AuthenticAMD"
    }

    /// Takes faults of the kinds that sandboxes take, each of which must clear the mark.
    fn sees_all_faults() -> bool {
        const PAGE: usize = 4096;
        const PAGES: usize = 64;
        // SAFETY: new mappings, used here alone and unmapped here; the descriptor is closed here.
        unsafe {
            let file = libc::memfd_create(c"wasp-test".as_ptr(), libc::MFD_CLOEXEC);
            if file < 0 {
                return false;
            }
            let sized = libc::ftruncate(file, (PAGES * PAGE) as i64) == 0;
            let anonymous = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let kinds = [(libc::MAP_PRIVATE, file), (anonymous, -1)];
            let seen = sized
                && kinds.into_iter().all(|(flags, file)| {
                    let access = libc::PROT_READ | libc::PROT_WRITE;
                    let base = libc::mmap(ptr::null_mut(), PAGES * PAGE, access, flags, file, 0);
                    if base == libc::MAP_FAILED {
                        return false;
                    }
                    // A huge page would be one fault for all.
                    libc::madvise(base, PAGES * PAGE, libc::MADV_NOHUGEPAGE);
                    let pages = (0..PAGES).map(|page| base.cast::<u8>().add(page * PAGE));
                    let seen = pages.clone().all(|page| {
                        // A page that was read before is copied by the write; every other one is new to both.
                        if (page as usize / PAGE).is_multiple_of(2) {
                            page.read_volatile();
                        }
                        set_selector(MARK);
                        page.write_volatile(1);
                        selector() != MARK
                    });
                    libc::munmap(base, PAGES * PAGE);
                    seen
                });
            libc::close(file);
            set_selector(0);
            seen
        }
    }
}

/// Stands in where there is no witness.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod witness {
    pub(super) fn count(_: u64, _: fn() -> Option<i64>) -> Option<i64> {
        None
    }

    pub(super) fn clear() {}

    pub(super) fn distrust() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    /// Calls `use_page` with a page that nobody has touched.
    fn with_new_page(use_page: impl FnOnce(*mut u8)) {
        // SAFETY: a new mapping, used by `use_page` alone and unmapped afterwards.
        unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let page = libc::mmap(std::ptr::null_mut(), 4096, access, flags, -1, 0);
            assert_ne!(page, libc::MAP_FAILED);
            use_page(page.cast());
            libc::munmap(page, 4096);
        }
    }

    #[test]
    fn a_fault_moves_the_count() {
        for witness in [false, true] {
            // SAFETY: the page is mapped.
            with_new_page(|page| unsafe { page.write_volatile(1) });
            for _ in 0..1000 {
                let before = faults(witness).expect("a count");
                // SAFETY: the page is mapped.
                with_new_page(|page| unsafe { page.write_volatile(1) });
                assert_ne!(faults(witness), Some(before));
            }
        }
    }

    #[test]
    fn without_faults_the_count_stays_mostly() {
        // Timer interrupts and the allocator of other threads move it now and then.
        for witness in [false, true] {
            let same = (0..1000).filter(|_| faults(witness) == faults(witness)).count();
            assert!(same > 500, "{same}");
        }
    }

    /// Threads on stacks that others have used may take no fault of their own, and must not be told that nothing is known.
    #[test]
    fn a_thread_without_faults_has_a_count() {
        for _ in 0..20 {
            let known = std::thread::spawn(|| faults(false).is_some() && faults(true).is_some());
            assert!(known.join().unwrap());
        }
    }

    #[test]
    fn another_thread_has_another_count() {
        let here = faults(true);
        assert_ne!(std::thread::spawn(|| faults(true)).join().unwrap(), here);
    }

    #[test]
    fn what_the_kernel_wrote_moves_the_count() {
        // SAFETY: the page is mapped.
        with_new_page(|page| unsafe { page.write_volatile(1) });
        let before = faults(true).expect("a count");
        let zeros = std::fs::File::open("/dev/zero").unwrap();
        // SAFETY: the page is mapped, and the kernel writes to it alone.
        with_new_page(|page| unsafe {
            assert_eq!(libc::read(zeros.as_raw_fd(), page.cast(), 4096), 4096);
        });
        kernel_wrote();
        assert_ne!(faults(true), Some(before));
    }
}
