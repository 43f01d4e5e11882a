//! The locks that a trap takes, kept free in the children of forks.
//!
//! wasmer makes a trace of each trap: under a lock of the crate `backtrace`, and under one of its own over the list of all compiled
//! functions, which compiling and dropping modules change. A thread that forks while another one holds either would leave it
//! taken in its child, whose next trap would wait for ever. So whoever forks takes both first, as glibc does with its own, and
//! parent and child give them back. `backtrace` hands out no guard, but it calls back with the lock taken: from a coroutine, which
//! waits there with both.
//!
//! Not covered are forks that run no handlers (`_Fork`, the bare system call), those in a signal handler that interrupts this thread
//! while it has one of the locks, and handlers of the host's own, registered before the first engine, that wait for a thread which
//! traps: they run after these here.

use crate::sys::unwinding;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};
use std::cell::RefCell;
use std::sync::{Once, PoisonError};
use wasmer_compiler::FRAME_INFO;

type Holder = Coroutine<(), (), (), DefaultStack>;

thread_local! {
    static HOLDER: RefCell<Option<Holder>> = const { RefCell::new(None) };
}

/// How much stack a trace may take.
const STACK: usize = 128 << 10;

/// Has forks of this process take the locks. Asked once for each engine.
pub(crate) fn hold_at_forks() {
    static REGISTERED: Once = Once::new();
    // SAFETY: the handlers belong to this library, whose unloading removes them.
    REGISTERED.call_once(|| unsafe {
        libc::pthread_atfork(Some(hold), Some(release), Some(release_in_child));
    });
}

extern "C" fn hold() {
    // First: an exception that nobody catches ends in a trace.
    unwinding::hold();
    take();
}

extern "C" fn release() {
    give_back();
    unwinding::release();
}

extern "C" fn release_in_child() {
    unwinding::release_in_child();
    give_back();
}

fn take() {
    let Ok(stack) = DefaultStack::new(STACK) else { return };
    let mut holder = Coroutine::with_stack(stack, |yielder, ()| {
        // First: whoever has it may ask for the other one.
        let _functions = FRAME_INFO.write().unwrap_or_else(PoisonError::into_inner);
        backtrace::trace(|_| {
            yielder.suspend(());
            false
        });
    });
    if let CoroutineResult::Return(()) = holder.resume(()) {
        return;
    }
    let mut holder = Some(holder);
    let _ = HOLDER.try_with(|kept| *kept.borrow_mut() = holder.take());
    // A thread that is ending has no place to keep it.
    if let Some(mut holder) = holder {
        holder.resume(());
    }
}

fn give_back() {
    let holder = HOLDER.try_with(|kept| kept.take()).ok().flatten();
    if let Some(mut holder) = holder {
        holder.resume(());
    }
}
