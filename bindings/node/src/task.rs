//! Tasks that run on a worker, seen from there: how they wait for JavaScript's answers, and how they are stopped.

use crate::message::{Deliver, Done, Message};
use crate::to_js::OwnedValue;
use crate::value::JsArg;
use crate::wait::{Wait, Waited};
use crate::workers;
use napi::Status;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use parking_lot::Mutex;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wasp_core::{CallerSlot, Error, ErrorKind, Instance, Interrupter};

/// One task that runs on a worker: a call, or a registration.
pub(crate) struct AsyncTask {
    id: u32,
    deliver: Arc<Deliver>,
    /// Stops the guest; nothing where a plugin is being registered.
    interrupter: Option<Interrupter>,
    wait: Wait,
    /// The instance that waits for JavaScript's answer.
    pub caller: CallerSlot,
    /// Why a callback got no answer, if one didn't.
    given_up: OnceLock<ErrorKind>,
    /// The instance of a call, before and after it.
    parked_instance: Mutex<Option<Instance>>,
    /// Whether a worker has it, or none ever will.
    stage: AtomicU8,
    /// The instance may run another call by now, which is not this task's to stop.
    over: AtomicBool,
}

/// What is said of a task that JavaScript stopped.
const STOPPED: &str = "the host interrupted the call";

// The stages of a task.
const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// What JavaScript holds of a task. When that ends, the task is stopped.
pub(crate) struct TaskHandle(pub Arc<AsyncTask>);

impl Drop for TaskHandle {
    fn drop(&mut self) {
        let task = &*self.0;
        if task.leave(GIVEN_UP) {
            return;
        }
        // A guest may be just about to begin: then there is nothing to stop yet.
        for _ in 0..100 {
            task.stop();
            if task.over.load(Ordering::SeqCst) || task.interrupter.is_none() {
                break;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}

impl AsyncTask {
    pub(crate) fn new(id: u32, deliver: &Arc<Deliver>, interrupter: Option<Interrupter>) -> Self {
        Self {
            id,
            deliver: Arc::clone(deliver),
            interrupter,
            wait: Wait::default(),
            caller: CallerSlot::default(),
            given_up: OnceLock::new(),
            parked_instance: Mutex::default(),
            stage: AtomicU8::new(WAITING),
            over: AtomicBool::new(false),
        }
    }

    /// Records that a worker has it. False if it was stopped before, and must not run.
    pub(crate) fn begin(&self) -> bool {
        self.leave(BEGUN)
    }

    /// Has it wait no longer, if it does.
    fn leave(&self, stage: u8) -> bool {
        self.stage.compare_exchange(WAITING, stage, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Delivers what came of it.
    pub(crate) fn finish(&self, outcome: Result<Done, Error>) {
        let outcome = outcome.map_err(|error| self.explain(error));
        self.over.store(true, Ordering::SeqCst);
        // Not delivered where JavaScript has ended.
        let message = Message::Done { id: self.id, outcome };
        self.deliver.call(message, ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// Passes on what a callback answered.
    pub(crate) fn answer(&self, ticket: u32, answer: JsArg<'static>) {
        self.wait.answer(ticket, answer);
    }

    /// Has JavaScript answer. There is no answer if the task was stopped meanwhile, ran out of time, or JavaScript is
    /// gone: why is the error.
    pub(crate) fn ask(
        &self,
        index: u32,
        args: Vec<OwnedValue>,
        remaining: Option<Duration>,
    ) -> Result<JsArg<'static>, &'static str> {
        let ticket = self.wait.open();
        let message = Message::Callback { id: self.id, ticket, index, args };
        let status = self.deliver.call(message, ThreadsafeFunctionCallMode::NonBlocking);
        if status != Status::Ok {
            return Err("JavaScript has ended");
        }
        // A worker that waits leaves its place to another.
        let (kind, why) = match workers::blocking(|| self.wait.take(remaining)) {
            Waited::Answer(answer) => return Ok(answer),
            Waited::Stopped => (ErrorKind::Cancelled, STOPPED),
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

    /// Parks an instance here, or none, and returns what was parked before.
    pub(crate) fn swap_parked(&self, instance: Option<Instance>) -> Option<Instance> {
        mem::replace(&mut *self.parked_instance.lock(), instance)
    }

    /// Ends the task. Only JavaScript's thread does that, so nothing new begins meanwhile.
    pub(crate) fn stop(&self) {
        if self.over.load(Ordering::SeqCst) {
            return;
        }
        // All workers may be busy for long.
        if self.leave(GIVEN_UP) {
            return self.finish(Err(Error::from_host(ErrorKind::Cancelled, STOPPED)));
        }
        if let Some(interrupter) = &self.interrupter {
            interrupter.interrupt();
        }
        self.wait.stop();
    }
}
