//! What runs on a worker, seen from there: what it sends to JavaScript, and how it waits for its answers.

use crate::engine::Plugin;
use crate::failure::failure;
use crate::frame::{self, Frame};
use crate::handle::{Handle, Held};
use crate::value::{Given, Sent, Taken};
use crate::wait::{Wait, Waited};
use crate::workers;
use napi::bindgen_prelude::{FunctionCallContext, JsValuesTupleIntoVec, ToNapiValue};
use napi::threadsafe_function::{
    ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue,
};
use napi::{Env, JsValue, Status, sys};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use wasp_core::{Error, ErrorKind, Instance, Interrupter};

/// The function of `lib/away.js` that hears what workers send. It alone does not keep the process alive.
pub(crate) type Deliver =
    ThreadsafeFunction<Message, UnknownReturnValue, Message, Status, false, true>;

/// What a worker sends, about its task number `id`.
pub(crate) enum Message {
    /// The guest calls back: an answer is expected, with this ticket.
    Callback { id: u32, ticket: u32, index: u32, args: Vec<Sent> },
    /// The task is over.
    Done { id: u32, outcome: Result<Done, Error> },
}

/// What a task gives.
pub(crate) enum Done {
    Called(Sent),
    Registered(Plugin),
}

impl JsValuesTupleIntoVec for Message {
    fn into_vec(self, env: sys::napi_env) -> napi::Result<Vec<sys::napi_value>> {
        let list: Vec<sys::napi_value>;
        // SAFETY: Node-API calls this with the environment of the thread that it runs on.
        unsafe {
            match self {
                Message::Callback { id, ticket, index, args } => {
                    let args: Vec<Taken<'_>> = args.iter().map(|arg| Taken(arg.value())).collect();
                    list = vec![
                        ToNapiValue::to_napi_value(env, id)?,
                        ToNapiValue::to_napi_value(env, args)?,
                        ToNapiValue::to_napi_value(env, index)?,
                        ToNapiValue::to_napi_value(env, ticket)?,
                    ];
                }
                Message::Done { id, outcome } => {
                    let outcome = match outcome {
                        Ok(Done::Called(sent)) => ToNapiValue::to_napi_value(env, sent)?,
                        Ok(Done::Registered(plugin)) => {
                            ToNapiValue::to_napi_value(env, Handle(plugin))?
                        }
                        Err(error) => failure(&Env::from_raw(env), &error)?.raw(),
                    };
                    list = vec![ToNapiValue::to_napi_value(env, id)?, outcome];
                }
            }
        }
        Ok(list)
    }
}

/// One task that runs on a worker: a call, or a registration.
pub(crate) struct Away {
    id: u32,
    deliver: Arc<Deliver>,
    /// Stops the guest; nothing where a plugin is being registered.
    interrupter: Option<Interrupter>,
    wait: Wait,
    /// Why a callback got no answer, if one didn't.
    given_up: OnceLock<ErrorKind>,
    /// The instance of a call, before and after it.
    luggage: Mutex<Option<Instance>>,
    /// A worker has it.
    begun: AtomicBool,
    /// Nobody waits for it any more: one that has not begun needn't.
    gone: AtomicBool,
    /// The instance may run another call by now, which is not this task's to stop.
    over: AtomicBool,
}

/// What JavaScript holds of a task. When that ends, the task is stopped.
pub(crate) struct Tie(pub Arc<Away>);

