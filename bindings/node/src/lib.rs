//! The native half of the Node.js package: functions that its JavaScript, in `lib`, calls over handles that it holds.
//!
//! Nothing here throws on purpose: what fails gives a `failure::Outcome`, of which `lib/error.js` makes a `WaspError`. No
//! JavaScript value outlives the call that brought it, so nothing here has to be freed on a particular thread: the
//! functions that plugins call back stay in `lib`, and are known here by their number.

mod away;
mod call;
mod callback;
mod config;
mod engine;
mod failure;
mod frame;
mod handle;
mod instance;
mod log;
mod value;
mod wait;
mod workers;

use napi::bindgen_prelude::{
    FunctionCallContext, Object, ToNapiValue, register_module_export_hook,
};
use napi::{Env, JsValue, check_status, sys};
use std::ptr;

napi::ctor::declarative::ctor! {
    #[ctor(unsafe)]
    fn register() {
        register_module_export_hook(fill);
    }
}

/// Fills the addon's exports, once for each environment that loads it.
///
/// # Safety
/// Node-API calls it with an environment and its object.
unsafe fn fill(env: sys::napi_env, exports: sys::napi_value) -> napi::Result<sys::napi_value> {
    let mut call = ptr::null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        let name = c"call";
        check_status!(sys::napi_create_function(
            env,
            name.as_ptr(),
            name.count_bytes() as isize,
            Some(call::call),
            ptr::null_mut(),
            &mut call
        ))?;
        check_status!(sys::napi_set_named_property(env, exports, name.as_ptr(), call))?;
    }
    let mut exports = Object::from_raw(env, exports);
    let env = Env::from_raw(env);
    offer(&env, &mut exports, "engine", engine::new)?;
    offer(&env, &mut exports, "register", engine::register)?;
    offer(&env, &mut exports, "registerAsync", engine::register_async)?;
    offer(&env, &mut exports, "release", engine::release)?;
    offer(&env, &mut exports, "takeLog", engine::take_log)?;
    offer(&env, &mut exports, "instance", instance::new)?;
    offer(&env, &mut exports, "functions", instance::functions)?;
    offer(&env, &mut exports, "callNamed", call::named)?;
    offer(&env, &mut exports, "reset", instance::reset)?;
    offer(&env, &mut exports, "close", instance::close)?;
    offer(&env, &mut exports, "start", instance::start)?;
    offer(&env, &mut exports, "finish", instance::finish)?;
    offer(&env, &mut exports, "answer", away::answer)?;
    offer(&env, &mut exports, "stop", away::stop)?;
    Ok(exports.raw())
}

fn offer<R: ToNapiValue>(
    env: &Env,
    exports: &mut Object<'_>,
    name: &str,
    function: impl Fn(FunctionCallContext<'_>) -> napi::Result<R> + 'static,
) -> napi::Result<()> {
    exports.set(name, env.create_function_from_closure::<(), R, _>(name, function)?)
}
