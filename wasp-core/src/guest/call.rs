//! One call of a plugin's function, from its arguments to its result, in one switch to the guest's stack (section 3 of
//! the guest ABI).

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::log::Level;
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::guest::allocations::Block;
use crate::guest::guest_state::{Guest, abi};
use crate::guest::scope::CallScope;
use crate::plugin::script;
use crate::sys::interrupt::Reason;
use crate::vm::trampoline;
use crate::vm::turn::HostTurn;
use wasmer::Type;
use wasmer_types::RawValue;

/// What a call is of. The arguments fit the parameters, and the wanted kind fits the result.
pub(crate) struct Call<'a> {
    pub function: &'a trampoline::Function,
    pub args: &'a [Value<'a>],
    pub params: &'a [Type],
    /// The kind that its result is wanted as.
    pub result: Kind,
}

/// The last result that was a string or bytes, copied so that the guest's blocks can be freed; unless it is lent.
#[derive(Default)]
pub(crate) struct ResultBuffer {
    text: String,
    bytes: Vec<u8>,
}

/// Results of at least this many bytes are lent to the host where they are: copying them costs more than coming back to
/// free them.
const WORTH_LENDING: usize = 4096;

impl ResultBuffer {
    /// Forgets what is in it.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(WORTH_LENDING);
        self.bytes.clear();
        self.bytes.shrink_to(WORTH_LENDING);
    }

    /// What it has of `kind`; `guest` may have it still.
    pub(crate) fn read<'a>(
        &'a self,
        guest: &'a Guest,
        kind: Kind,
        turn: &'a HostTurn,
    ) -> Result<Value<'a>> {
        match (guest.allocations.lent(), kind) {
            (Some(block), _) => guest.lent(block, kind, turn),
            (None, Kind::String) => Ok(Value::String(&self.text)),
            (None, Kind::Json) => Ok(Value::Json(&self.text)),
            (None, _) => Ok(Value::Bytes(&self.bytes)),
        }
    }
}

impl Guest {
    /// Makes a call with the slots that it needs. Its result is in the first one, or buffer if it is a string or bytes.
    pub(crate) fn call(
        &self,
        call: &Call<'_>,
        slots: &mut [RawValue],
        buffer: &mut ResultBuffer,
        turn: &mut HostTurn,
    ) -> Result<()> {
        let scope = CallScope::begin(self)?;
        let outcome = self.run(call, slots, buffer, turn);
        let stopped = scope.end();
        if self.state.is_poisoned() || stopped.is_some() {
            return self.stopped(outcome, stopped);
        }
        outcome
    }

    /// All steps of the call, in one switch if they can be.
    fn run(
        &self,
        call: &Call<'_>,
        slots: &mut [RawValue],
        buffer: &mut ResultBuffer,
        turn: &mut HostTurn,
    ) -> Result<()> {
        // On the host's stack at once: freeing is guest code, which may end all that runs on its own.
        let mut outcome = Ok(());
        let mut steps = || {
            outcome = self.pass_and_enter(call, slots, buffer, turn);
            // On the guest's stack a trap doesn't come back here.
            if self.state.is_poisoned() || self.allocations.is_empty() {
                return;
            }
            let freed = self.free_allocations(turn);
            if outcome.is_ok() {
                outcome = freed;
            }
        };
        if self.plugin.log.enabled(Level::Debug) {
            // The host's logger must not run on the guest's stack.
            steps();
            return outcome;
        }
        // SAFETY: the steps own nothing while they are in guest code: arguments, slots and buffers are borrowed from
        // here, and errors are made when it has returned.
        unsafe { self.on_guest_stack(&mut steps) }?;
        outcome
    }

    fn pass_and_enter(
        &self,
        call: &Call<'_>,
        slots: &mut [RawValue],
        buffer: &mut ResultBuffer,
        turn: &mut HostTurn,
    ) -> Result<()> {
        if self.resume.take() {
            self.resume(turn)?;
        }
        // First: there are allocators that begin anew when nothing lives any more.
        if let Some(block) = self.allocations.take_lent() {
            self.deallocate(block, turn)?;
            // Nobody waits for what that raised.
            drop(self.state.take_raised());
        }
        for ((slot, arg), ty) in slots.iter_mut().zip(call.args).zip(call.params) {
            self.lower(arg, arg.kind(), *ty, slot, turn)?;
        }
        self.enter(call.function, slots, turn)?;
        let read = match call.result {
            kind if kind.is_block() => self.lift_result(&slots[0], kind, buffer, turn),
            _ => Ok(()),
        };
        // Looked at first: what the guest raised says more than the pointer that it returned afterwards.
        match self.state.take_raised() {
            Some(text) if self.plugin.script.is_some() => Err(script::exception(&text)),
            Some(text) => Err(Error::new(ErrorKind::Guest, text)),
            None => read,
        }
    }

    /// Makes a block last until the host has read it.
    fn lift_result(
        &self,
        slot: &RawValue,
        kind: Kind,
        buffer: &mut ResultBuffer,
        turn: &HostTurn,
    ) -> Result<()> {
        let pointer = slots::pointer(slot);
        let data = self.claim(pointer, kind, turn)?;
        // A log line would have to read it now.
        if data.len() >= WORTH_LENDING
            && !self.plugin.log.enabled(Level::Debug)
            && self.allocations.lend(Block::of(pointer, data, kind))
        {
            return Ok(());
        }
        match self.decode(pointer, data, kind)? {
            Value::String(text) | Value::Json(text) => {
                buffer.text.clear();
                buffer.text.shrink_to(WORTH_LENDING.max(text.len()));
                buffer.text.push_str(text);
            }
            Value::Bytes(bytes) => {
                buffer.bytes.clear();
                buffer.bytes.shrink_to(WORTH_LENDING.max(bytes.len()));
                buffer.bytes.extend_from_slice(bytes);
            }
            _ => return Err(abi("a block that is neither string nor bytes")),
        }
        Ok(())
    }

    /// Frees each distinct block of the call once (section 3.6).
    fn free_allocations(&self, turn: &mut HostTurn) -> Result<()> {
        let mut freed = Ok(());
        if self.has_deallocate() {
            for index in 0..self.allocations.begin_freeing() {
                freed = self.deallocate(self.allocations.get(index), turn);
                if freed.is_err() {
                    break;
                }
            }
        }
        self.allocations.clear();
        freed
    }

    /// The outcome of a call that was ended half-way, or that was to be stopped.
    #[cold]
    fn stopped(&self, outcome: Result<()>, stopped: Option<Reason>) -> Result<()> {
        self.forget_blocks();
        let limit = self.timeout.get().unwrap_or_default();
        let said = stopped.map(|reason| match reason {
            Reason::Cancelled => (ErrorKind::Cancelled, "the host interrupted the call".to_owned()),
            Reason::TimedOut => {
                (ErrorKind::Timeout, format!("the call ran past its time limit of {limit:?}"))
            }
        });
        match (outcome, said) {
            (Err(trap), Some((kind, text))) if trap.kind() == ErrorKind::Trap => {
                Err(trap.reworded(kind, text))
            }
            // It was late in the host, and the guest then ended before it looked.
            (Ok(()), Some((kind, text))) => {
                self.state.poison();
                Err(Error::new(kind, text))
            }
            (outcome, _) => outcome,
        }
    }
}
