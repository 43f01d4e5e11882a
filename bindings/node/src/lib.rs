//! The native half of the Node.js package: functions that its JavaScript, in `lib`, calls over handles that it holds.
//!
//! Nothing here throws on purpose: what fails returns a `failure::Outcome`, of which `lib/error.js` makes a `WaspError`. No
//! JavaScript value outlives the call that brought it, so nothing here has to be freed on a particular thread: the
//! functions that plugins call back stay in `lib`, and are known here by their number.

// Unsafe code is in the modules that exist for it, each marked where it is declared.
#![deny(unsafe_code)]

#[allow(unsafe_code)] // Node-API calls it directly.
mod call;
#[allow(unsafe_code)] // Calls JavaScript.
mod callback;
#[allow(unsafe_code)] // Makes JavaScript values.
mod capture;
mod command_line;
#[allow(unsafe_code)] // What it registers runs as code.
mod compiled;
mod config;
mod engine;
#[allow(unsafe_code)] // Makes JavaScript values.
mod failure;
#[allow(unsafe_code)] // Keeps a pointer to the innermost frame.
mod frame;
#[allow(unsafe_code)] // Owns values that JavaScript holds.
mod handle;
#[allow(unsafe_code)] // Makes JavaScript values.
mod info;
#[allow(unsafe_code)] // Makes JavaScript values.
mod instance;
#[allow(unsafe_code)] // Makes JavaScript values.
mod log;
mod memory;
#[allow(unsafe_code)] // Makes JavaScript values.
mod message;
mod owned;
mod packing;
mod script;
mod spawn;
mod task;
#[allow(unsafe_code)] // Makes JavaScript values.
mod to_js;
#[allow(unsafe_code)] // Reads JavaScript values.
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
#[allow(unsafe_code)]
unsafe fn fill(env: sys::napi_env, exports: sys::napi_value) -> napi::Result<sys::napi_value> {
    // SAFETY: this library has a wasmer of its own, which nobody else can name.
    unsafe { wasp_core::assume_sole_use_of_wasmer() };
    // A panic becomes an error with the same words; the host's output is not ours.
    std::panic::set_hook(Box::new(|_| {}));
    let mut call = ptr::null_mut();
    // SAFETY: `exports` is an object of `env`, as this function asks.
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
    exports.set("packing", packing::layout(&env)?)?;
    offer(&env, &mut exports, "engine", engine::new)?;
    offer(&env, &mut exports, "register", engine::register)?;
    offer(&env, &mut exports, "registerAsync", engine::register_async)?;
    offer(&env, &mut exports, "release", engine::release)?;
    offer(&env, &mut exports, "compile", engine::compile)?;
    offer(&env, &mut exports, "plugin", info::plugin)?;
    offer(&env, &mut exports, "pluginsMemory", engine::memory_used)?;
    offer(&env, &mut exports, "inspect", info::inspect)?;
    offer(&env, &mut exports, "nearest", info::nearest)?;
    offer(&env, &mut exports, "takeLog", engine::take_log)?;
    offer(&env, &mut exports, "instance", instance::new)?;
    offer(&env, &mut exports, "functions", instance::functions)?;
    offer(&env, &mut exports, "callNamed", call::named)?;
    offer(&env, &mut exports, "reset", instance::reset)?;
    offer(&env, &mut exports, "close", instance::close)?;
    offer(&env, &mut exports, "poison", instance::poison)?;
    offer(&env, &mut exports, "callerNumber", memory::caller_number)?;
    offer(&env, &mut exports, "callerPlugin", memory::caller_plugin)?;
    offer(&env, &mut exports, "memoryUsed", memory::used)?;
    offer(&env, &mut exports, "memorySize", memory::size)?;
    offer(&env, &mut exports, "readMemory", memory::read)?;
    offer(&env, &mut exports, "writeMemory", memory::write)?;
    offer(&env, &mut exports, "capture", capture::new)?;
    offer(&env, &mut exports, "restartCapture", capture::restart)?;
    offer(&env, &mut exports, "takeOutput", capture::take)?;
    offer(&env, &mut exports, "runner", capture::runner)?;
    offer(&env, &mut exports, "start", instance::start)?;
    offer(&env, &mut exports, "command", command_line::run)?;
    offer(&env, &mut exports, "finish", instance::finish)?;
    offer(&env, &mut exports, "answer", spawn::answer)?;
    offer(&env, &mut exports, "stop", spawn::stop)?;
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
