//! The callers of the callbacks that run on this thread, so that Python reaches the memory of an instance that waits for it.

use std::cell::RefCell;
use std::mem;
use wasp_core::{Caller, Interrupter};

thread_local! {
    /// The innermost last. Each is alive until it is taken off.
    static CALLERS: RefCell<Vec<*mut Caller<'static>>> = const { RefCell::new(Vec::new()) };
}

/// A caller that Python may use, until this is dropped.
pub(crate) struct Lent(*mut Caller<'static>);

impl Lent {
    /// Lends `caller`, which nobody uses but through this, as long as this lives.
    pub(crate) fn new(caller: &mut Caller<'_>) -> Self {
        // SAFETY: only the lifetime differs, and nobody uses it when this is gone.
        let caller = unsafe { mem::transmute::<&mut Caller<'_>, *mut Caller<'static>>(caller) };
        CALLERS.with_borrow_mut(|callers| callers.push(caller));
        Self(caller)
    }

    /// Uses the caller.
    pub(crate) fn with<R>(&self, body: impl FnOnce(&mut Caller<'_>) -> R) -> R {
        // SAFETY: it outlives this, and nobody else uses it at this moment: Python comes to it only by `with_caller_of`.
        body(unsafe { &mut *self.0 })
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // By what it is: a greenlet may end out of order.
        CALLERS.with_borrow_mut(|callers| {
            if let Some(at) = callers.iter().rposition(|caller| *caller == self.0) {
                callers.remove(at);
            }
        });
    }
}

/// Runs `body` with the caller that is the instance of `interrupter`, if a callback of that runs on this thread. `body` runs no
/// Python.
pub(crate) fn with_caller_of<R>(
    interrupter: &Interrupter,
    body: impl FnOnce(&mut Caller<'_>) -> R,
) -> Option<R> {
    // SAFETY: what is on the list is alive, its callback waits for Python, which is here, and nobody else uses it at this moment.
    let is_its = |caller: &*mut Caller<'static>| unsafe { (**caller).is_of(interrupter) };
    let found = CALLERS.with_borrow(|callers| callers.iter().rfind(|caller| is_its(caller)).copied());
    // SAFETY: as above.
    found.map(|caller| body(unsafe { &mut *caller }))
}
