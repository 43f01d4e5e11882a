//! Runs what an import leads to: a callback of the Config, a WASI function, or a function of the ABI.

use crate::base::error::{Error, ErrorKind};
use crate::base::log::Level;
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::config::callback::{Answer, Callback, Caller};
use crate::guest::state::Guest;
use crate::guest::transfer::block_size;
use crate::plugin::import::Target;
use wasmer_types::RawValue;

impl Target {
    /// Runs it for `guest`: the slots hold its arguments, and its result afterwards, unless the guest keeps that to be
    /// [placed](Self::place).
    pub(crate) fn run(&self, guest: &Guest, slots: &mut [RawValue]) -> Result<(), Error> {
        match self {
            Target::Callback(callback) => return callback.run(guest, slots),
            Target::Wasi(function) => {
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
            Target::RaiseError => guest.raise_error(slots::pointer(&slots[0]))?,
            Target::Abort => {
                let [message, file, line, column] =
                    [0, 1, 2, 3].map(|at| slots::pointer(&slots[at]));
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
                number => slots::read(slot, *number, arg),
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
                    ("args", &slots::Listed(args)),
                ],
            );
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

        let answered = caller.answer.kind();
        if let Some(log) = log {
            log.write(
                Level::Debug,
                "Called callback function",
                &[
                    ("namespace", &self.module),
                    ("name", &self.name),
                    ("out", &slots::Listed(&[caller.answer.value()])),
                ],
            );
        }
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
