//! Instances.

use crate::call::Call;
use crate::failure::{Outcome, Plain};
use crate::frame;
use crate::handle::{Handle, Held};
use crate::info;
use crate::message::{Done, Plugin};
use crate::owned::InstanceHandle;
use crate::spawn::spawn;
use crate::task::{AsyncTask, TaskHandle};
use napi::bindgen_prelude::{FunctionCallContext, Object, ToNapiValue, Unknown};
use napi::{Env, JsValue, ValueType, sys};
use std::path::Path;
use std::sync::Arc;
use wasp_core::{Error, Functions, Instance};

/// A handle for a new instance: another one, or that of an instance which is closed.
pub(crate) enum Place {
    New(Handle<InstanceHandle>),
    Again(sys::napi_value),
}

impl ToNapiValue for Place {
    unsafe fn to_napi_value(env: sys::napi_env, place: Self) -> napi::Result<sys::napi_value> {
        match place {
            // SAFETY: `env` and its values are of the call that runs, as this function asks.
            Place::New(handle) => unsafe { ToNapiValue::to_napi_value(env, handle) },
            Place::Again(value) => Ok(value),
        }
    }
}

/// `instance(plugin, workspace, callbacks, spare)`; an empty workspace is none. The spare is undefined, or the handle of
/// a closed instance of the same plugin: making one costs as much as the rest.
pub(crate) fn new(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Place>> {
    let plugin: Held<'_, Plugin> = context.get(0)?;
    let workspace: String = context.get(1)?;
    let workspace = Some(&*workspace).filter(|path| !path.is_empty()).map(Path::new);
    let made = frame::on_thread(&context, 2, || plugin.engine.instance(&plugin.name, workspace))?;
    let instance = match made {
        Ok(instance) => instance,
        Err(error) => return Ok(Outcome(Err(error))),
    };
    let functions = Functions::of(&instance);
    let mut instance = Some(instance);
    let spare: Unknown<'_> = context.get(3)?;
    if spare.get_type()? == ValueType::External
        && context.get::<Held<'_, InstanceHandle>>(3)?.reopen(&mut instance)
    {
        return Ok(Outcome(Ok(Place::Again(spare.raw()))));
    }
    Ok(Outcome(Ok(Place::New(Handle(InstanceHandle::new(
        instance,
        functions,
        Arc::clone(&plugin.deliver),
    ))))))
}

/// The functions of a plugin, for JavaScript.
pub(crate) struct Listing(Functions);

impl ToNapiValue for Listing {
    unsafe fn to_napi_value(env: sys::napi_env, listing: Self) -> napi::Result<sys::napi_value> {
        let scope = Env::from_raw(env);
        let objects = listing.0.iter().map(|each| info::function(&scope, each));
        let list: Vec<Object<'_>> = objects.collect::<napi::Result<_>>()?;
        // SAFETY: `env` and its values are of the call that runs, as this function asks.
        unsafe { ToNapiValue::to_napi_value(env, list) }
    }
}

/// `functions(instance)`: their places in the list are what `call` takes for a name.
pub(crate) fn functions(context: FunctionCallContext<'_>) -> napi::Result<Listing> {
    Ok(Listing(context.get::<Held<'_, InstanceHandle>>(0)?.functions.clone()))
}

/// `start(instance, id, name, kind, timeout, ...args)`: the call goes on on a worker, and its outcome is delivered. Then the
/// instance is to be put back by `finish`.
pub(crate) fn start(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Handle<TaskHandle>>> {
    let owned: Held<'_, InstanceHandle> = context.get(0)?;
    let call = Call::read(&context, 2)?;
    let id = context.get(1)?;
    let instance = match owned.leave() {
        Ok(instance) => instance,
        Err(error) => return Ok(Outcome(Err(error))),
    };
    let functions = owned.functions.clone();
    let task = Arc::new(AsyncTask::new(id, &owned.deliver, Some(instance.interrupter())));
    task.swap_parked(Some(instance));
    let parked = Arc::clone(&task);
    let started = spawn(Arc::clone(&task), move || {
        let mut instance = parked.swap_parked(None);
        let outcome = match &mut instance {
            Some(instance) => call.made(&functions, instance).map(Done::Called),
            None => Err(Error::instance_closed()),
        };
        parked.swap_parked(instance);
        outcome
    });
    if started.is_err() {
        owned.put_back(task.swap_parked(None));
    }
    Ok(Outcome(started))
}

/// `finish(instance, task)`: puts back what `start` took along, when the task is over.
pub(crate) fn finish(context: FunctionCallContext<'_>) -> napi::Result<()> {
    let handle: Held<'_, TaskHandle> = context.get(1)?;
    context.get::<Held<'_, InstanceHandle>>(0)?.put_back(handle.0.swap_parked(None));
    Ok(())
}

/// `reset(instance, callbacks)`
pub(crate) fn reset(context: FunctionCallContext<'_>) -> napi::Result<Plain> {
    let owned: Held<'_, InstanceHandle> = context.get(0)?;
    Ok(Outcome::new(frame::on_thread(&context, 1, || owned.enter(Instance::reset))?))
}

/// `poison(instance)`: what ended its guest half-way; an empty text where nothing did.
pub(crate) fn poison(context: FunctionCallContext<'_>) -> napi::Result<Outcome<String>> {
    let owned: Held<'_, InstanceHandle> = context.get(0)?;
    let poison = owned.enter(|instance| Ok(instance.poison().unwrap_or_default().to_owned()));
    Ok(Outcome(poison))
}

/// `close(instance)`
pub(crate) fn close(context: FunctionCallContext<'_>) -> napi::Result<()> {
    context.get::<Held<'_, InstanceHandle>>(0)?.close();
    Ok(())
}
