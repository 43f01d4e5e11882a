//! Runs what an import leads to: a callback of the Config, a WASI function, or a function of the ABI.

use crate::base::error::{Error, ErrorKind, panic_error};
use crate::base::json;
use crate::base::log::{Level, Log};
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::config::callback::{Answer, Callback, Caller};
use crate::guest::caller_memory::CallerMemory;
use crate::guest::door;
use crate::guest::guest_state::Guest;
use crate::guest::import_thunk::HostFunction;
use crate::guest::script_callback;
use crate::guest::transfer::block_size;
use crate::plugin::import::ImportTarget;
use crate::vm::turn::HostTurn;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wasmer_types::RawValue;

/// What isn't a plain callback: WASI, the functions of the ABI, and those of Extism.
impl HostFunction for ImportTarget {
    fn panic_kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    fn run(
        &self,
        guest: &Guest,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
        block: &mut u32,
    ) -> Result<(), Error> {
        match self {
            ImportTarget::Callback(callback) => return callback.run(guest, slots, turn, block),
            ImportTarget::Wasi(function) => {
                // `path_open` has the most.
                let mut args = [0; 9];
                for ((arg, slot), ty) in args.iter_mut().zip(&*slots).zip(function.params) {
                    *arg = slots::raw(slot, *ty);
                }
                let result = guest.call_wasi(function, &args[..function.params.len()], turn)?;
                if let [ty] = function.results {
                    slots[0] = slots::from_raw(result, *ty);
                }
            }
            ImportTarget::Extism(function) => guest.call_extism(*function, slots, turn)?,
            ImportTarget::ExtismHttp(callback) => guest.request_http(callback, slots, turn)?,
            ImportTarget::ExtismCallback(callback) => {
                guest.call_with_blocks(callback, slots, turn)?;
            }
            ImportTarget::NotifyGrowth => {}
            ImportTarget::Missing(missing) => return Err(missing.called()),
            ImportTarget::ScriptCallback(callbacks) => {
                return script_callback::run(callbacks, guest, slots, turn, block);
            }
            ImportTarget::Door(callback) => return door::run(callback, guest, slots, turn, block),
            ImportTarget::RaiseError => guest.raise_error(slots::pointer(&slots[0]), turn)?,
            ImportTarget::Abort => {
                return Err(guest.abort([0, 1, 2, 3].map(|at| slots::pointer(&slots[at])), turn));
            }
        }
        Ok(())
    }

    fn place_answer(
        &self,
        guest: &Guest,
        size: u32,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<(), Error> {
        match self {
            ImportTarget::Callback(callback) => callback.place_answer(guest, size, slots, turn),
            ImportTarget::ScriptCallback(_) => {
                script_callback::place_answer(guest, size, slots, turn)
            }
            ImportTarget::Door(_) => door::place_answer(guest, size, slots, turn),
            _ => Ok(()),
        }
    }
}

impl HostFunction for Arc<Callback> {
    fn panic_kind(&self) -> ErrorKind {
        ErrorKind::Callback
    }

    /// Lifts the arguments out of `slots`, runs the host function, and lowers what it answered.
    #[inline(always)]
    fn run(
        &self,
        guest: &Guest,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
        block: &mut u32,
    ) -> Result<(), Error> {
        let callback = &**self;
        // SAFETY: the guest waits while the callback runs, and nobody but that uses this.
        let memory = unsafe { CallerMemory::new(guest) };
        let mut caller = callback.caller(guest, &memory);
        // No allocation for few parameters, and no room for many is made where there are two.
        let count = callback.params.len();
        if count <= 2 {
            let args = &mut [Value::None; 2][..count];
            callback.call(args, guest, slots, turn, &mut caller)?;
        } else {
            callback.call_with_more(guest, slots, turn, &mut caller)?;
        }
        match &mut caller.answer {
            // Where it is: moving it costs more than all the rest.
            Answer::Number(number) if !callback.result.is_block() => {
                callback.lower_answer(guest, number, slots, turn)
            }
            answer => callback.give_block(guest, answer, slots, turn, block),
        }
    }

