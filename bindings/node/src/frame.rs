//! Where the host's side of a guest call is, so that callbacks find it: one stack of calls for each thread.

use crate::task::AsyncTask;
use napi::bindgen_prelude::{FunctionCallContext, Unknown};
use napi::{JsValue, sys};
use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

/// The host's side of one call.
pub(crate) enum Frame {
    /// The call is made on JavaScript's own thread, which waits for it: its environment, and the function that calls the
    /// plugin's callbacks by number. Both are valid as long as the frame is on the stack.
    OnThread { env: sys::napi_env, callbacks: sys::napi_value },
    /// The call runs on a worker: callbacks have to be owned_value.
    OnWorker(Arc<AsyncTask>),
}

thread_local! {
    static CURRENT: Cell<*const Frame> = const { Cell::new(ptr::null()) };
}

/// Runs `body`, in which guest code may call back to `frame`.
#[inline]
pub(crate) fn within<R>(frame: &Frame, body: impl FnOnce() -> R) -> R {
    struct Back<'a>(&'a Cell<*const Frame>, *const Frame);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    // Looked up once: in a library that is loaded late, that is a call.
    CURRENT.with(|current| {
        let _back = Back(current, current.replace(frame));
        body()
    })
}

/// Runs `body` with the innermost one of this thread.
pub(crate) fn current<R>(body: impl FnOnce(Option<&Frame>) -> R) -> R {
    // SAFETY: whoever set it is further up on this thread's stack, and takes it back before it goes.
    body(unsafe { CURRENT.get().as_ref() })
}

/// Runs `body`, whose guest may call back by way of the function that argument number `at` is.
pub(crate) fn on_thread<R>(
    context: &FunctionCallContext<'_>,
    at: usize,
    body: impl FnOnce() -> R,
) -> napi::Result<R> {
    let callbacks: Unknown<'_> = context.get(at)?;
    let frame = Frame::OnThread { env: context.env.raw(), callbacks: callbacks.raw() };
    Ok(within(&frame, body))
}
