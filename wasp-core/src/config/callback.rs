//! Host functions of a Config: what they are given and how they answer.

use crate::base::error::Result;
use crate::base::value::{Kind, Value};
use crate::config::guest_memory::{GuestMemory, check_range, lent};
use crate::sys::interrupt::{Interrupt, Interrupter};
use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
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
    pub(crate) interrupt: &'a Arc<Interrupt>,
    pub(crate) answer: Answer,
    /// Room for an answer that is a string, of an earlier one.
    pub(crate) room: String,
    pub(crate) memory: &'a dyn GuestMemory,
    /// Where the strings and bytes that the callback was given are, and what is between them.
    pub(crate) lent: Range<usize>,
}

/// What a callback answered.
pub(crate) enum Answer {
    Number(Value<'static>),
    Text(String),
    Data(Vec<u8>),
    Json(String),
}

impl Answer {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Answer::Number(value) => value.kind(),
            Answer::Text(_) => Kind::String,
            Answer::Data(_) => Kind::Bytes,
            Answer::Json(_) => Kind::Json,
        }
    }

    /// It as a value.
    #[inline]
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Answer::Number(value) => *value,
            Answer::Text(text) => Value::String(text),
            Answer::Data(bytes) => Value::Bytes(bytes),
            Answer::Json(text) => Value::Json(text),
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
            Value::Json(text) => self.set_answer(Answer::Json(text.to_owned())),
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

    /// Stops the clock of the call's time limit, while the host does what isn't the guest's to answer for, until
    /// [`resume_clock`](Self::resume_clock). A stopped clock does nothing once more, nor does a call without a limit.
    pub fn pause_clock(&mut self) {
        self.interrupt.pause();
    }

    /// Has the clock of the call's time limit go on.
    ///
    /// # Errors
    /// [`ErrorKind::Resource`](crate::ErrorKind::Resource) if nothing would stop the call at its limit.
    pub fn resume_clock(&mut self) -> Result<()> {
        self.interrupt.resume()
    }

    /// Returns the size of the calling instance's memory in bytes; 0 where the plugin exports none.
    pub fn memory_size(&self) -> usize {
        self.memory.len().unwrap_or_default()
    }

    /// Returns a copy of `length` bytes of the calling instance's memory, from `address` on.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if they are not in the memory.
    pub fn read(&self, address: u32, length: usize) -> Result<Vec<u8>> {
        check_range(self.memory.len(), address, length)?;
        let mut bytes = vec![0; length];
        self.read_into(address, &mut bytes).map(|()| bytes)
    }

    /// Copies bytes of the calling instance's memory, from `address` on, until `into` is full.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_into(&self, address: u32, into: &mut [u8]) -> Result<()> {
        let start = check_range(self.memory.len(), address, into.len())?;
        self.memory.copy_out(start, into);
        Ok(())
    }

    /// Copies `data` into the calling instance's memory, to `address`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if that is not in the memory, or where a string or bytes that the callback
    /// was given are, which it borrows from there.
    pub fn write(&mut self, address: u32, data: &[u8]) -> Result<()> {
        let start = check_range(self.memory.len(), address, data.len())?;
        if self.memory.copy_in(start, data, &self.lent) {
            Ok(())
        } else {
            Err(lent(address, data.len()))
        }
    }

    /// Returns whether `interrupter` is of the calling instance. For bindings.
    pub fn is_of(&self, interrupter: &Interrupter) -> bool {
        interrupter.stops(self.interrupt)
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
