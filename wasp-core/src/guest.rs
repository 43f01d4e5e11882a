//! The guest ABI: how strings and bytes come to a guest and back, and who frees what.
//!
//! `docs/guest-abi.md` is the rule; the sections named here are its.

use crate::entry::{self, Ended};
use crate::error::{Error, ErrorKind};
use crate::interrupt::{Interrupt, Reason};
use crate::log::Level;
use crate::memory::{Budget, Memory, Parts};
use crate::number;
use crate::plugin::Plugin;
use crate::stack::Running;
use crate::trap;
use crate::value::{Kind, Value};
use crate::wasi;
use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::CStr;
use std::sync::Arc;
use wasmer::Type;
use wasmer_types::RawValue;

/// How many blocks one call may have handed over before they are looked through for doubles. A guest that keeps half of
/// them alive at once is told so: the list is host memory.
const MANY_BLOCKS: usize = 1 << 21;

/// The guest side of one instance: what its host functions and its calls share. One thread at a time is in an
/// instance, so cells are enough.
pub(crate) struct Guest {
    pub plugin: Arc<Plugin>,
    memory: OnceCell<Memory>,
    budget: OnceCell<Arc<Budget>>,
    exports: Cell<Exports>,
    /// The function of the ABI that runs, for the words of a trap in it.
    step: Cell<Option<&'static str>>,
    /// Whether this thread is at the bottom of the guest's stack, where functions are entered without a switch.
    on_guest_stack: Cell<bool>,
    blocks: RefCell<Vec<Block>>,
    raised: RefCell<Option<String>>,
    unwound: Cell<bool>,
    /// Whether host code came to the end of the guest's stack.
    exhausted: Cell<bool>,
    workspace: RefCell<wasi::Workspace>,
    wasi: RefCell<Option<wasi::Context>>,
    pub interrupt: Arc<Interrupt>,
}

/// The functions that the ABI asks a plugin for, where it has them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Exports {
    pub allocate: Option<entry::Function>,
    pub deallocate: Option<entry::Function>,
}

/// A block of guest memory that the host gave or got, to be freed when the call ends (section 3.6).
#[derive(Clone, Copy)]
struct Block {
    pointer: u32,
    size: u32,
}

impl Guest {
    pub(crate) fn new(plugin: Arc<Plugin>, interrupt: Arc<Interrupt>) -> Self {
        Self {
            plugin,
            memory: OnceCell::new(),
            budget: OnceCell::new(),
            exports: Cell::default(),
            step: Cell::new(None),
            on_guest_stack: Cell::new(false),
            blocks: RefCell::default(),
            raised: RefCell::default(),
            unwound: Cell::new(false),
            exhausted: Cell::new(false),
            workspace: RefCell::new(wasi::Workspace::Starting),
            wasi: RefCell::default(),
            interrupt,
        }
    }

    /// Tells the guest what its instance has, once that exists.
    pub(crate) fn bind(&self, parts: &Parts, exports: Exports) {
        if let Some(memory) = &parts.memory {
            self.memory.get_or_init(|| memory.clone());
        }
        if let Some(budget) = &parts.budget {
            self.budget.get_or_init(|| Arc::clone(budget));
        }
        self.exports.set(exports);
    }

    /// Ends start-up: what it did to its WASI state is dropped, and the workspace is there.
    pub(crate) fn started(&self, workspace: wasi::Workspace) {
        self.workspace.replace(workspace);
        self.wasi.take();
    }

    /// Forgets everything that calls left here, as a new instance: there is no workspace until [`started`](Self::started).
    pub(crate) fn forget(&self) {
        self.started(wasi::Workspace::None);
        self.forget_blocks();
        self.raised.take();
        self.unwound.set(false);
    }

    /// An end that was no failure: `proc_exit(0)` of a program's start.
    pub(crate) fn forgive(&self) {
        self.unwound.set(false);
    }

