//! Host functions: what a plugin may import.

use crate::entry::panic_error;
use crate::error::{Error, ErrorKind};
use crate::guest::Guest;
use crate::log::Level;
use crate::number;
use crate::transfer::block_size;
use crate::value::{Kind, Value};
use crate::wasi;
use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use wasmer::{FunctionType, Type};
use wasmer_types::RawValue;

type CallbackFn = dyn Fn(&mut Caller<'_>, &[Value<'_>]) -> Result<(), Box<dyn StdError + Send + Sync>>
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

/// The guest's side of a callback: where the host function puts its answer.
pub struct Caller<'a> {
    guest: &'a Guest,
    answer: Answer,
}

/// What a callback answered.
pub(crate) enum Answer {
    Number(Value<'static>),
    Text(String),
    Data(Vec<u8>),
}

impl Answer {
    fn kind(&self) -> Kind {
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
    #[inline]
    pub fn answer(&mut self, value: Value<'_>) {
        self.answer = match value {
            Value::String(text) => Answer::Text(text.to_owned()),
            Value::Bytes(bytes) => Answer::Data(bytes.to_vec()),
            Value::None => Answer::Number(Value::None),
            Value::I32(value) => Answer::Number(Value::I32(value)),
            Value::I64(value) => Answer::Number(Value::I64(value)),
            Value::F32(value) => Answer::Number(Value::F32(value)),
            Value::F64(value) => Answer::Number(Value::F64(value)),
        };
    }

    /// How long the call may still take, callbacks included; nothing where it has no limit.
    pub fn remaining(&self) -> Option<Duration> {
        self.guest.interrupt.remaining()
    }

    /// The name of the plugin that calls.
    pub fn plugin(&self) -> &str {
        &self.guest.plugin.name
    }
}

/// What an import leads to.
#[derive(Clone)]
pub(crate) enum Target {
    Callback(Arc<Callback>),
    Wasi(&'static wasi::Function),
    RaiseError,
    Abort,
}

impl Target {
    /// What the import `module`.`name` leads to, if anything does. A callback of the Config comes first.
    pub(crate) fn find(callbacks: &[Arc<Callback>], module: &str, name: &str) -> Option<Self> {
        if let Some(found) =
            callbacks.iter().find(|known| known.module == module && known.name == name)
        {
            return Some(Target::Callback(Arc::clone(found)));
        }
        match (module, name) {
            ("env", "raise_error") => Some(Target::RaiseError),
            ("env", "abort") => Some(Target::Abort),
            _ => wasi::function(module, name).map(Target::Wasi),
        }
    }

    /// The WebAssembly type that an import of it must have.
    pub(crate) fn ty(&self) -> FunctionType {
        match self {
            Target::Callback(callback) => {
                let params: Vec<Type> =
                    callback.params.iter().filter_map(|kind| number::wasm_type(*kind)).collect();
                FunctionType::new(params, number::wasm_type(callback.result).as_slice())
            }
            Target::Wasi(function) => FunctionType::new(function.params, function.results),
            Target::RaiseError => FunctionType::new([Type::I32], []),
            Target::Abort => FunctionType::new([Type::I32; 4], []),
        }
    }

    /// Runs it for `guest`: the slots hold its arguments, and its result afterwards, unless the guest keeps that to be
    /// [placed](Self::place).
    pub(crate) fn run(&self, guest: &Guest, slots: &mut [RawValue]) -> Result<(), Error> {
        match self {
            Target::Callback(callback) => return callback.run(guest, slots),
            Target::Wasi(function) => {
                // `path_open` has the most.
                let mut args = [0; 9];
                for ((arg, slot), ty) in args.iter_mut().zip(&*slots).zip(function.params) {
                    *arg = number::raw(slot, *ty);
                }
                let result = guest.call_wasi(function, &args[..function.params.len()])?;
                if let [ty] = function.results {
                    slots[0] = number::from_raw(result, *ty);
                }
            }
            Target::RaiseError => guest.raise_error(number::pointer(&slots[0]))?,
            Target::Abort => {
                let [message, file, line, column] =
                    [0, 1, 2, 3].map(|at| number::pointer(&slots[at]));
                return Err(guest.abort(message, file, line, column));
            }
        }
        Ok(())
    }

