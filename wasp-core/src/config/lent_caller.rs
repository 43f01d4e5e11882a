//! Callers that are lent while their callbacks run in another language, so that its code reaches the memory of an instance that waits
//! for it. For bindings.

use crate::config::callback::Caller;
use crate::sys::interrupt::Interrupter;
use parking_lot::Mutex;
use std::cell::RefCell;
use std::mem;

thread_local! {
    /// The innermost last. Each is alive until it is taken off.
    static CALLERS: RefCell<Vec<*mut Caller<'static>>> = const { RefCell::new(Vec::new()) };
}

/// A caller that all code of this thread may use, until this is dropped.
pub struct LentCaller(*mut Caller<'static>);

impl LentCaller {
    /// Lends `caller`, for the time of `body`, which may use it through what it is given, and all others by [`of`](Self::of).
    pub fn lend<R>(caller: &mut Caller<'_>, body: impl FnOnce(&Self) -> R) -> R {
        let lent = Self(lasting(caller));
        CALLERS.with_borrow_mut(|callers| callers.push(lent.0));
        body(&lent)
    }

    /// Runs `body` with the caller. `body` runs no code of the other language.
    pub fn with<R>(&self, body: impl FnOnce(&mut Caller<'_>) -> R) -> R {
        // SAFETY: it outlives this, and nobody else uses it at this moment, on its thread.
        body(unsafe { &mut *self.0 })
    }

    /// Runs `body` with the caller that is the instance of `interrupter`, if a callback of that has lent one on this thread. `body` runs
    /// no code of the other language.
    pub fn of<R>(interrupter: &Interrupter, body: impl FnOnce(&mut Caller<'_>) -> R) -> Option<R> {
        // SAFETY: what is on the list is alive, and nobody else uses it at this moment.
        let is_its = |caller: &&*mut Caller<'static>| unsafe { (***caller).is_of(interrupter) };
        let found = CALLERS.with_borrow(|callers| callers.iter().rfind(is_its).copied());
        // SAFETY: as above.
        found.map(|caller| body(unsafe { &mut *caller }))
    }
}

impl Drop for LentCaller {
    fn drop(&mut self) {
        // By what it is: a greenlet may end out of order.
        CALLERS.with_borrow_mut(|callers| {
            if let Some(at) = callers.iter().rposition(|caller| *caller == self.0) {
                callers.remove(at);
            }
        });
    }
}

/// A place for a caller whose thread waits while another one answers for it.
#[derive(Default)]
pub struct CallerSlot(Mutex<Option<Waiting>>);

struct Waiting(*mut Caller<'static>);

// SAFETY: its thread waits, so that one thread at a time uses it: the one that has the slot's lock.
unsafe impl Send for Waiting {}

impl CallerSlot {
    /// Lends `caller`, for the time of `body`, which waits and doesn't use it.
    pub fn lend<R>(&self, caller: &mut Caller<'_>, body: impl FnOnce() -> R) -> R {
        struct Back<'a>(&'a CallerSlot);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                // Waits for whoever uses it.
                self.0.0.lock().take();
            }
        }
        *self.0.lock() = Some(Waiting(lasting(caller)));
        let _back = Back(self);
        body()
    }

    /// Runs `body` with the caller that waits, if one does.
    pub fn with<R>(&self, body: impl FnOnce(&mut Caller<'_>) -> R) -> Option<R> {
        let waiting = self.0.lock();
        // SAFETY: its thread waits until it has taken it back, for which it needs the lock.
        waiting.as_ref().map(|caller| body(unsafe { &mut *caller.0 }))
    }
}

/// Returns a pointer to `caller` whose users see to its lifetime.
fn lasting(caller: &mut Caller<'_>) -> *mut Caller<'static> {
    // SAFETY: only the lifetime differs; each user in this file says why it is alive.
    unsafe { mem::transmute::<&mut Caller<'_>, *mut Caller<'static>>(caller) }
}