    /// Whether a trap or a host function's failure ended guest code half-way.
    pub(crate) fn unwound(&self) -> bool {
        self.unwound.get()
    }

    /// Enters guest code with its arguments in `slots`, where its result is afterwards.
    fn enter(&self, function: entry::Function, slots: &mut [RawValue]) -> Result<(), Error> {
        // SAFETY: functions come from this guest's instance, which is alive while somebody can call this; callers fill
        // the slots by the function's type, and own nothing when this is the guest's stack.
        let mut call = || unsafe { function.call(slots) };
        if self.on_guest_stack.get() {
            call();
            return Ok(());
        }
        // SAFETY: the call owns nothing.
        unsafe { self.on_guest_stack(call) }
    }

    /// Runs `body` on the guest's stack.
    ///
    /// # Safety
    /// While `body` is in guest code it must own nothing.
    unsafe fn on_guest_stack<R>(&self, body: impl FnOnce() -> R) -> Result<R, Error> {
        let _level = entry::Level::enter()?;
        let running = Running::new(self.plugin.code.clone(), self.interrupt.flag());
        // SAFETY: passed on.
        let outcome =
            unsafe { entry::on_guest_stack(running, self.plugin.limits.stack_bytes, body) };
        outcome.map_err(|ended| match ended {
            Ended::Trap(trap, at_the_end) => {
                self.exhausted.set(self.exhausted.get() || at_the_end);
                self.ended(trap)
            }
            Ended::NoStack(error) => {
                Error::new(ErrorKind::Resource, format!("no stack for the call: {error}"))
            }
        })
    }

    /// The same for a function of the ABI.
    fn enter_step(
        &self,
        step: &'static str,
        function: entry::Function,
        slots: &mut [RawValue],
    ) -> Result<(), Error> {
        let before = self.step.replace(Some(step));
        self.enter(function, slots)?;
        self.step.set(before);
        Ok(())
    }

    /// The error for a trap that ended guest code.
    fn ended(&self, trap: wasmer_vm::Trap) -> Error {
        self.unwound.set(true);
        let mut error = self.explain(trap::error(trap));
        if self.exhausted.get()
            && error.kind() == ErrorKind::Trap
            && self.interrupt.stopped().is_none()
        {
            // Host code came to the end of the stack, and the guest was stopped at its next check.
            error = error.reworded(ErrorKind::Trap, "call stack exhausted");
        }
        match self.step.take() {
            Some(step) => error.in_context(format_args!("{step:?}")),
            None => error,
        }
    }

    /// A host function runs on the host's stack: says what it must come [`back`](Self::back_on_guest_stack) to.
    pub(crate) fn leave_guest_stack(&self) -> bool {
        self.on_guest_stack.replace(false)
    }

    /// A host function returns to where it came from.
    pub(crate) fn back_on_guest_stack(&self, was: bool) {
        self.on_guest_stack.set(was);
    }

    /// A trap after the memory limit was met says so: most guests die of the `-1`, far from where they grew.
    fn explain(&self, error: Error) -> Error {
        if !self.take_refused() || error.kind() != ErrorKind::Trap {
            return error;
        }
        let limit = self.plugin.limits.memory_bytes;
        error.after(format_args!(" (its memory limit of {limit} bytes was met)"))
    }