    /// Puts the answer that the guest keeps into a block of `size` bytes. This may be the guest's stack.
    pub(crate) fn place(
        &self,
        guest: &Guest,
        size: u32,
        slots: &mut [RawValue],
    ) -> Result<(), Error> {
        let Target::Callback(callback) = self else { return Ok(()) };
        let placed = guest.allocate(size, callback.result).and_then(|pointer| {
            slots[0].u32 = pointer;
            let answer = guest.take_answer();
            answer.map_or(Ok(()), |answer| guest.put(&answer.value(), pointer, size))
        });
        placed.map_err(|error| callback.refuse(error))
    }

    /// The error for a panic that came out of it.
    pub(crate) fn panicked(&self, payload: &(dyn Any + Send)) -> Error {
        let kind = match self {
            Target::Callback(_) => ErrorKind::Callback,
            _ => ErrorKind::Internal,
        };
        panic_error(kind, &self.to_string(), payload)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Callback(callback) => callback.fmt(f),
            Target::Wasi(function) => write!(f, "WASI function {:?}", function.name),
            Target::RaiseError => f.write_str("host function \"env\".\"raise_error\""),
            Target::Abort => f.write_str("host function \"env\".\"abort\""),
        }
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "callback {:?}.{:?}", self.module, self.name)
    }
}

impl Callback {
    fn run(&self, guest: &Guest, slots: &mut [RawValue]) -> Result<(), Error> {
        // Most callbacks have few parameters: no allocation for those.
        let mut few = [Value::None; 8];
        let mut many = Vec::new();
        let args = if self.params.len() <= few.len() {
            &mut few[..self.params.len()]
        } else {
            many.resize(self.params.len(), Value::None);
            &mut many[..]
        };
        for ((arg, slot), kind) in args.iter_mut().zip(&*slots).zip(&*self.params) {
            match kind {
                Kind::String | Kind::Bytes => {
                    *arg = guest.receive(slot, *kind).map_err(|error| error.in_context(self))?;
                }
                number => number::read(slot, *number, arg),
            }
        }
        // Fields are made before anybody looks whether they are wanted.
        let log = Some(&guest.plugin.log).filter(|log| log.wants(Level::Debug));
        if let Some(log) = log {
            log.write(
                Level::Debug,
                "Callback called",
                &[
                    ("namespace", &self.module),
                    ("name", &self.name),
                    ("args", &number::Listed(args)),
                ],
            );
        }

        let mut caller = Caller { guest, answer: Answer::Number(Value::None) };
        (self.function)(&mut caller, args).map_err(|source| {
            let text = source.to_string();
            Error::new(ErrorKind::Callback, format!("{self}: {text}")).with_source(source)
        })?;

        let answered = caller.answer.kind();
        if let Some(log) = log {
            log.write(
                Level::Debug,
                "Called callback function",
                &[
                    ("namespace", &self.module),
                    ("name", &self.name),
                    ("out", &number::Listed(&[caller.answer.value()])),
                ],
            );
        }
        if answered == Kind::None && self.result != Kind::None {
            let message = format!("{self} gave no answer, although its result is {}", self.result);
            return Err(Error::new(ErrorKind::Callback, message));
        }
        let Some(ty) = number::wasm_type(self.result) else {
            if answered == Kind::None {
                return Ok(());
            }
            let message = format!("{self} answered with {answered}, although it has no result");
            return Err(Error::new(ErrorKind::Callback, message));
        };
        let given = match &caller.answer {
            Answer::Number(number) => guest.give(number, self.result, ty, &mut slots[0]),
            // The guest's allocator is nearer from its own stack, but the host's logger must not run there.
            block if self.result.is_block() && log.is_none() => {
                let size = block_size(&block.value(), self.result);
                size.and_then(|size| guest.keep_answer(caller.answer, size))
            }
            other => guest.give(&other.value(), self.result, ty, &mut slots[0]),
        };
        given.map_err(|error| self.refuse(error))
    }

    /// The error for an answer that the guest can't have.
    fn refuse(&self, error: Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::Signature | ErrorKind::Invalid => ErrorKind::Callback,
            other => other,
        };
        error.in_nested_context(format_args!("{self} answers")).with_kind(kind)
    }
}
