//! What JavaScript holds of this half: externals with a value of ours inside.
//!
//! napi-rs has externals too, but looks each up in a table behind a lock, on the way of every call.

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue};
use napi::{Error, Result, Status, check_status, sys};
use std::any::TypeId;
use std::ffi::c_void;
use std::ops::Deref;
use std::ptr;

/// A value that JavaScript owns: it is dropped when that collects it, or ends.
pub(crate) struct Handle<T: 'static>(pub T);

/// A handle as a function gets it back; it is there as long as that function runs.
pub(crate) struct Held<'a, T: 'static>(&'a T);

#[repr(C)]
struct Payload<T> {
    /// Tells an engine from an instance.
    ty: TypeId,
    value: T,
}

impl<T: 'static> ToNapiValue for Handle<T> {
    unsafe fn to_napi_value(env: sys::napi_env, handle: Self) -> Result<sys::napi_value> {
        unsafe extern "C" fn finalize<T>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
            // SAFETY: it comes from the box below, and the external was its only holder.
            drop(unsafe { Box::<Payload<T>>::from_raw(data.cast()) });
        }

        let payload = Box::into_raw(Box::new(Payload { ty: TypeId::of::<T>(), value: handle.0 }));
        let mut value = ptr::null_mut();
        // SAFETY: `env` is that of the call that runs, as Node-API promises; it owns the payload if this succeeds.
        let status = unsafe {
            sys::napi_create_external(
                env,
                payload.cast(),
                Some(finalize::<T>),
                ptr::null_mut(),
                &mut value,
            )
        };
        check_status!(status).inspect_err(|_| {
            // SAFETY: nobody else has it.
            drop(unsafe { Box::from_raw(payload) });
        })?;
        Ok(value)
    }
}

impl<T: 'static> FromNapiValue for Held<'_, T> {
    unsafe fn from_napi_value(env: sys::napi_env, raw: sys::napi_value) -> Result<Self> {
        let mut data = ptr::null_mut();
        // SAFETY: `env` and its values are of the call that runs, as this function asks.
        check_status!(unsafe { sys::napi_get_value_external(env, raw, &mut data) })?;
        // SAFETY: `index.js` and what it requires keep their handles to themselves, and pass no external but those made
        // above. The value is an argument of the function that runs, so it is not collected meanwhile.
        match unsafe { data.cast::<Payload<T>>().as_ref() } {
            Some(payload) if payload.ty == TypeId::of::<T>() => Ok(Self(&payload.value)),
            _ => Err(Error::new(Status::InvalidArg, "a handle of another kind")),
        }
    }
}

impl<T: 'static> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0
    }
}
