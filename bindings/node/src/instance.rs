//! Instances.

use crate::away::{Away, Deliver, Wait};
use crate::engine::{self, here};
use crate::failure::{Outcome, Ready};
use crate::frame::{self, Frame};
use crate::value::{Given, Sent, Taken, kind};
use crate::workers;
use napi::bindgen_prelude::{External, FunctionCallContext, Object};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use wasp_core::{Error, ErrorKind, Functions, Instance, Interrupter, Kind, Value};

/// One instance, shared by JavaScript and the worker that runs its call.
pub(crate) struct Slot {
    /// Gone when it is closed; locked while somebody is in it.
    instance: Mutex<Option<Instance>>,
    closed: AtomicBool,
    interrupter: Interrupter,
    functions: Functions,
    pub wait: Wait,
    pub deliver: Arc<Deliver>,
}

/// What JavaScript holds of an instance. When it is collected, or JavaScript ends, the instance is closed and a call that
/// still runs is stopped.
pub(crate) struct Handle(Arc<Slot>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
        self.0.interrupt();
    }
}

impl Slot {
    fn enter<R>(&self, body: impl FnOnce(&mut Instance) -> Result<R, Error>) -> Result<R, Error> {
        let mut guard = match self.instance.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let message =
                    "the instance runs a call already, and an instance runs one at a time";
                return Err(Error::from_host(ErrorKind::Busy, message));
            }
        };
        let closed = || Error::from_host(ErrorKind::Invalid, "the instance is closed");
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

    fn interrupt(&self) {
        self.interrupter.interrupt();
        self.wait.stop();
    }

    fn called<R>(&self, call: &Call, keep: impl FnOnce(Value<'_>) -> R) -> Result<R, Error> {
        let result = match call.result {
            Some(kind) => kind,
            None => self.declared(&call.name)?,
        };
        let mut few = [Value::None; 8];
        let mut many = Vec::new();
        let args = if call.args.len() <= few.len() {
            &mut few[..call.args.len()]
        } else {
            many.resize(call.args.len(), Value::None);
            &mut many[..]
        };
        for (at, (place, arg)) in args.iter_mut().zip(&call.args).enumerate() {
            let expected = || self.function(&call.name)?.params.get(at).copied();
            *place = arg.value(expected).map_err(|what| {
                let message = format!("function {:?}: argument {} is {what}", call.name, at + 1);
                Error::from_host(ErrorKind::Signature, message)
            })?;
        }
        self.enter(|instance| instance.call(&call.name, args, result).map(keep))
    }

    /// The kind of a function's result, where there is no doubt about it.
    fn declared(&self, name: &str) -> Result<Kind, Error> {
        match self.function(name) {
            Some(function) if function.declared || function.result != Kind::I32 => {
                Ok(function.result)
            }
            Some(_) => {
                let message = format!(
                    "function {name:?} gives an i32, and its plugin doesn't say what it stands for: \
                     pass 'i32', 'string', 'bytes' or 'none' as the kind of the result"
                );
                Err(Error::from_host(ErrorKind::Invalid, message))
            }
            // The call tells.
            None => Ok(Kind::None),
        }
    }

    fn function(&self, name: &str) -> Option<&wasp_core::Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

/// What to call.
struct Call {
    name: String,
    args: Vec<Given>,
    /// Nothing where the plugin should know.
    result: Option<Kind>,
}

impl Call {
    /// From the arguments that begin at number `at`: name, arguments, the number of a kind or -1.
    fn read(context: &FunctionCallContext<'_>, at: usize) -> napi::Result<Self> {
        let result: i32 = context.get(at + 2)?;
        let result = u32::try_from(result).ok().map(kind);
        Ok(Self { name: context.get(at)?, args: context.get(at + 1)?, result })
    }
}

fn slot<'a>(context: &FunctionCallContext<'_>) -> napi::Result<&'a Arc<Slot>> {
    Ok(&context.get::<&'static External<Handle>>(0)?.0)
}

/// `instance(engine, name, workspace, callbacks)`; an empty workspace is none.
pub(crate) fn new(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let engine = context.get::<&External<engine::Handle>>(0)?;
    let (name, workspace): (String, String) = (context.get(1)?, context.get(2)?);
    let workspace = Some(&*workspace).filter(|path| !path.is_empty()).map(Path::new);
    let made = here(&context, 3, || engine.engine.instance(&name, workspace))?;
    Ok(Outcome(match made {
        Ok(instance) => {
            let slot = Slot {
                interrupter: instance.interrupter(),
                functions: Functions::of(&instance),
                instance: Mutex::new(Some(instance)),
                closed: AtomicBool::new(false),
                wait: Wait::default(),
                deliver: Arc::clone(&engine.deliver),
            };
            Ok(Ready::new(context.env, External::new(Handle(Arc::new(slot))))?)
        }
        Err(error) => Err(error),
    }))
}

/// `functions(instance)`
pub(crate) fn functions(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let mut list = Vec::new();
    for function in slot(&context)?.functions.iter() {
        let mut each = Object::new(context.env)?;
        let name = |kind: &Kind| if *kind == Kind::None { "none" } else { kind.name() };
        each.set("name", function.name.as_str())?;
        each.set("params", function.params.iter().map(name).collect::<Vec<_>>())?;
        each.set("returns", name(&function.result))?;
        each.set("declared", function.declared)?;
        list.push(each);
    }
    Ok(Outcome(Ok(Ready::new(context.env, list)?)))
}

/// `call(instance, name, args, kind, callbacks)`
pub(crate) fn call(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let slot = slot(&context)?;
    let call = Call::read(&context, 1)?;
    let env = &*context.env;
    let outcome = here(&context, 4, || slot.called(&call, |value| Ready::new(env, Taken(value))))?;
    Ok(Outcome(match outcome {
        Ok(ready) => Ok(ready?),
        Err(error) => Err(error),
    }))
}

/// `start(instance, id, name, args, kind)`: the call goes on on a worker, and its outcome is delivered.
pub(crate) fn start(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let slot = slot(&context)?;
    let call = Call::read(&context, 2)?;
    let away = Arc::new(Away { id: context.get(1)?, slot: Arc::clone(slot) });
    let started = workers::run(move || {
        let frame = Frame::Away(Arc::clone(&away));
        away.done(frame::within(frame, || away.slot.called(&call, Sent::new)));
    });
    let started = started.map_err(|error| {
        Error::from_host(ErrorKind::Resource, format!("no thread for the call: {error}"))
    });
    Outcome::new(context.env, started)
}

/// `answer(instance, ticket, value)`: what a callback of a call on a worker gives.
pub(crate) fn answer(context: FunctionCallContext<'_>) -> napi::Result<()> {
    slot(&context)?.wait.answer(context.get(1)?, context.get(2)?);
    Ok(())
}

/// `interrupt(instance)`
pub(crate) fn interrupt(context: FunctionCallContext<'_>) -> napi::Result<()> {
    slot(&context)?.interrupt();
    Ok(())
}

/// `reset(instance, callbacks)`
pub(crate) fn reset(context: FunctionCallContext<'_>) -> napi::Result<Outcome> {
    let slot = slot(&context)?;
    let result = here(&context, 1, || slot.enter(Instance::reset))?;
    Outcome::new(context.env, result)
}

/// `close(instance)`
pub(crate) fn close(context: FunctionCallContext<'_>) -> napi::Result<()> {
    slot(&context)?.close();
    Ok(())
}
