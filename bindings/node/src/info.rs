//! What plugins and modules offer and need, for JavaScript.

use crate::failure::Outcome;
use crate::handle::Held;
use crate::message::Plugin;
use crate::value::{JsArg, OBJECT};
use napi::bindgen_prelude::{FunctionCallContext, Object, ToNapiValue};
use napi::{Env, JsValue, sys};
use wasp_core::{Engine, Error, ErrorKind, Function, Kind, PluginImport, PluginInfo};

/// An info, for JavaScript.
pub(crate) struct Info(PluginInfo);

impl ToNapiValue for Info {
    unsafe fn to_napi_value(env: sys::napi_env, info: Self) -> napi::Result<sys::napi_value> {
        let scope = Env::from_raw(env);
        let Info(info) = info;
        let mut object = Object::new(&scope)?;
        let functions = info.functions.iter().map(|each| function(&scope, each));
        object.set("functions", functions.collect::<napi::Result<Vec<_>>>()?)?;
        let imports = info.imports.iter().map(|each| import(&scope, each));
        object.set("imports", imports.collect::<napi::Result<Vec<_>>>()?)?;
        object.set("wasi", info.wasi)?;
        object.set("memoryMin", info.memory_min as f64)?;
        // One that is not there is undefined.
        if let Some(most) = info.memory_max {
            object.set("memoryMax", most as f64)?;
        }
        object.set("size", info.size as f64)?;
        object.set("memoryUsed", info.memory_used as f64)?;
        if let Some(language) = &info.language {
            object.set("language", language.as_str())?;
        }
        Ok(object.raw())
    }
}

/// The object for a function that a plugin offers.
pub(crate) fn function<'env>(env: &'env Env, function: &Function) -> napi::Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("name", function.name.as_str())?;
    object.set("params", names(&function.params))?;
    object.set("returns", function.result.name())?;
    object.set("declared", function.declared)?;
    object.set("paramNames", function.param_names.clone())?;
    object.set("docs", function.docs.as_str())?;
    Ok(object)
}

fn import<'env>(env: &'env Env, import: &PluginImport) -> napi::Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("module", import.module.as_str())?;
    object.set("name", import.name.as_str())?;
    object.set("type", import.ty.as_str())?;
    if let Some(params) = &import.params {
        object.set("params", names(params))?;
        object.set("returns", import.result.name())?;
    }
    object.set("provider", import.provider.name())?;
    Ok(object)
}

fn names(kinds: &[Kind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.name()).collect()
}

/// `plugin(plugin)`
pub(crate) fn plugin(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Info>> {
    let plugin: Held<'_, Plugin> = context.get(0)?;
    Ok(Outcome(plugin.engine.plugin(&plugin.name).map(Info)))
}

/// `inspect(pathOrBytes)`
pub(crate) fn inspect(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Info>> {
    let info = match context.get(0)? {
        JsArg::String(path) => Engine::inspect_file(&*path),
        JsArg::Bytes(wasm) => Engine::inspect(&wasm),
        other => Err(neither("what is inspected", &other)),
    };
    Ok(Outcome(info.map(Info)))
}

/// Makes the error for what is no module.
pub(crate) fn neither(what: &str, given: &JsArg<'_>) -> Error {
    let given = self::what(given);
    let message = format!("{what} is neither a path nor the bytes of a module, it is {given}");
    Error::from_host(ErrorKind::Invalid, message)
}

/// Returns what an argument is that is neither text nor bytes.
pub(crate) fn what<'a>(arg: &JsArg<'a>) -> &'a str {
    match arg {
        JsArg::Other(what) => what,
        JsArg::Null => "null",
        JsArg::Json(_) => OBJECT,
        _ => "of another type",
    }
}

/// `nearest(name, known)`: the one that may have been meant, or an empty text.
pub(crate) fn nearest(context: FunctionCallContext<'_>) -> napi::Result<String> {
    let (name, known): (String, Vec<String>) = (context.get(0)?, context.get(1)?);
    let near = wasp_core::nearest(&name, known.iter().map(String::as_str));
    Ok(near.unwrap_or_default().to_owned())
}
