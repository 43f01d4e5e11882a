//! Callbacks: from guest code to the functions that `lib/callbacks.js` holds.

use crate::frame::{self, Frame};
use crate::to_js::{OwnedValue, ToJs};
use crate::value::{JsArg, OBJECT, PROMISE, SCRATCH, Scratch, THREW, promised};
use napi::bindgen_prelude::ToNapiValue;
use napi::{check_status, sys};
use std::error::Error;
use std::mem::MaybeUninit;
use std::ptr;
use wasp_core::{Caller, Kind, LentCaller, Value};

type Failure = Box<dyn Error + Send + Sync>;

/// Answers the guest's call with what the plugin's callback number `index` returns.
pub(crate) fn call_javascript(
    index: u32,
    result: Kind,
    caller: &mut Caller<'_>,
    args: &[Value<'_>],
) -> Result<(), Failure> {
    frame::current(|frame| match frame {
        Some(Frame::OnThread { env, callbacks }) => {
            let mut scratch = [MaybeUninit::uninit(); SCRATCH];
            LentCaller::lend(caller, |caller| {
                // SAFETY: the frame is on this thread's stack, so both are valid.
                let answer =
                    unsafe { call(*env, *callbacks, index, args, result, &mut &mut scratch[..]) };
                let answer = answer.map_err(|error| error.to_string())?;
                caller.with(|caller| settle(caller, result, &answer))
            })
        }
        Some(Frame::OnWorker(task)) => {
            let args = args.iter().map(|arg| OwnedValue::new(*arg)).collect();
            let remaining = caller.remaining();
            let answer = task.caller.lend(caller, || task.ask(index, args, remaining));
            settle(caller, result, &answer?)
        }
        None => Err("no call of JavaScript runs on this thread".into()),
    })
}

fn settle(caller: &mut Caller<'_>, result: Kind, answer: &JsArg<'_>) -> Result<(), Failure> {
    // What a callback without a result answers doesn't matter, unless it is not over or has failed.
    if result != Kind::None || matches!(answer, JsArg::Other(PROMISE | THREW)) {
        let value = match answer {
            JsArg::Json(_) if result != Kind::Json => Err(OBJECT),
            answer => answer.value(|| Some(result)),
        };
        caller.set_result(value.map_err(|what| format!("it answered with {what}"))?);
    }
    Ok(())
}

/// Calls callback number `index` by way of `callbacks`, and reads its answer as far as `result` wants it.
///
/// # Safety
/// `env` is the environment of this thread, and `callbacks` a function there.
unsafe fn call<'a>(
    env: sys::napi_env,
    callbacks: sys::napi_value,
    index: u32,
    args: &[Value<'_>],
    result: Kind,
    scratch: &mut Scratch<'a>,
) -> napi::Result<JsArg<'a>> {
    /// What JavaScript makes in a callback is gone after it, not only after the guest's whole call.
    struct Scope(sys::napi_env, sys::napi_handle_scope);
    impl Drop for Scope {
        fn drop(&mut self) {
            // SAFETY: opened below; the innermost that is open.
            unsafe { sys::napi_close_handle_scope(self.0, self.1) };
        }
    }

    // SAFETY: `env` and its values are of the call that runs, as this function asks.
    unsafe {
        let mut scope = ptr::null_mut();
        check_status!(sys::napi_open_handle_scope(env, &mut scope))?;
        let _scope = Scope(env, scope);
        let mut few = [ptr::null_mut(); 8];
        let mut many = Vec::new();
        let list = if args.len() < few.len() {
            &mut few[..=args.len()]
        } else {
            many.resize(args.len() + 1, ptr::null_mut());
            &mut many[..]
        };
        check_status!(sys::napi_create_uint32(env, index, &mut list[0]))?;
        for (place, arg) in list[1..].iter_mut().zip(args) {
            *place = ToNapiValue::to_napi_value(env, ToJs(*arg))?;
        }
        let mut answer = ptr::null_mut();
        // `lib/callbacks.js` catches what a callback throws: only the end of the whole environment comes through. What it
        // has as `this` doesn't matter.
        let (count, list) = (list.len(), list.as_ptr());
        let status = sys::napi_call_function(env, callbacks, callbacks, count, list, &mut answer);
        check_status!(status, "JavaScript ended")?;
        if result == Kind::None {
            let mut ty = 0;
            check_status!(sys::napi_typeof(env, answer, &mut ty))?;
            return Ok(match ty {
                sys::ValueType::napi_symbol => JsArg::Other(THREW),
                sys::ValueType::napi_object if promised(env, answer)? => JsArg::Other(PROMISE),
                _ => JsArg::Nothing,
            });
        }
        JsArg::read(env, answer, scratch)
    }
}
