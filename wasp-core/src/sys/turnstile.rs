//! A turnstile: lets one thread at a time to something that may be given up meanwhile.

use crate::sys::fence;
use crate::sys::process::PerProcess;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Lets one thread at a time to something, and knows when that is to be freed while a thread is there. For bindings whose hosts
/// may do both at any time.
#[derive(Debug, Default)]
pub struct Turnstile(AtomicU8);

/// Nobody is in.
const FREE: u8 = 0;
/// Somebody is in.
const TAKEN: u8 = 1;
/// It was closed when nobody was in.
const CLOSED: u8 = 2;

/// The turnstiles, by their addresses, that were closed while somebody was in. A thread that leaves may look only here: the
/// turnstile that it has left may be gone already.
static CLOSING: PerProcess<Mutex<Vec<usize>>> = PerProcess::new();
/// How many these are.
static CLOSING_COUNT: AtomicUsize = AtomicUsize::new(0);

impl Turnstile {
    /// Makes one that nobody is in.
    pub const fn new() -> Self {
        Self(AtomicU8::new(FREE))
    }

    /// Lets the caller in, unless somebody is. Returns whether it did; then [`leave`](Self::leave) must follow.
    #[inline(always)]
    pub fn enter(&self) -> bool {
        self.0.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Lets the next one in. Returns true if it was [closed](Self::close) meanwhile: then this was the last one, and frees what is
    /// behind it.
    ///
    /// # Safety
    /// The caller is in. Unless the answer is true, the turnstile may be gone when this returns.
    #[inline(always)]
    pub unsafe fn leave(this: *const Self) -> bool {
        // SAFETY: it is there as long as the caller is in.
        unsafe { (*this).0.store(FREE, Ordering::Release) };
        // `close` reads that word and has written this one: one of the two sees the other.
        fence::light();
        CLOSING_COUNT.load(Ordering::Relaxed) != 0 && Self::was_closed(this)
    }

    #[cold]
    fn was_closed(this: *const Self) -> bool {
        let mut closing = CLOSING.get(Mutex::default).lock();
        let Some(at) = closing.iter().position(|address| *address == this as usize) else {
            return false;
        };
        // SAFETY: what is listed is there until it is taken off the list.
        let inside = unsafe { &(*this).0 };
        // If the next one is in already, that one is the last.
        let last =
            inside.compare_exchange(FREE, CLOSED, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if last {
            closing.swap_remove(at);
            CLOSING_COUNT.store(closing.len(), Ordering::SeqCst);
        }
        last
    }

    /// Closes it for good. Returns true if nobody is in: then the caller frees what is behind it. Otherwise whoever is in does so.
    pub fn close(&self) -> bool {
        let close = || self.0.compare_exchange(FREE, CLOSED, Ordering::AcqRel, Ordering::Relaxed);
        if close().is_ok() {
            return true;
        }
        let mut closing = CLOSING.get(Mutex::default).lock();
        closing.push(std::ptr::from_ref(self) as usize);
        CLOSING_COUNT.store(closing.len(), Ordering::SeqCst);
        fence::heavy();
        // Whoever left before that may not have seen it.
        let is_closed = close().is_ok();
        if is_closed {
            closing.pop();
            CLOSING_COUNT.store(closing.len(), Ordering::SeqCst);
        }
        is_closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn one_at_a_time() {
        let turnstile = Turnstile::new();
        assert!(turnstile.enter());
        assert!(!turnstile.enter());
        // SAFETY: this thread is in.
        assert!(unsafe { !Turnstile::leave(&raw const turnstile) });
        assert!(turnstile.enter());
        assert!(!turnstile.close());
        // SAFETY: this thread is in.
        assert!(unsafe { Turnstile::leave(&raw const turnstile) });
        assert!(!turnstile.enter());
        assert!(Turnstile::new().close());
    }

    /// Whenever it is closed, exactly one of the two threads is told to free it, and nobody is in then.
    #[test]
    fn closed_at_any_moment_it_is_freed_once() {
        fence::prepare();
        let barrier = Barrier::new(2);
        for round in 0..20_000u32 {
            let this = Box::into_raw(Box::new(Turnstile::new())) as usize;
            let freed = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                // SAFETY: the turnstile is there until one of the two is told to free it.
                let turnstile = unsafe { &*(this as *const Turnstile) };
                assert!(turnstile.enter());
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..round % 64 {
                        std::hint::spin_loop();
                    }
                    if turnstile.close() {
                        freed.fetch_add(1, Ordering::SeqCst);
                    }
                });
                barrier.wait();
                // SAFETY: this thread is in.
                if unsafe { Turnstile::leave(this as *const Turnstile) } {
                    freed.fetch_add(1, Ordering::SeqCst);
                }
            });
            assert_eq!(freed.into_inner(), 1, "{round}");
            // SAFETY: one of the two was told to.
            drop(unsafe { Box::from_raw(this as *mut Turnstile) });
        }
    }
}