impl Drop for Tie {
    fn drop(&mut self) {
        let away = &*self.0;
        away.gone.store(true, Ordering::SeqCst);
        // One that has not begun sees that. A guest may be just about to: then there is nothing to stop yet.
        for _ in 0..100 {
            away.stop();
            if away.over.load(Ordering::SeqCst)
                || !away.begun.load(Ordering::SeqCst)
                || away.interrupter.is_none()
            {
                break;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}

impl Away {
    pub(crate) fn new(id: u32, deliver: &Arc<Deliver>, interrupter: Option<Interrupter>) -> Self {
        Self {
            id,
            deliver: Arc::clone(deliver),
            interrupter,
            wait: Wait::default(),
            given_up: OnceLock::new(),
            luggage: Mutex::default(),
            begun: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// Has a worker run `task`, whose guest may call back, and delivers what comes of it. Gives what JavaScript holds.
    pub(crate) fn run(
        self: &Arc<Self>,
        task: impl FnOnce() -> Result<Done, Error> + Send + 'static,
    ) -> Result<Handle<Tie>, Error> {
        let away = Arc::clone(self);
        let tie = Handle(Tie(Arc::clone(self)));
        let started = workers::run(move || {
            away.begun.store(true, Ordering::SeqCst);
            if away.gone.load(Ordering::SeqCst) {
                return;
            }
            let outcome = frame::within(&Frame::Away(Arc::clone(&away)), task);
            let outcome = outcome.map_err(|error| away.explain(error));
            let message = Message::Done { id: away.id, outcome };
            away.over.store(true, Ordering::SeqCst);
            // Not delivered: JavaScript is gone, and nobody waits.
            away.deliver.call(message, ThreadsafeFunctionCallMode::NonBlocking);
        });
        started.map(|()| tie).map_err(|error| {
            Error::from_host(ErrorKind::Resource, format!("no thread to run on: {error}"))
        })
    }

    /// Has JavaScript answer. There is no answer if the task was stopped meanwhile, ran out of time, or JavaScript is
    /// gone: why is the error.
    pub(crate) fn ask(
        &self,
        index: u32,
        args: Vec<Sent>,
        remaining: Option<Duration>,
    ) -> Result<Given<'static>, &'static str> {
        let ticket = self.wait.open();
        let message = Message::Callback { id: self.id, ticket, index, args };
        let status = self.deliver.call(message, ThreadsafeFunctionCallMode::NonBlocking);
        if status != Status::Ok {
            return Err("JavaScript has ended");
        }
        // A worker that waits leaves its place to another.
        let (kind, why) = match workers::blocking(|| self.wait.take(remaining)) {
            Waited::Answer(answer) => return Ok(answer),
            Waited::Stopped => (ErrorKind::Cancelled, "the host interrupted the call"),
            Waited::TooLong => (ErrorKind::Timeout, "the call ran past its time limit"),
        };
        // The first end counts.
        let _ = self.given_up.set(kind);
        Err(why)
    }

    /// A callback that got no answer fails, so that the guest ends there; but what ended the call is something else.
    fn explain(&self, error: Error) -> Error {
        match self.given_up.get() {
            Some(kind) if error.kind() == ErrorKind::Callback => {
                Error::from_host(*kind, error.to_string())
            }
            _ => error,
        }
    }

    /// Leaves an instance here, or nothing, for what was left before.
    pub(crate) fn luggage(&self, instance: Option<Instance>) -> Option<Instance> {
        let mut luggage = self.luggage.lock().unwrap_or_else(PoisonError::into_inner);
        mem::replace(&mut *luggage, instance)
    }

    /// Ends the task. Only JavaScript's thread does that, so nothing new begins meanwhile.
    pub(crate) fn stop(&self) {
        if self.over.load(Ordering::SeqCst) {
            return;
        }
        if let Some(interrupter) = &self.interrupter {
            interrupter.interrupt();
        }
        self.wait.stop();
    }
}

/// `answer(task, ticket, value)`: what a callback of a task gives.
pub(crate) fn answer(context: FunctionCallContext<'_>) -> napi::Result<()> {
    let tie: Held<'_, Tie> = context.get(0)?;
    tie.0.wait.answer(context.get(1)?, context.get(2)?);
    Ok(())
}

/// `stop(task)`
pub(crate) fn stop(context: FunctionCallContext<'_>) -> napi::Result<()> {
    context.get::<Held<'_, Tie>>(0)?.0.stop();
    Ok(())
}
