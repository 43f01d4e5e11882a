//! What a plugin is given, as `lib/config.js` has checked it.

use crate::callback;
use crate::value::{JsArg, kind};
use napi::Status;
use napi::bindgen_prelude::{FromNapiValue, Object};
use wasp_core::{Config, Kind, Limits};

/// Reads it, for a script or a module.
pub(crate) fn read(given: &Object<'_>, of_script: bool) -> napi::Result<Config> {
    let mut config = Config::new();
    config.args(given.get::<Vec<String>>("args")?.unwrap_or_default());
    for (name, value) in given.get::<Vec<(String, String)>>("env")?.unwrap_or_default() {
        config.env(name, value);
    }
    for (key, value) in given.get::<Vec<(String, String)>>("entries")?.unwrap_or_default() {
        config.config_set(key, value);
    }
    for volume in list(given, "volumes")? {
        let guest: String = required(&volume, "guest")?;
        let host: String = required(&volume, "host")?;
        config.volume(guest, host, required(&volume, "readOnly")?);
    }
    for (index, offered) in (0..).zip(list(given, "callbacks")?) {
        let (module, name): (String, String) =
            (required(&offered, "module")?, required(&offered, "name")?);
        let params: Vec<u32> = required(&offered, "params")?;
        let params: Vec<_> = params.into_iter().map(kind).collect();
        let result = kind(required(&offered, "result")?);
        if required(&offered, "isUntimed")? {
            config.callback(module, name, &params, result, move |caller, args| {
                // Also while a worker waits for JavaScript, whose other work isn't the guest's to answer for.
                caller.pause_clock();
                let answered = callback::call_javascript(index, result, caller, args);
                caller.resume_clock()?;
                answered
            });
        } else {
            config.callback(module, name, &params, result, move |caller, args| {
                callback::call_javascript(index, result, caller, args)
            });
        }
    }
    config.limits(limits(given)?);
    for call in list(given, "warmUps")? {
        let function: String = required(&call, "function")?;
        let args: Vec<JsArg<'static>> = required(&call, "args")?;
        let values = (1..).zip(&args).map(|(index, arg)| {
            arg.value(|| of_script.then_some(Kind::Any)).map_err(|what| {
                let message = format!("the warm-up {function:?}: argument {index} is {what}");
                napi::Error::new(Status::InvalidArg, message)
            })
        });
        let values = values.collect::<napi::Result<Vec<_>>>()?;
        config.warm_up(function.clone(), &values);
    }
    if let Some(snapshot) = given.get::<bool>("snapshot")? {
        config.snapshot(snapshot);
    }
    if let Some(trap) = given.get::<bool>("trapMissingImports")? {
        config.trap_missing_imports(trap);
    }
    Ok(config)
}

fn limits(given: &Object<'_>) -> napi::Result<Limits> {
    let mut limits = Limits::default();
    let number = |name| given.get::<f64>(name);
    if let Some(bytes) = number("memoryBytes")? {
        limits.memory_bytes = bytes as u64;
    }
    if let Some(elements) = number("tableElements")? {
        limits.table_elements = elements as u32;
    }
    if let Some(bytes) = number("stackBytes")? {
        limits.stack_bytes = bytes as usize;
    }
    if let Some(milliseconds) = number("timeout")? {
        limits.timeout = Limits::timeout_from_secs(milliseconds / 1000.0);
    }
    if let Some(instances) = number("idleInstances")? {
        limits.idle_instances = instances as usize;
    }
    if let Some(bytes) = number("idleMemoryBytes")? {
        limits.idle_memory_bytes = bytes as usize;
    }
    Ok(limits)
}

fn list<'a>(object: &Object<'a>, name: &str) -> napi::Result<Vec<Object<'a>>> {
    Ok(object.get(name)?.unwrap_or_default())
}

fn required<T: FromNapiValue>(object: &Object<'_>, name: &str) -> napi::Result<T> {
    let missing = || napi::Error::new(Status::InvalidArg, format!("the config has no {name:?}"));
    object.get(name)?.ok_or_else(missing)
}