    /// A whole call (section 3): `keep` gets the value, still in guest memory, before everything is freed.
    pub(crate) fn call(
        &self,
        function: entry::Function,
        args: &[Value<'_>],
        params: &[Type],
        result: Option<(Type, Kind)>,
        keep: impl FnOnce(Value<'_>),
    ) -> Result<(), Error> {
        self.raised.take();
        self.step.take();
        self.take_refused();
        let limit = self.plugin.limits.timeout;
        self.interrupt.begin(limit);
        let outcome = self.call_steps(function, args, params, result, keep);
        let stopped = self.interrupt.end();
        if self.exhausted.take() {
            self.interrupt.lower();
        }
        if !self.unwound() {
            return outcome;
        }
        self.forget_blocks();
        match stopped {
            None => outcome,
            Some(reason) => outcome.map_err(|error| match (error.kind(), reason) {
                (ErrorKind::Trap, Reason::Cancelled) => {
                    error.reworded(ErrorKind::Cancelled, "the host interrupted the call")
                }
                (ErrorKind::Trap, Reason::TimedOut) => {
                    let limit = limit.unwrap_or_default();
                    let text = format!("the call ran past its time limit of {limit:?}");
                    error.reworded(ErrorKind::Timeout, text)
                }
                _ => error,
            }),
        }
    }

    fn call_steps(
        &self,
        function: entry::Function,
        args: &[Value<'_>],
        params: &[Type],
        result: Option<(Type, Kind)>,
        keep: impl FnOnce(Value<'_>),
    ) -> Result<(), Error> {
        // Most functions have few parameters: no allocation for those.
        let mut few = [RawValue::default(); 8];
        let mut many = Vec::new();
        let slots = if args.len() <= few.len() {
            &mut few[..]
        } else {
            many.resize(args.len(), RawValue::default());
            &mut many[..]
        };
        let steps = || {
            let outcome = self.call_and_read(function, args, params, result, slots, keep);
            if self.unwound() {
                return outcome;
            }
            let freed = self.free();
            outcome.and(freed)
        };
        if self.plugin.log.wants(Level::Debug) {
            // The host's logger must not run on the guest's stack.
            return steps();
        }
        self.on_guest_stack.set(true);
        // SAFETY: the steps own nothing while they are in guest code: arguments and slots are borrowed from here, and
        // errors are made when it has returned.
        let outcome = unsafe { self.on_guest_stack(steps) };
        self.on_guest_stack.set(false);
        outcome.flatten()
    }

    fn call_and_read(
        &self,
        function: entry::Function,
        args: &[Value<'_>],
        params: &[Type],
        result: Option<(Type, Kind)>,
        slots: &mut [RawValue],
        keep: impl FnOnce(Value<'_>),
    ) -> Result<(), Error> {
        for ((slot, arg), ty) in slots.iter_mut().zip(args).zip(params) {
            self.give(arg, arg.kind(), *ty, slot)?;
        }
        self.enter(function, slots)?;
        let value = match result {
            Some((_, kind)) if kind.is_block() => self.receive(&slots[0], kind),
            Some((ty, _)) => Ok(number::from_slot(&slots[0], ty)),
            None => Ok(Value::None),
        };
        // Looked at first: what the guest raised says more than the pointer that it returned afterwards.
        if let Some(text) = self.raised.take() {
            return Err(Error::new(ErrorKind::Guest, text));
        }
        value.map(keep)
    }

    /// Turns a value of the host into a slot of type `ty`, by way of guest memory where it is a block (section 3.2).
    pub(crate) fn give(
        &self,
        value: &Value<'_>,
        kind: Kind,
        ty: Type,
        slot: &mut RawValue,
    ) -> Result<(), Error> {
        // What most arguments are. Only the part of a slot that counts is written: whoever reads it as a whole right
        // afterwards would wait for the processor.
        match (value, ty) {
            (Value::I32(number), Type::I32) if kind == Kind::I32 => {
                slot.i32 = *number;
                return Ok(());
            }
            (Value::I64(number), Type::I64) => {
                slot.i64 = *number;
                return Ok(());
            }
            (Value::F64(number), Type::F64) => {
                slot.f64 = *number;
                return Ok(());
            }
            _ => {}
        }
        let refuse = || {
            let message = format!("{} is not {kind}", value.kind());
            Error::new(ErrorKind::Signature, message)
        };
        slot.u32 = match value {
            Value::String(text) if kind == Kind::String => {
                if text.as_bytes().contains(&0) {
                    let message =
                        "a string with a NUL inside can't be passed to a plugin; bytes can";
                    return Err(Error::new(ErrorKind::Invalid, message));
                }
                self.place(kind, text.len(), |block| {
                    let (text_part, end) = block.split_at_mut(text.len());
                    text_part.copy_from_slice(text.as_bytes());
                    end[0] = 0;
                })?
            }
            Value::Bytes(bytes) if kind == Kind::Bytes => {
                self.place(kind, bytes.len(), |block| {
                    let (length, data) = block.split_at_mut(4);
                    // `place` has checked that it fits.
                    length.copy_from_slice(&(bytes.len() as u32).to_le_bytes());
                    data.copy_from_slice(bytes);
                })?
            }
            _ if kind.is_block() => return Err(refuse()),
            number => {
                let wanted = number::kind(ty).ok_or_else(refuse)?;
                let fitting = number::coerce(*number, wanted).ok_or_else(|| {
                    let message = format!("{} does not fit {wanted}", number::Listed(&[*number]));
                    Error::new(ErrorKind::Signature, message)
                })?;
                *slot = number::to_slot(fitting).ok_or_else(refuse)?;
                return Ok(());
            }
        };
        Ok(())
    }

    fn place(&self, kind: Kind, length: usize, fill: impl FnOnce(&mut [u8])) -> Result<u32, Error> {
        let extra = if kind == Kind::String { 1 } else { 4 };
        let size = u32::try_from(length + extra).map_err(|_| {
            let message = format!("{length} bytes are more than a plugin's memory can hold");
            Error::new(ErrorKind::Invalid, message)
        })?;
        let pointer = self.allocate(size, kind)?;
        let memory = self.memory_for(kind)?;
        // SAFETY: no guest code runs before the slice is gone.
        let bytes = unsafe { memory.bytes_mut() };
        let block =
            bytes.get_mut(pointer as usize..).and_then(|rest| rest.get_mut(..size as usize));
        let Some(block) = block.filter(|_| pointer != 0) else {
            return Err(abi(format!(
                "\"allocate\" answered {pointer:#x} for {size} bytes, which is not in its memory of {} bytes",
                bytes.len()
            )));
        };
        fill(block);
        self.owe(pointer, size)?;
        self.plugin.log.write(
            Level::Debug,
            "Allocated memory in host",
            &[("size", &size), ("addr", &pointer)],
        );
        Ok(pointer)
    }

    fn allocate(&self, size: u32, kind: Kind) -> Result<u32, Error> {
        self.memory_for(kind)?;
        let allocate = self.exports.get().allocate.ok_or_else(|| {
            abi(format!("no \"allocate\" is exported, which passing {kind} needs"))
        })?;
        let mut slots = [RawValue::from(size as i32)];
        self.enter_step("allocate", allocate, &mut slots)?;
        Ok(number::pointer(&slots[0]))
    }

    /// Turns a slot into a value for the host; strings and bytes stay in guest memory (section 3.5).
    ///
    /// The value may be used until guest code runs again.
    pub(crate) fn receive(&self, slot: &RawValue, kind: Kind) -> Result<Value<'_>, Error> {
        let pointer = number::pointer(slot);
        match kind {
            Kind::String => {
                let text = self.text(pointer)?;
                self.owe(pointer, text.len() as u32 + 1)?;
                self.plugin.log.write(
                    Level::Debug,
                    "Got string from memory",
                    &[("addr", &pointer), ("result", &text)],
                );
                Ok(Value::String(text))
            }
            Kind::Bytes => {
                let bytes = self.data(pointer)?;
                self.owe(pointer, bytes.len() as u32 + 4)?;
                self.plugin.log.write(
                    Level::Debug,
                    "Got bytes from memory",
                    &[("addr", &pointer), ("size", &bytes.len())],
                );
                Ok(Value::Bytes(bytes))
            }
            number => {
                Ok(number::wasm_type(number).map_or(Value::None, |ty| number::from_slot(slot, ty)))
            }
        }
    }

    /// The string at `pointer`, up to its NUL.
    pub(crate) fn text(&self, pointer: u32) -> Result<&str, Error> {
        let rest = self.memory_at(pointer, Kind::String)?;
        let text = CStr::from_bytes_until_nul(rest)
            .map_err(|_| abi(format!("the string at {pointer:#x} has no end inside memory")))?;
        text.to_str().map_err(|_| abi(format!("the string at {pointer:#x} is not UTF-8")))
    }

    /// The bytes at `pointer`, after their length.
    fn data(&self, pointer: u32) -> Result<&[u8], Error> {
        let rest = self.memory_at(pointer, Kind::Bytes)?;
        let Some((length, data)) = rest.split_first_chunk::<4>() else {
            return Err(abi(format!("the bytes at {pointer:#x} have no room for their length")));
        };
        let length = u32::from_le_bytes(*length);
        data.get(..length as usize).ok_or_else(|| {
            abi(format!("the bytes at {pointer:#x} have length {length}, beyond the end of memory"))
        })
    }

    fn memory_at(&self, pointer: u32, kind: Kind) -> Result<&[u8], Error> {
        // SAFETY: values that come of this are used only until guest code runs again, as `receive` says.
        let bytes = unsafe { self.memory_for(kind)?.bytes() };
        if pointer == 0 {
            return Err(abi(format!("a null pointer where {kind} should be")));
        }
        bytes.get(pointer as usize..).filter(|rest| !rest.is_empty()).ok_or_else(|| {
            let size = bytes.len();
            abi(format!("the {kind} pointer {pointer:#x} is outside its memory of {size} bytes"))
        })
    }

    /// Whether growing memory was refused since the last time this was asked.
    fn take_refused(&self) -> bool {
        self.budget.get().is_some_and(|budget| budget.take_refused())
    }

    fn memory(&self) -> Option<&Memory> {
        self.memory.get()
    }

    fn memory_for(&self, kind: Kind) -> Result<&Memory, Error> {
        self.memory().ok_or_else(|| {
            abi(format!("no memory is exported as \"memory\", which passing {kind} needs"))
        })
    }

    /// Notes a block to be freed when the outermost call ends.
    fn owe(&self, pointer: u32, size: u32) -> Result<(), Error> {
        let mut blocks = self.blocks.borrow_mut();
        if blocks.len() >= MANY_BLOCKS {
            drop_doubles(&mut blocks);
            if blocks.len() > MANY_BLOCKS / 2 {
                let message = format!("one call handed over more than {} blocks", MANY_BLOCKS / 2);
                return Err(Error::new(ErrorKind::Resource, message));
            }
        }
        blocks.push(Block { pointer, size });
        Ok(())
    }

    /// Frees each distinct block of the call once (section 3.6).
    fn free(&self) -> Result<(), Error> {
        let mut freed = Ok(());
        if self.blocks.borrow().is_empty() {
            return freed;
        }
        if let Some(deallocate) = self.exports.get().deallocate {
            drop_doubles(&mut self.blocks.borrow_mut());
            // What a `deallocate` hands over itself stays with the guest.
            let count = self.blocks.borrow().len();
            for at in 0..count {
                let Block { pointer, size } = self.blocks.borrow()[at];
                let mut slots = [RawValue::from(pointer as i32), RawValue::from(size as i32)];
                freed = self.enter_step("deallocate", deallocate, &mut slots);
                if freed.is_err() {
                    break;
                }
                self.plugin.log.write(
                    Level::Debug,
                    "Deallocated module instance memory",
                    &[("addr", &pointer), ("size", &size)],
                );
            }
        }
        self.forget_blocks();
        freed
    }

    /// Keeps the room for the next call, but not what one huge call needed.
    fn forget_blocks(&self) {
        let mut blocks = self.blocks.borrow_mut();
        blocks.clear();
        if blocks.capacity() > 64 {
            blocks.shrink_to(64);
        }
    }

    /// `env.raise_error`: the call fails with this text when the guest returns (section 3.4).
    pub(crate) fn raise_error(&self, pointer: u32) -> Result<(), Error> {
        let context = "host function \"env\".\"raise_error\"";
        let text = self.text(pointer).map_err(|error| error.in_context(context))?.to_owned();
        self.owe(pointer, text.len() as u32 + 1)?;
        self.plugin.log.write(Level::Debug, "Error raised by plugin", &[("error", &text)]);
        self.raised.replace(Some(text));
        Ok(())
    }

    /// `env.abort`, as AssemblyScript calls it.
    pub(crate) fn abort(&self, message: u32, file: u32, line: u32, column: u32) -> Error {
        let (message, file) = (self.utf16(message), self.utf16(file));
        let mut text = String::from("the plugin aborted");
        if !message.is_empty() {
            text = format!("{text}: {message}");
        }
        if !file.is_empty() {
            text = format!("{text}, at {file}:{line}:{column}");
        }
        Error::new(ErrorKind::Abort, text)
    }

    /// An AssemblyScript string: UTF-16, its length in bytes in the four bytes before it. Empty where it can't be read:
    /// the guest is dying, and half of a message is better than none.
    fn utf16(&self, pointer: u32) -> String {
        // SAFETY: the slice is gone before this returns.
        let bytes = self.memory().map(|memory| unsafe { memory.bytes() }).unwrap_or_default();
        let text = (pointer as usize).checked_sub(4).and_then(|start| {
            let (length, text) = bytes.get(start..)?.split_first_chunk::<4>()?;
            // A message is for people: a page of it is enough.
            text.get(..(u32::from_le_bytes(*length) as usize).min(4096))
        });
        let units = text
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            // The message is one line.
            .map(|unit| if unit.is_control() { ' ' } else { unit })
            .collect()
    }

    /// Runs a WASI function over the guest's memory, with a context made at the first one.
    pub(crate) fn call_wasi(&self, function: &wasi::Function, args: &[u64]) -> Result<u64, Error> {
        let memory = self.memory();
        if memory.is_none() && function.name != "proc_exit" {
            return Err(abi(format!(
                "no memory is exported as \"memory\", which WASI function {:?} needs",
                function.name
            )));
        }
        let mut wasi = self.wasi.borrow_mut();
        let context = match &mut *wasi {
            Some(context) => context,
            none => {
                let context = wasi::Context::new(&self.plugin.wasi, &self.workspace.borrow())?;
                let interrupt = Arc::clone(&self.interrupt);
                let context = none.insert(context);
                context.interrupt_sleep(move || interrupt.stopped().is_some());
                context
            }
        };
        let bytes = match memory {
            // SAFETY: the guest waits for its import to return, and nobody else looks into its memory meanwhile.
            Some(memory) => unsafe { memory.bytes_mut() },
            None => &mut [],
        };
        function.call(context, bytes, args).map_err(|stop| match stop {
            wasi::Stop::Exit(code) => {
                Error::new(ErrorKind::Exit, format!("the plugin exited with code {code}"))
                    .with_exit_code(code)
            }
            wasi::Stop::Fault(text) => {
                Error::new(ErrorKind::Trap, format!("WASI function {:?}: {text}", function.name))
            }
        })
    }
}

fn abi(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Abi, message)
}

/// Leaves one block for each pointer: the first, which has the size that it was allocated with.
fn drop_doubles(blocks: &mut Vec<Block>) {
    match blocks.len() {
        0 | 1 => {}
        2..=8 => {
            let mut at = 1;
            while at < blocks.len() {
                if blocks[..at].iter().any(|known| known.pointer == blocks[at].pointer) {
                    blocks.remove(at);
                } else {
                    at += 1;
                }
            }
        }
        _ => {
            blocks.sort_by_key(|block| block.pointer);
            blocks.dedup_by_key(|block| block.pointer);
        }
    }
}
