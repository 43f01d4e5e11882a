//! Callbacks as C writes them.

use crate::error::shield;
use crate::slice::wasp_slice;
use crate::user_data::UserData;
use crate::value::wasp_value;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use wasp_core::{Caller, Value};

/// A host function.
///
/// Runs on the thread that called `wasp_call`, before that returns; where several instances run, on several threads at
/// once. `args` are borrowed until it returns. It sets its result or fails through `caller`, which is valid until it
/// returns. It may use other instances; its own is busy. It must return: no longjmp, no exception.
pub type wasp_callback_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        caller: &mut wasp_caller,
        args: *const wasp_value,
        arg_count: usize,
    ),
>;

/// A callback's way to set its result. Valid while the callback runs, on its thread.
pub struct wasp_caller {
    /// Made by `register`'s closure for the time of one callback.
    caller: *mut Caller<'static>,
    /// What is wrong with the result that was set last.
    refused: Option<String>,
    failure: Option<String>,
}

impl wasp_caller {
    pub(crate) fn core(&self) -> &Caller<'static> {
        // SAFETY: `run_callback` made the pointer from a caller that lives as long as this one.
        unsafe { &*self.caller }
    }

    pub(crate) fn core_mut(&mut self) -> &mut Caller<'static> {
        // SAFETY: as in `core`; nobody else uses it.
        unsafe { &mut *self.caller }
    }
}

/// Runs a host function of C for `caller`.
pub(crate) fn run_callback(
    callback: unsafe extern "C" fn(*mut c_void, &mut wasp_caller, *const wasp_value, usize),
    user_data: &UserData,
    caller: &mut Caller<'_>,
    args: &[Value<'_>],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // No allocation for few arguments.
    let (mut few, mut many) = ([const { MaybeUninit::uninit() }; 8], Vec::new());
    let values = match few.get_mut(..args.len()) {
        Some(values) => values,
        None => {
            many.resize(args.len(), MaybeUninit::uninit());
            &mut many[..]
        }
    };
    for (value, arg) in values.iter_mut().zip(args) {
        // SAFETY: a place of ours.
        unsafe { wasp_value::write(value.as_mut_ptr(), *arg) };
    }
    let mut c_caller =
        wasp_caller { caller: (&raw mut *caller).cast(), refused: None, failure: None };
    // SAFETY: the host's function, used as the header says; as many values are there as there are arguments.
    unsafe { callback(user_data.pointer, &mut c_caller, values.as_ptr().cast(), values.len()) };
    match c_caller.failure.or(c_caller.refused) {
        Some(message) => Err(message.into()),
        None => Ok(()),
    }
}

/// Sets the callback's result, which is copied at once. The last one set counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_set_result(
    caller: Option<&mut wasp_caller>,
    value: wasp_value,
) {
    let Some(caller) = caller else { return };
    shield((), || {
        let mut answer = Value::None;
        // SAFETY: the member that the value's kind names is set, the header's promise.
        match unsafe { value.read("its answer", &mut answer) } {
            Ok(()) => {
                caller.refused = None;
                caller.core_mut().set_result(answer);
            }
            Err(error) => caller.refused = Some(error.to_string()),
        }
    });
}

/// Makes the callback fail: when it returns, the guest is unwound, and the call fails with WASP_ERROR_CALLBACK and this
/// message, which is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_fail(caller: Option<&mut wasp_caller>, message: wasp_slice) {
    let Some(caller) = caller else { return };
    shield((), || {
        // SAFETY: slices and arrays are readable, the header's promise.
        let bytes = unsafe { message.bytes("the message") }.unwrap_or_default();
        caller.failure = Some(String::from_utf8_lossy(bytes).into_owned());
    });
}

/// Returns how many nanoseconds the call that this callback belongs to may still take; UINT64_MAX where it has no limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_remaining(caller: Option<&wasp_caller>) -> u64 {
    let remaining = caller.and_then(|caller| caller.core().remaining());
    remaining.map_or(u64::MAX, |left| u64::try_from(left.as_nanos()).unwrap_or(u64::MAX))
}