    fn place_answer(
        &self,
        guest: &Guest,
        size: u32,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<(), Error> {
        let placed = guest.allocate(size, self.result, turn).and_then(|pointer| {
            slots[0].u32 = pointer;
            let Some(answer) = guest.take_answer() else { return Ok(()) };
            guest.write_block(&answer.value(), pointer, size, turn)?;
            guest.keep_room(answer);
            Ok(())
        });
        placed.map_err(|error| self.refuse(error))
    }
}

/// Widens `lent`, addresses of this process, by those of a string or bytes.
#[inline]
fn note_lent(arg: &Value<'_>, lent: &mut Range<usize>) {
    let bytes = match arg {
        Value::String(text) | Value::Json(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => return,
    };
    let Range { start, end } = bytes.as_ptr_range();
    let (start, end) = (start as usize, end as usize);
    *lent = match *lent {
        Range { start: 0, .. } => start..end,
        Range { start: first, end: last } => first.min(start)..last.max(end),
    };
}

impl Callback {
    /// Makes the view that the host function has of its call, with nothing lent to it.
    #[inline(always)]
    fn caller<'a>(&self, guest: &'a Guest, memory: &'a CallerMemory<'_>) -> Caller<'a> {
        Caller {
            plugin: &guest.plugin.name,
            interrupt: &guest.interrupt,
            memory,
            lent: 0..0,
            answer: Answer::Number(Value::None),
            room: if self.result == Kind::String { guest.take_room() } else { String::new() },
        }
    }

    /// Runs the host function for a script or a plugin of Extism, with arguments that fit and that are borrowed from `lent` of guest memory.
    pub(super) fn answer(
        &self,
        args: &[Value<'_>],
        guest: &Guest,
        lent: Range<*const u8>,
    ) -> Result<Answer, Error> {
        // SAFETY: the guest waits while the callback runs, and nobody but that uses this.
        let memory = unsafe { CallerMemory::new(guest) };
        let mut caller = self.caller(guest, &memory);
        caller.lent = lent.start as usize..lent.end as usize;
        let log = &guest.plugin.log;
        let run = || {
            if log.enabled(Level::Debug) {
                return self.call_logged(log, args, &mut caller);
            }
            (self.function)(&mut caller, args).map_err(|source| self.failed(source))
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
            Err(panic_error(ErrorKind::Callback, &self.to_string(), &*payload))
        })?;
        self.check_answered(caller.answer.kind())?;
        Ok(caller.answer)
    }

    /// The error for an answer that a script can't have.
    pub(super) fn refuse_answer(&self, message: String) -> Error {
        self.refuse(Error::new(ErrorKind::Callback, message))
    }

    /// The same as [`call`](Self::call), with room for three arguments and more.
    #[inline(never)]
    fn call_with_more(
        &self,
        guest: &Guest,
        slots: &[RawValue],
        turn: &HostTurn,
        caller: &mut Caller<'_>,
    ) -> Result<(), Error> {
        let mut few = [Value::None; 8];
        match few.get_mut(..self.params.len()) {
            Some(args) => self.call(args, guest, slots, turn, caller),
            None => {
                let mut many = vec![Value::None; self.params.len()];
                self.call(&mut many, guest, slots, turn, caller)
            }
        }
    }

    /// Lifts the arguments into `args` and runs the host function.
    #[inline(always)]
    fn call<'a>(
        &self,
        args: &mut [Value<'a>],
        guest: &Guest,
        slots: &[RawValue],
        turn: &'a HostTurn,
        caller: &mut Caller<'_>,
    ) -> Result<(), Error> {
        for ((arg, slot), kind) in args.iter_mut().zip(slots).zip(&*self.params) {
            // A branch that is foreseen; a table of all kinds is a jump that often isn't.
            if *kind == Kind::I32 {
                slots::read(slot, Kind::I32, arg);
            } else {
                self.lift(slot, *kind, guest, turn, arg)?;
                note_lent(arg, &mut caller.lent);
            }
        }
        if guest.plugin.log.enabled(Level::Debug) {
            return self.call_logged(&guest.plugin.log, args, caller);
        }
        (self.function)(caller, args).map_err(|source| self.failed(source))
    }

