//! Calls that run on a worker, seen from there: what they send to JavaScript, and how they wait for its answers.

use crate::failure::failure;
use crate::instance::Slot;
use crate::value::{Given, Sent, Taken};
use crate::workers;
use napi::bindgen_prelude::{JsValuesTupleIntoVec, Object, ToNapiValue};
use napi::threadsafe_function::{
    ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue,
};
use napi::{Env, JsValue, Status, sys};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wasp_core::Error;

/// The function of `index.js` that hears what workers send. It alone does not keep the process alive.
pub(crate) type Deliver =
    ThreadsafeFunction<Message, UnknownReturnValue, Message, Status, false, true>;

/// What a worker sends, about its call number `id`.
pub(crate) enum Message {
    /// The guest calls back: an answer is expected, with this ticket.
    Callback { id: u32, ticket: u32, index: u32, args: Vec<Sent> },
    /// The call is over.
    Done { id: u32, outcome: Result<Sent, Error> },
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
                    let outcome = match &outcome {
                        Ok(sent) => ToNapiValue::to_napi_value(env, Taken(sent.value()))?,
                        Err(error) => {
                            let env = Env::from_raw(env);
                            let object: Object<'_> = failure(&env, error)?;
                            object.raw()
                        }
                    };
                    list = vec![ToNapiValue::to_napi_value(env, id)?, outcome];
                }
            }
        }
        Ok(list)
    }
}

/// One call that runs on a worker.
pub(crate) struct Away {
    pub id: u32,
    pub slot: Arc<Slot>,
}

impl Away {
    /// Has JavaScript answer; nothing if the call was stopped meanwhile, ran out of time, or JavaScript is gone.
    pub(crate) fn ask(
        &self,
        index: u32,
        args: Vec<Sent>,
        remaining: Option<Duration>,
    ) -> Option<Given> {
        let ticket = self.slot.wait.open();
        let message = Message::Callback { id: self.id, ticket, index, args };
        let status = self.slot.deliver.call(message, ThreadsafeFunctionCallMode::NonBlocking);
        if status != Status::Ok {
            return None;
        }
        // A worker that waits leaves its place to another.
        workers::blocking(|| self.slot.wait.take(remaining))
    }

    pub(crate) fn done(&self, outcome: Result<Sent, Error>) {
        let message = Message::Done { id: self.id, outcome };
        // Not delivered: JavaScript is gone, and nobody waits.
        self.slot.deliver.call(message, ThreadsafeFunctionCallMode::NonBlocking);
    }
}

/// How a worker waits for the answer to a callback: one at a time.
#[derive(Default)]
pub(crate) struct Wait {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Tells a late answer from the one that is waited for.
    ticket: u32,
    step: Step,
}

#[derive(Default)]
enum Step {
    #[default]
    Idle,
    Waiting,
    Answered(Given),
    Stopped,
}

impl Wait {
    fn open(&self) -> u32 {
        let mut state = self.lock();
        state.ticket = state.ticket.wrapping_add(1);
        state.step = Step::Waiting;
        state.ticket
    }

    pub(crate) fn answer(&self, ticket: u32, answer: Given) {
        let mut state = self.lock();
        if state.ticket == ticket && matches!(state.step, Step::Waiting) {
            state.step = Step::Answered(answer);
            self.changed.notify_all();
        }
    }

    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        if matches!(state.step, Step::Waiting) {
            state.step = Step::Stopped;
            self.changed.notify_all();
        }
    }

    fn take(&self, limit: Option<Duration>) -> Option<Given> {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut state = self.lock();
        loop {
            match std::mem::take(&mut state.step) {
                Step::Answered(answer) => return Some(answer),
                Step::Stopped | Step::Idle => return None,
                Step::Waiting => state.step = Step::Waiting,
            }
            state = match deadline {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        state.step = Step::Idle;
                        return None;
                    }
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
