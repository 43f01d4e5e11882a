//! Instances.

use crate::away::{Away, Deliver, Done, Tie};
use crate::call::Call;
use crate::engine::{Plugin, here};
use crate::failure::{Outcome, Plain};
use crate::handle::{Handle, Held};
use napi::bindgen_prelude::{FunctionCallContext, Object, ToNapiValue, Unknown};
use napi::{Env, JsValue, ValueType, sys};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use wasp_core::{Error, ErrorKind, Function, Functions, Instance, Kind};

/// One instance, shared by JavaScript and the worker that runs its call.
pub(crate) struct Slot {
    /// Gone when it is closed; locked while somebody is in it.
    instance: Mutex<Option<Instance>>,
    closed: AtomicBool,
    pub functions: Functions,
    pub deliver: Arc<Deliver>,
}

/// What JavaScript holds of an instance. When it is collected, or JavaScript ends, the instance is closed.
pub(crate) struct Owned(pub Arc<Slot>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Slot {
    #[inline]
    pub(crate) fn enter<R>(
        &self,
        body: impl FnOnce(&mut Instance) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut guard = match self.instance.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(busy()),
        };
        if self.closed.load(Ordering::SeqCst) {
            return Err(closed());
        }
        let outcome = body(guard.as_mut().ok_or_else(closed)?);
        drop(guard);
        if self.closed.load(Ordering::SeqCst) {
            self.close();
        }
        outcome
    }

    /// Frees the instance, now or when its call is over: whoever comes second of the two sees the other.
    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let instance = match self.instance.try_lock() {
            Ok(mut guard) => guard.take(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        drop(instance);
    }

    /// Takes another instance of the same plugin, unless a call of the last one is not over yet. Only JavaScript's thread
    /// does that, and closes.
    fn reopen(&self, instance: &mut Option<Instance>) -> bool {
        match self.instance.try_lock() {
            Ok(mut guard) if guard.is_none() => {
                *guard = instance.take();
                self.closed.store(false, Ordering::SeqCst);
                true
            }
            _ => false,
        }
    }
}

#[cold]
fn busy() -> Error {
    let message = "the instance runs a call already, and an instance runs one at a time";
    Error::from_host(ErrorKind::Busy, message)
}

#[cold]
fn closed() -> Error {
    Error::from_host(ErrorKind::Invalid, "the instance is closed")
}

/// A handle for a new instance: another one, or that of an instance which is closed.
pub(crate) enum Place {
    New(Handle<Owned>),
    Again(sys::napi_value),
}

impl ToNapiValue for Place {
    unsafe fn to_napi_value(env: sys::napi_env, place: Self) -> napi::Result<sys::napi_value> {
        match place {
            // SAFETY: the caller's promise.
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
    let made = here(&context, 2, || plugin.engine.instance(&plugin.name, workspace))?;
    let instance = match made {
        Ok(instance) => instance,
        Err(error) => return Ok(Outcome(Err(error))),
    };
    let functions = Functions::of(&instance);
    let mut instance = Some(instance);
    let spare: Unknown<'_> = context.get(3)?;
    if spare.get_type()? == ValueType::External
        && context.get::<Held<'_, Owned>>(3)?.0.reopen(&mut instance)
    {
        return Ok(Outcome(Ok(Place::Again(spare.raw()))));
    }
    Ok(Outcome(Ok(Place::New(Handle(Owned(Arc::new(Slot {
        functions,
        instance: Mutex::new(instance),
        closed: AtomicBool::new(false),
        deliver: Arc::clone(&plugin.deliver),
    })))))))
}

/// The functions of a plugin, for JavaScript.
pub(crate) struct Listing(Functions);

impl ToNapiValue for Listing {
    unsafe fn to_napi_value(env: sys::napi_env, listing: Self) -> napi::Result<sys::napi_value> {
        let scope = Env::from_raw(env);
        let name = |kind: &Kind| if *kind == Kind::None { "none" } else { kind.name() };
        let object = |function: &Function| {
            let mut object = Object::new(&scope)?;
            object.set("name", function.name.as_str())?;
            object.set("params", function.params.iter().map(name).collect::<Vec<_>>())?;
            object.set("returns", name(&function.result))?;
            object.set("declared", function.declared)?;
            Ok(object)
        };
        let list: Vec<Object<'_>> = listing.0.iter().map(object).collect::<napi::Result<_>>()?;
        // SAFETY: the caller's promise.
        unsafe { ToNapiValue::to_napi_value(env, list) }
    }
}

/// `functions(instance)`: their places in the list are what `call` takes for a name.
pub(crate) fn functions(context: FunctionCallContext<'_>) -> napi::Result<Listing> {
    Ok(Listing(context.get::<Held<'_, Owned>>(0)?.0.functions.clone()))
}

/// `start(instance, id, name, kind, ...args)`: the call goes on on a worker, and its outcome is delivered.
pub(crate) fn start(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Handle<Tie>>> {
    let slot = Arc::clone(&context.get::<Held<'_, Owned>>(0)?.0);
    let call = Call::read(&context, 2)?;
    let interrupter = match slot.enter(|instance| Ok(instance.interrupter())) {
        Ok(interrupter) => interrupter,
        Err(error) => return Ok(Outcome(Err(error))),
    };
    let away = Away::new(context.get(1)?, &slot.deliver, Some(interrupter));
    Ok(Outcome(away.run(move || call.made(&slot).map(Done::Called))))
}

/// `reset(instance, callbacks)`
pub(crate) fn reset(context: FunctionCallContext<'_>) -> napi::Result<Plain> {
    let owned: Held<'_, Owned> = context.get(0)?;
    Ok(Outcome::new(here(&context, 1, || owned.0.enter(Instance::reset))?))
}

/// `close(instance)`
pub(crate) fn close(context: FunctionCallContext<'_>) -> napi::Result<()> {
    context.get::<Held<'_, Owned>>(0)?.0.close();
    Ok(())
}