    #[cold]
    fn call_logged(
        &self,
        log: &Log,
        args: &[Value<'_>],
        caller: &mut Caller<'_>,
    ) -> Result<(), Error> {
        self.log_values(log, "Callback called", "args", args);
        (self.function)(caller, args).map_err(|source| self.failed(source))?;
        self.log_values(log, "Called callback function", "out", &[caller.answer.value()]);
        Ok(())
    }

    #[inline(never)]
    fn lift<'a>(
        &self,
        slot: &RawValue,
        kind: Kind,
        guest: &Guest,
        turn: &'a HostTurn,
        arg: &mut Value<'a>,
    ) -> Result<(), Error> {
        if kind.is_block() {
            *arg = guest.lift(slot, kind, turn).map_err(|error| error.in_context(self))?;
        } else {
            slots::read(slot, kind, arg);
        }
        Ok(())
    }

    #[cold]
    fn failed(&self, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
        let text = source.to_string();
        Error::new(ErrorKind::Callback, format!("{self}: {text}")).with_source(source)
    }

    fn log_values(&self, log: &Log, message: &str, field: &str, values: &[Value<'_>]) {
        let values = slots::DisplayValues(values);
        let fields: [(&str, &dyn fmt::Display); 3] =
            [("namespace", &self.module), ("name", &self.name), (field, &values)];
        log.write(Level::Debug, message, &fields);
    }

    /// Gives an answer where a string or bytes are wanted.
    #[inline(never)]
    fn give_block(
        &self,
        guest: &Guest,
        answer: &mut Answer,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
        block: &mut u32,
    ) -> Result<(), Error> {
        // A logged answer is placed at once: the guest's allocator is nearer from its own stack, but the host's logger must not run
        // there.
        if self.result.is_block() && !guest.plugin.log.enabled(Level::Debug) {
            self.keep_answer(guest, answer, block)
        } else {
            self.encode_answer(answer);
            self.lower_answer(guest, &answer.value(), slots, turn)
        }
    }

    /// Has the guest keep a string or bytes until there is a block for it, of the size that is set in `block`.
    fn keep_answer(
        &self,
        guest: &Guest,
        answer: &mut Answer,
        block: &mut u32,
    ) -> Result<(), Error> {
        self.check_answered(answer.kind())?;
        self.encode_answer(answer);
        block_size(&answer.value(), self.result)
            .and_then(|size| {
                guest.keep_answer(std::mem::replace(answer, Answer::Number(Value::None)))?;
                *block = size;
                Ok(())
            })
            .map_err(|error| self.refuse(error))
    }

    /// Makes an answer JSON where that is the result.
    fn encode_answer(&self, answer: &mut Answer) {
        if self.result == Kind::Json
            && !matches!(answer.kind(), Kind::Json | Kind::None)
            && let Some(text) = json::encode(answer.value())
        {
            *answer = Answer::Json(text);
        }
    }

    /// Puts an answer into the first slot.
    #[inline(always)]
    fn lower_answer(
        &self,
        guest: &Guest,
        answer: &Value<'_>,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<(), Error> {
        self.check_answered(answer.kind())?;
        let Some(ty) = slots::wasm_type(self.result) else { return Ok(()) };
        guest
            .lower(answer, self.result, ty, &mut slots[0], turn)
            .map_err(|error| self.refuse(error))
    }

    /// Checks that there is an answer exactly if there is a result.
    #[inline]
    fn check_answered(&self, answered: Kind) -> Result<(), Error> {
        if (answered == Kind::None) == (self.result == Kind::None) {
            return Ok(());
        }
        Err(self.wrongly_answered(answered))
    }

    #[cold]
    fn wrongly_answered(&self, answered: Kind) -> Error {
        let message = match answered {
            Kind::None => format!("{self} gave no answer, although its result is {}", self.result),
            _ => format!("{self} answered with {answered}, although it has no result"),
        };
        Error::new(ErrorKind::Callback, message)
    }

    /// The error for an answer that the guest can't have.
    pub(super) fn refuse(&self, error: Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::Signature | ErrorKind::Invalid => ErrorKind::Callback,
            other => other,
        };
        error.in_nested_context(format_args!("{self} answers")).with_kind(kind)
    }
}
