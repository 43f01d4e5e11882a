//! Instances.

use crate::away::{Away, Deliver, Done, Tie};
use crate::call::Call;
use crate::engine::{Plugin, here};
use crate::failure::{Outcome, Plain};
use crate::handle::{Handle, Held};
use napi::bindgen_prelude::{FunctionCallContext, Object, ToNapiValue, Unknown};
use napi::{Env, JsValue, ValueType, sys};
use std::cell::{Cell, RefCell};
use std::mem;
use std::path::Path;
use std::sync::Arc;
use wasp_core::{Error, Function, Functions, Instance, Kind};

/// What JavaScript holds of an instance. Only its own thread is in here: a call on a worker takes the instance along, and
/// JavaScript puts it back.
pub(crate) struct Owned {
    /// Borrowed while a call runs on this thread.
    state: RefCell<State>,
    /// It was closed while it was in use.
    closing: Cell<bool>,
    pub functions: Functions,
    deliver: Arc<Deliver>,
}

enum State {
    Here(Instance),
    Away,
    Closed,
}

impl Owned {
    #[inline]
    pub(crate) fn enter<R>(
        &self,
        body: impl FnOnce(&mut Instance) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let outcome = match self.state.try_borrow_mut().as_deref_mut() {
            Ok(State::Here(instance)) => body(instance),
            Ok(State::Closed) => Err(Error::instance_closed()),
            Ok(State::Away) | Err(_) => Err(Error::instance_busy()),
        };
        if self.closing.get() {
            self.close();
        }
        outcome
    }

    /// Takes the instance along.
    fn leave(&self) -> Result<Instance, Error> {
        let Ok(mut state) = self.state.try_borrow_mut() else { return Err(Error::instance_busy()) };
        match mem::replace(&mut *state, State::Away) {
            State::Here(instance) => Ok(instance),
            State::Away => Err(Error::instance_busy()),
            State::Closed => {
                *state = State::Closed;
                Err(Error::instance_closed())
            }
        }
    }

    /// Puts it back; without one, it is lost.
    fn back(&self, instance: Option<Instance>) {
        if let Ok(mut state) = self.state.try_borrow_mut() {
            *state = instance.map_or(State::Closed, State::Here);
        }
        if self.closing.get() {
            self.close();
        }
    }

    /// Frees the instance, now or when its call is over.
    fn close(&self) {
        let instance = match self.state.try_borrow_mut().as_deref_mut() {
            Ok(State::Away) | Err(_) => {
                self.closing.set(true);
                return;
            }
            Ok(state) => mem::replace(state, State::Closed),
        };
        self.closing.set(false);
        drop(instance);
    }

    /// Takes another instance of the same plugin, unless a call of the last one is not over yet.
    fn reopen(&self, instance: &mut Option<Instance>) -> bool {
        match (self.state.try_borrow_mut().as_deref_mut(), instance.take()) {
            (Ok(state @ State::Closed), Some(instance)) => {
                *state = State::Here(instance);
                true
            }
            (_, refused) => {
                *instance = refused;
                false
            }
        }
    }
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
        && context.get::<Held<'_, Owned>>(3)?.reopen(&mut instance)
    {
        return Ok(Outcome(Ok(Place::Again(spare.raw()))));
    }
    Ok(Outcome(Ok(Place::New(Handle(Owned {
        state: RefCell::new(instance.map_or(State::Closed, State::Here)),
        closing: Cell::new(false),
        functions,
        deliver: Arc::clone(&plugin.deliver),
    })))))
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
    Ok(Listing(context.get::<Held<'_, Owned>>(0)?.functions.clone()))
}

/// `start(instance, id, name, kind, ...args)`: the call goes on on a worker, and its outcome is delivered. Then the
/// instance is to be put back by `finish`.
pub(crate) fn start(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Handle<Tie>>> {
    let owned: Held<'_, Owned> = context.get(0)?;
    let call = Call::read(&context, 2)?;
    let id = context.get(1)?;
    let instance = match owned.leave() {
        Ok(instance) => instance,
        Err(error) => return Ok(Outcome(Err(error))),
    };
    let functions = owned.functions.clone();
    let away = Arc::new(Away::new(id, &owned.deliver, Some(instance.interrupter())));
    away.luggage(Some(instance));
    let task = Arc::clone(&away);
    let started = away.run(move || {
        let mut instance = task.luggage(None);
        let outcome = match &mut instance {
            Some(instance) => call.made(&functions, instance).map(Done::Called),
            None => Err(Error::instance_closed()),
        };
        task.luggage(instance);
        outcome
    });
    if started.is_err() {
        owned.back(away.luggage(None));
    }
    Ok(Outcome(started))
}

/// `finish(instance, task)`: puts back what `start` took along, when the task is over.
pub(crate) fn finish(context: FunctionCallContext<'_>) -> napi::Result<()> {
    let tie: Held<'_, Tie> = context.get(1)?;
    context.get::<Held<'_, Owned>>(0)?.back(tie.0.luggage(None));
    Ok(())
}

/// `reset(instance, callbacks)`
pub(crate) fn reset(context: FunctionCallContext<'_>) -> napi::Result<Plain> {
    let owned: Held<'_, Owned> = context.get(0)?;
    Ok(Outcome::new(here(&context, 1, || owned.enter(Instance::reset))?))
}

/// `close(instance)`
pub(crate) fn close(context: FunctionCallContext<'_>) -> napi::Result<()> {
    context.get::<Held<'_, Owned>>(0)?.close();
    Ok(())
}
