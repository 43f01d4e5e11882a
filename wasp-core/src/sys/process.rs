//! Which thread this is, and of which process: what is remembered of either must not outlive a fork.
//!
//! A child of a fork is noticed by a page that the kernel empties in it (`MADV_WIPEONFORK`, madvise(2)): unlike handlers of
//! `pthread_atfork`, that also covers `_Fork` and the bare system call, and unlike `getpid`, a new pid namespace. Where the
//! kernel has no such page, every question asks for the process's id.

use std::cell::Cell;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

thread_local! {
    /// This thread's number, and the generation in which it was given.
    static THREAD: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Returns this thread's number, which no other thread of this process or of its parents has had. It is never 0.
#[inline]
pub(crate) fn thread() -> u64 {
    let (number, given) = THREAD.get();
    let generation = generation();
    if given == generation { number } else { next_thread(generation) }
}

#[cold]
fn next_thread(generation: u64) -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(1);
    // A child continues its parent's count, and what the parent counts after the fork is not known to the child.
    let number = THREADS.fetch_add(1, Ordering::Relaxed);
    THREAD.set((number, generation));
    number
}

/// Returns a number, never 0, that is greater in a child of a fork than in its parent: what was known before a fork of pages,
/// threads and descriptors is not known after it.
#[inline]
pub(crate) fn generation() -> u64 {
    // SAFETY: it points to a static word, or to a page that is never unmapped.
    let known = unsafe { &*MARK.load(Ordering::Acquire) }.load(Ordering::Relaxed);
    if known != 0 { known } else { find_generation() }
}

/// Has the generation, or 0 where it isn't known: in a child, whose page the kernel has emptied, and for ever where there is no
/// such page.
static MARK: AtomicPtr<AtomicU64> = AtomicPtr::new(UNKNOWN);
const UNKNOWN: *mut AtomicU64 = (&raw const NO_PAGE).cast_mut();
static NO_PAGE: AtomicU64 = AtomicU64::new(0);
/// The generation that was given last; a child goes on with its parent's.
static LAST: AtomicU64 = AtomicU64::new(1);

#[cold]
fn find_generation() -> u64 {
    static PAGE: OnceLock<Option<&AtomicU64>> = OnceLock::new();
    static PROCESS: AtomicU32 = AtomicU32::new(0);
    let Some(word) = PAGE.get_or_init(wiped_on_fork) else {
        let id = std::process::id();
        let before = PROCESS.swap(id, Ordering::SeqCst);
        let is_child = before != 0 && before != id;
        return LAST.fetch_add(u64::from(is_child), Ordering::SeqCst) + u64::from(is_child);
    };
    // Where several threads find this at once they count more than once, but the first one's number is everybody's: an engine with
    // another would take itself for its parent's for ever, and share nothing.
    let next = LAST.fetch_add(1, Ordering::SeqCst) + 1;
    let known = word.compare_exchange(0, next, Ordering::SeqCst, Ordering::SeqCst);
    MARK.store(ptr::from_ref(*word).cast_mut(), Ordering::Release);
    known.err().unwrap_or(next)
}

/// Maps a page that is zeros in a child of a fork; none where the kernel has no such thing.
fn wiped_on_fork() -> Option<&'static AtomicU64> {
    #[cfg(target_os = "linux")]
    // SAFETY: a new page, which is never unmapped, is zeros and is aligned for any atomic.
    unsafe {
        const SIZE: usize = 4096;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let page = libc::mmap(ptr::null_mut(), SIZE, access, flags, -1, 0);
        if page == libc::MAP_FAILED {
            return None;
        }
        if libc::madvise(page, SIZE, libc::MADV_WIPEONFORK) != 0 {
            libc::munmap(page, SIZE);
            return None;
        }
        Some(&*page.cast::<AtomicU64>())
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// A value that a child of a fork makes for itself, whatever its parent's other threads did with theirs when it was forked: a
/// lock in it may be held by a thread that the child doesn't have. The parent's value is leaked in the child.
pub(crate) struct PerProcess<T: 'static>(AtomicPtr<Made<T>>);

struct Made<T> {
    generation: u64,
    value: T,
}

impl<T: Sync> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Returns this process's value, made by `make` if there is none. Threads that come here at once may make one each; one of
    /// these is everybody's, and the others are dropped.
    #[inline]
    pub(crate) fn get(&self, make: impl FnOnce() -> T) -> &'static T {
        let generation = generation();
        let known = self.0.load(Ordering::Acquire);
        // SAFETY: it only ever points to values that are never freed.
        match unsafe { known.as_ref() } {
            Some(made) if made.generation == generation => &made.value,
            _ => self.make(known, Made { generation, value: make() }),
        }
    }

    #[cold]
    fn make(&self, known: *mut Made<T>, made: Made<T>) -> &'static T {
        let new = Box::into_raw(Box::new(made));
        match self.0.compare_exchange(known, new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: published just now, and never freed from here on.
            Ok(_) => unsafe { &(*new).value },
            Err(other) => {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(new) });
                // SAFETY: it only ever points to values that are never freed; it changes only once for each fork.
                unsafe { &(*other).value }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_its_number() {
        let number = thread();
        assert_ne!(number, 0);
        assert_eq!(thread(), number);
        assert_ne!(std::thread::spawn(thread).join().unwrap(), number);
    }

    #[test]
    fn a_fork_without_handlers_is_noticed() {
        static VALUE: PerProcess<u64> = PerProcess::new();
        let (number, before, value) = (thread(), generation(), VALUE.get(|| 1));
        assert_eq!(VALUE.get(|| 2), value);
        // SAFETY: the child calls nothing but what this file has, and leaves.
        unsafe {
            // As `_Fork` does: no handler runs.
            let child = libc::syscall(libc::SYS_fork) as i32;
            if child == 0 {
                let now = generation();
                let noticed = now > before && thread() != number && *VALUE.get(|| 3) == 3;
                libc::_exit(i32::from(!(noticed && generation() == now)));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status}");
        }
        assert_eq!(generation(), before);
    }
}
