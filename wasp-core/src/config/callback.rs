//! Host functions of a Config: what they are given and how they answer.

use crate::base::value::{Kind, Value};
use crate::sys::interrupt::Interrupt;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub(crate) type CallbackFn = dyn Fn(&mut Caller<'_>, &[Value<'_>]) -> Result<(), Box<dyn StdError + Send + Sync>>
    + Send
    + Sync;

/// A host function of the plugin's Config.
pub(crate) struct Callback {
    pub module: String,
    pub name: String,
    pub params: Box<[Kind]>,
    pub result: Kind,
    pub function: Box<CallbackFn>,
}

/// A callback's view of the call that it is part of, through which it sets its result.
pub struct Caller<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) answer: Answer,
    /// Room for an answer that is a string, of an earlier one.
    pub(crate) room: String,
}

/// What a callback answered.
pub(crate) enum Answer {
    Number(Value<'static>),
    Text(String),
    Data(Vec<u8>),
}

impl Answer {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Answer::Number(value) => value.kind(),
            Answer::Text(_) => Kind::String,
            Answer::Data(_) => Kind::Bytes,
        }
    }

    /// It as a value.
    #[inline]
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Answer::Number(value) => *value,
            Answer::Text(text) => Value::String(text),
            Answer::Data(bytes) => Value::Bytes(bytes),
        }
    }
}

impl Caller<'_> {
    /// Sets the callback's result, which is copied at once; the last answer counts.
    // Inlined, so that a host function that knows the kind of its result stores nothing but the number.
    #[inline(always)]
    pub fn set_result(&mut self, value: Value<'_>) {
        match value {
            Value::String(text) => self.set_text(text),
            Value::Bytes(bytes) => self.set_answer(Answer::Data(bytes.to_vec())),
            Value::None => self.set_number(Value::None),
            Value::I32(value) => self.set_number(Value::I32(value)),
            Value::I64(value) => self.set_number(Value::I64(value)),
            Value::F32(value) => self.set_number(Value::F32(value)),
            Value::F64(value) => self.set_number(Value::F64(value)),
        }
    }

    #[inline(always)]
    fn set_number(&mut self, number: Value<'static>) {
        match &mut self.answer {
            // There is nothing to be dropped.
            Answer::Number(place) => *place = number,
            _ => self.set_answer(Answer::Number(number)),
        }
    }

    fn set_text(&mut self, text: &str) {
        let mut room = std::mem::take(&mut self.room);
        room.clear();
        room.push_str(text);
        self.answer = Answer::Text(room);
    }

    fn set_answer(&mut self, answer: Answer) {
        self.answer = answer;
    }

    /// Returns how long the call may still take, callbacks included; none where it has no limit.
    pub fn remaining(&self) -> Option<Duration> {
        self.interrupt.remaining()
    }

    /// Returns the name of the plugin that calls.
    pub fn plugin(&self) -> &str {
        self.plugin
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "callback {:?}.{:?}", self.module, self.name)
    }
}
