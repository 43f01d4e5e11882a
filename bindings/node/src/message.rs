//! What a worker sends to JavaScript's thread.

use crate::failure::failure;
use crate::handle::Handle;
use crate::to_js::{OwnedValue, ToJs};
use napi::bindgen_prelude::{JsValuesTupleIntoVec, ToNapiValue};
use napi::threadsafe_function::{ThreadsafeFunction, UnknownReturnValue};
use napi::{Env, JsValue, Status, sys};
use std::sync::Arc;
use wasp_core::{Engine, Error};

/// One registered plugin: alone in an engine of the core's.
pub(crate) struct Plugin {
    pub engine: Engine,
    pub name: String,
    pub deliver: Arc<Deliver>,
}

/// The function of `lib/away.js` that hears what workers send. It alone does not keep the process alive.
pub(crate) type Deliver =
    ThreadsafeFunction<Message, UnknownReturnValue, Message, Status, false, true>;

/// What a worker sends, about its task number `id`.
pub(crate) enum Message {
    /// The guest calls back: an answer is expected, with this ticket.
    Callback { id: u32, ticket: u32, index: u32, args: Vec<OwnedValue> },
    /// The task is over.
    Done { id: u32, outcome: Result<Done, Error> },
}

/// What a task gives.
pub(crate) enum Done {
    Called(OwnedValue),
    Registered(Plugin),
}

impl JsValuesTupleIntoVec for Message {
    fn into_vec(self, env: sys::napi_env) -> napi::Result<Vec<sys::napi_value>> {
        let list: Vec<sys::napi_value>;
        // SAFETY: Node-API calls this with the environment of the thread that it runs on.
        unsafe {
            match self {
                Message::Callback { id, ticket, index, args } => {
                    let args: Vec<ToJs<'_>> = args.iter().map(|arg| ToJs(arg.value())).collect();
                    list = vec![
                        ToNapiValue::to_napi_value(env, id)?,
                        ToNapiValue::to_napi_value(env, args)?,
                        ToNapiValue::to_napi_value(env, index)?,
                        ToNapiValue::to_napi_value(env, ticket)?,
                    ];
                }
                Message::Done { id, outcome } => {
                    let outcome = match outcome {
                        Ok(Done::Called(owned_value)) => {
                            ToNapiValue::to_napi_value(env, owned_value)?
                        }
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
