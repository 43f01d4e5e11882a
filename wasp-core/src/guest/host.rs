//! Runs what an import leads to: a callback of the Config, a WASI function, or a function of the ABI.

use crate::base::error::{Error, ErrorKind};
use crate::base::log::{Level, Log};
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::config::callback::{Answer, Callback, Caller};
use crate::guest::state::Guest;
use crate::guest::transfer::block_size;
use crate::plugin::import::ImportTarget;
use std::fmt;
use wasmer_types::RawValue;

impl ImportTarget {
    /// Runs it for `guest`: the slots hold its arguments, and its result afterwards, unless the guest keeps that to be
    /// [placed](Self::place_answer).
    pub(crate) fn run(&self, guest: &Guest, slots: &mut [RawValue]) -> Result<(), Error> {
        match self {
            ImportTarget::Callback(callback) => return callback.run(guest, slots),
            ImportTarget::Wasi(function) => {
                // `path_open` has the most.
                let mut args = [0; 9];
                for ((arg, slot), ty) in args.iter_mut().zip(&*slots).zip(function.params) {
                    *arg = slots::raw(slot, *ty);
                }
                let result = guest.call_wasi(function, &args[..function.params.len()])?;
                if let [ty] = function.results {
                    slots[0] = slots::from_raw(result, *ty);
                }
            }
            ImportTarget::RaiseError => guest.raise_error(slots::pointer(&slots[0]))?,
            ImportTarget::Abort => {
                let [message, file, line, column] =
                    [0, 1, 2, 3].map(|index| slots::pointer(&slots[index]));
                return Err(guest.abort(message, file, line, column));
            }
        }
        Ok(())
    }

    /// Puts the answer that the guest keeps into a block of `size` bytes. This may be the guest's stack.
    pub(crate) fn place_answer(
        &self,
        guest: &Guest,
        size: u32,
        slots: &mut [RawValue],
    ) -> Result<(), Error> {
        let ImportTarget::Callback(callback) = self else { return Ok(()) };
        let placed = guest.allocate(size, callback.result).and_then(|pointer| {
            slots[0].u32 = pointer;
            let answer = guest.take_answer();
            answer.map_or(Ok(()), |answer| guest.write_block(&answer.value(), pointer, size))
        });
        placed.map_err(|error| callback.refuse(error))
    }
}

impl Callback {
    /// Lifts the arguments out of `slots`, runs the host function, and lowers what it answered.
    fn run(&self, guest: &Guest, slots: &mut [RawValue]) -> Result<(), Error> {
        // No allocation for few parameters. A SmallVec costs 5 ns more here.
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
                    *arg = guest.lift(slot, *kind).map_err(|error| error.in_context(self))?;
                }
                number => slots::read(slot, *number, arg),
            }
        }
        // Fields are made before anybody looks whether they are wanted.
        let log = Some(&guest.plugin.log).filter(|log| log.enabled(Level::Debug));
        if let Some(log) = log {
            self.log_values(log, "Callback called", "args", args);
        }

        let mut caller = Caller {
            plugin: &guest.plugin.name,
            interrupt: &guest.interrupt,
            answer: Answer::Number(Value::None),
        };
        (self.function)(&mut caller, args).map_err(|source| {
            let text = source.to_string();
            Error::new(ErrorKind::Callback, format!("{self}: {text}")).with_source(source)
        })?;
        if let Some(log) = log {
            self.log_values(log, "Called callback function", "out", &[caller.answer.value()]);
        }
        self.lower_answer(guest, &mut caller.answer, slots, log.is_some())
    }

    #[cold]
    fn log_values(&self, log: &Log, message: &str, field: &str, values: &[Value<'_>]) {
        let values = slots::DisplayValues(values);
        let fields: [(&str, &dyn fmt::Display); 3] =
            [("namespace", &self.module), ("name", &self.name), (field, &values)];
        log.write(Level::Debug, message, &fields);
    }

    /// Puts a number into the first slot. A string or bytes is kept until the guest has a block for it, or placed at once
    /// where calls are `logged`: the guest's allocator is nearer from its own stack, but the host's logger must not run there.
    #[inline]
    fn lower_answer(
        &self,
        guest: &Guest,
        answer: &mut Answer,
        slots: &mut [RawValue],
        logged: bool,
    ) -> Result<(), Error> {
        let answered = answer.kind();
        if answered == Kind::None && self.result != Kind::None {
            let message = format!("{self} gave no answer, although its result is {}", self.result);
            return Err(Error::new(ErrorKind::Callback, message));
        }
        let Some(ty) = slots::wasm_type(self.result) else {
            if answered == Kind::None {
                return Ok(());
            }
            let message = format!("{self} answered with {answered}, although it has no result");
            return Err(Error::new(ErrorKind::Callback, message));
        };
        let lowered = match answer {
            Answer::Number(number) => guest.lower(number, self.result, ty, &mut slots[0]),
            block if self.result.is_block() && !logged => {
                let size = block_size(&block.value(), self.result);
                size.and_then(|size| {
                    guest.keep_answer(std::mem::replace(block, Answer::Number(Value::None)), size)
                })
            }
            other => guest.lower(&other.value(), self.result, ty, &mut slots[0]),
        };
        lowered.map_err(|error| self.refuse(error))
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
