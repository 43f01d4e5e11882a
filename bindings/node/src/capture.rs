//! What an instance prints, kept for JavaScript.

use crate::failure::Outcome;
use crate::handle::{Handle, Held};
use crate::owned::InstanceHandle;
use crate::to_js::ToJs;
use napi::bindgen_prelude::{FunctionCallContext, Object, ToNapiValue};
use napi::{Env, JsValue, sys};
use wasp_core::{Output, Value};

/// `capture(instance, most)`: keeps up to so many bytes of what it prints from now on. More stops its call.
pub(crate) fn new(
    context: FunctionCallContext<'_>,
) -> napi::Result<Outcome<Handle<wasp_core::Capture>>> {
    let owned: Held<'_, InstanceHandle> = context.get(0)?;
    let most: f64 = context.get(1)?;
    Ok(Outcome(owned.enter(|instance| Ok(Handle(instance.capture_output(most as usize))))))
}

/// `restartCapture(capture, most)`: forgets what is there, and keeps up to so many bytes from now on.
pub(crate) fn restart(context: FunctionCallContext<'_>) -> napi::Result<()> {
    let most: f64 = context.get(1)?;
    context.get::<Held<'_, wasp_core::Capture>>(0)?.restart(most as usize);
    Ok(())
}

/// What was printed, for JavaScript: streams to which nothing was are left out.
pub(crate) struct Taken(Output);

impl ToNapiValue for Taken {
    unsafe fn to_napi_value(env: sys::napi_env, taken: Self) -> napi::Result<sys::napi_value> {
        let mut object = Object::new(&Env::from_raw(env))?;
        for (name, bytes) in [("stdout", &taken.0.stdout), ("stderr", &taken.0.stderr)] {
            if !bytes.is_empty() {
                object.set(name, ToJs(Value::Bytes(bytes)))?;
            }
        }
        object.set("isTruncated", taken.0.is_truncated)?;
        Ok(object.raw())
    }
}

/// `takeOutput(capture)`: what was printed since the last time, and whether there was more than is kept.
pub(crate) fn take(context: FunctionCallContext<'_>) -> napi::Result<Taken> {
    Ok(Taken(context.get::<Held<'_, wasp_core::Capture>>(0)?.take()))
}

/// `runner(language)`: the script that runs programs in a language that comes with wasp.
pub(crate) fn runner(context: FunctionCallContext<'_>) -> napi::Result<Option<&'static str>> {
    Ok(wasp_core::runner(&context.get::<String>(0)?))
}
