//! Callbacks: from guest code to the functions that `index.js` holds.

use crate::frame::{self, Frame};
use crate::value::{Given, Sent, Taken};
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue};
use napi::{check_status, sys};
use std::error::Error;
use std::ptr;
use wasp_core::{Caller, Kind, Value};

type Failure = Box<dyn Error + Send + Sync>;

/// Answers the guest's call with what the plugin's callback number `index` gives.
pub(crate) fn run(
    index: u32,
    result: Kind,
    caller: &mut Caller<'_>,
    args: &[Value<'_>],
) -> Result<(), Failure> {
    let answer = match frame::current() {
        Some(Frame::Here { env, callbacks }) => {
            // SAFETY: the frame is on this thread's stack, so both are valid.
            unsafe { call(env, callbacks, index, args) }.map_err(|error| error.to_string())?
        }
        Some(Frame::Away(call)) => {
            let args = args.iter().map(|arg| Sent::new(*arg)).collect();
            let Some(answer) = call.ask(index, args, caller.remaining()) else {
                // The guest is stopped at its next step, which tells why better than an error from here.
                caller.answer(nothing(result));
                return Ok(());
            };
            answer
        }
        None => return Err("no call of JavaScript runs on this thread".into()),
    };
    if result != Kind::None || matches!(answer, Given::Other("a symbol")) {
        let value = answer.value(|| Some(result));
        caller.answer(value.map_err(|what| format!("it answered with {what}"))?);
    }
    Ok(())
}

/// Calls the function number `index` of `callbacks`.
///
/// # Safety
/// `env` is the environment of this thread, and `callbacks` an array of functions there.
unsafe fn call(
    env: sys::napi_env,
    callbacks: sys::napi_value,
    index: u32,
    args: &[Value<'_>],
) -> napi::Result<Given> {
    /// What JavaScript makes in a callback is gone after it, not only after the guest's whole call.
    struct Scope(sys::napi_env, sys::napi_handle_scope);
    impl Drop for Scope {
        fn drop(&mut self) {
            // SAFETY: opened below; the innermost that is open.
            unsafe { sys::napi_close_handle_scope(self.0, self.1) };
        }
    }

    // SAFETY: the caller's promise.
    unsafe {
        let mut scope = ptr::null_mut();
        check_status!(sys::napi_open_handle_scope(env, &mut scope))?;
        let _scope = Scope(env, scope);
        let mut function = ptr::null_mut();
        check_status!(sys::napi_get_element(env, callbacks, index, &mut function))?;
        let mut few = [ptr::null_mut(); 8];
        let mut many = Vec::new();
        let list = if args.len() <= few.len() {
            &mut few[..args.len()]
        } else {
            many.resize(args.len(), ptr::null_mut());
            &mut many[..]
        };
        for (place, arg) in list.iter_mut().zip(args) {
            *place = ToNapiValue::to_napi_value(env, Taken(*arg))?;
        }
        let mut this = ptr::null_mut();
        check_status!(sys::napi_get_undefined(env, &mut this))?;
        let mut answer = ptr::null_mut();
        // `index.js` catches what a callback throws: only the end of the whole environment comes through.
        check_status!(
            sys::napi_call_function(env, this, function, list.len(), list.as_ptr(), &mut answer),
            "JavaScript ended"
        )?;
        Given::from_napi_value(env, answer)
    }
}

/// An answer that every guest can take.
fn nothing(kind: Kind) -> Value<'static> {
    match kind {
        Kind::None => Value::None,
        Kind::String => Value::String(""),
        Kind::Bytes => Value::Bytes(&[]),
        _ => Value::I32(0),
    }
}
