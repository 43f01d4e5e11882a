//! Where the host's side of a guest call is, so that callbacks find it: one stack of calls for each thread.

use crate::away::Away;
use napi::sys;
use std::cell::RefCell;
use std::sync::Arc;

/// The host's side of one call.
#[derive(Clone)]
pub(crate) enum Frame {
    /// The call is made on JavaScript's own thread, which waits for it: its environment, and the plugin's callbacks as an
    /// array of functions. Both are valid as long as the frame is on the stack.
    Here { env: sys::napi_env, callbacks: sys::napi_value },
    /// The call runs on a worker: callbacks have to be sent.
    Away(Arc<Away>),
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Runs `body`, in which guest code may call back to `frame`.
pub(crate) fn within<R>(frame: Frame, body: impl FnOnce() -> R) -> R {
    struct Pop;
    impl Drop for Pop {
        fn drop(&mut self) {
            FRAMES.with_borrow_mut(Vec::pop);
        }
    }
    FRAMES.with_borrow_mut(|frames| frames.push(frame));
    let _pop = Pop;
    body()
}

/// The innermost one of this thread.
pub(crate) fn current() -> Option<Frame> {
    FRAMES.with_borrow(|frames| frames.last().cloned())
}
