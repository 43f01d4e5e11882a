//! Callers that are lent while their callbacks run in another language, so that its code reaches the memory of an instance that waits
//! for it. For bindings.

use crate::config::callback::Caller;
use crate::sys::interrupt::Interrupter;
use parking_lot::Mutex;
use std::cell::RefCell;
use std::mem;

/// The callers that this thread has lent, and how many it ever did.
struct Lent {
    /// With their numbers, the innermost last. Each is alive until it is taken off.
    callers: Vec<(u64, *mut Caller<'static>)>,
    count: u64,
}

thread_local! {
    static LENT: RefCell<Lent> = const { RefCell::new(Lent { callers: Vec::new(), count: 0 }) };
}

/// A caller that all code of this thread may use, until this is dropped.
pub struct LentCaller {
    number: u64,
    caller: *mut Caller<'static>,
}

impl LentCaller {
    /// Lends `caller`, for the time of `body`, which may use it through what it is given, and all others by [`of`](Self::of) and by
    /// its number.
    pub fn lend<R>(caller: &mut Caller<'_>, body: impl FnOnce(&Self) -> R) -> R {
        let caller = lasting(caller);
        let number = LENT.with_borrow_mut(|lent| {
            lent.count += 1;
            lent.callers.push((lent.count, caller));
            lent.count
        });
        body(&Self { number, caller })
    }

    /// Runs `body` with the caller. `body` runs no code of the other language.
    pub fn with<R>(&self, body: impl FnOnce(&mut Caller<'_>) -> R) -> R {
        // SAFETY: it outlives this, and nobody else uses it at this moment, on its thread.
        body(unsafe { &mut *self.caller })
    }

    /// Runs `body` with the caller that is the instance of `interrupter`, if a callback of that has lent one on this thread. `body` runs
    /// no code of the other language.
    pub fn of<R>(interrupter: &Interrupter, body: impl FnOnce(&mut Caller<'_>) -> R) -> Option<R> {
        // SAFETY: what is on the list is alive, and nobody else uses it at this moment.
        Self::find(|_, caller| unsafe { (*caller).is_of(interrupter) }, body)
    }

    /// Returns the number of the caller that this thread lent last, if one is lent. No other of this thread ever has it.
    pub fn innermost() -> Option<u64> {
        LENT.with_borrow(|lent| lent.callers.last().map(|(number, _)| *number))
    }

    /// Runs `body` with the caller that has this number on this thread, if it is lent. `body` runs no code of the other language.
    pub fn numbered<R>(number: u64, body: impl FnOnce(&mut Caller<'_>) -> R) -> Option<R> {
        Self::find(|known, _| known == number, body)
    }

    fn find<R>(
        is_it: impl Fn(u64, *mut Caller<'static>) -> bool,
        body: impl FnOnce(&mut Caller<'_>) -> R,
    ) -> Option<R> {
        let found = LENT.with_borrow(|lent| {
            lent.callers.iter().rfind(|(number, caller)| is_it(*number, *caller)).copied()
        });
        // SAFETY: what is on the list is alive, and nobody else uses it at this moment.
        found.map(|(_, caller)| body(unsafe { &mut *caller }))
    }
}

impl Drop for LentCaller {
    fn drop(&mut self) {
        // By its number: a greenlet may end out of order.
        LENT.with_borrow_mut(|lent| {
            if let Some(at) = lent.callers.iter().rposition(|(number, _)| *number == self.number) {
                lent.callers.remove(at);
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
