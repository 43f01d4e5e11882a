//! The guest's side of an instance: what is known of it between its calls and within them, and the ways into it.
//!
//! `docs/guest-abi.md` is the rule of the guest ABI; the sections named here and in the rooms beside this are its:
//! `call` has a call's steps, `transfer` the strings and bytes, `blocks` who frees what.

use crate::base::error::{Error, ErrorKind};
use crate::base::log::Level;
use crate::base::slots;
use crate::base::value::Kind;
use crate::config::callback::Answer;
use crate::guest::allocations::{Allocations, Block};
use crate::plugin::Plugin;
use crate::sys::guest_stack::DEEPEST;
use crate::sys::interrupt::Interrupt;
use crate::sys::trap;
use crate::vm::memory::{Budget, Memory};
use crate::vm::parts::InstanceParts;
use crate::vm::trampoline::{self, Ended};
use crate::wasi;
use std::cell::{Cell, OnceCell, RefCell};
use std::num::NonZeroU32;
use std::sync::Arc;
use wasmer_types::RawValue;

/// The guest side of one instance: what its host functions and its calls share. One thread at a time is in an
/// instance, so cells are enough.
pub(crate) struct Guest {
    pub plugin: Arc<Plugin>,
    memory: OnceCell<Memory>,
    budget: OnceCell<Arc<Budget>>,
    exports: OnceCell<Exports>,
    /// The function of the ABI that runs, for the words of a trap in it.
    step: Cell<Option<&'static str>>,
    /// Whether this thread is on the guest's stack, where functions are entered without a switch.
    on_guest_stack: Cell<bool>,
    pub allocations: Allocations,
    /// What callbacks answered, until there is a block for it. The last one is of the callback that ended last.
    answers: RefCell<Vec<Answer>>,
    /// The size of that block, when it is yet to be asked for.
    answer_size: Cell<Option<NonZeroU32>>,
    raised: RefCell<Option<String>>,
    poisoned: Cell<bool>,
    /// Whether host code came to the end of the guest's stack.
    exhausted: Cell<bool>,
    workspace: RefCell<wasi::Workspace>,
    wasi: RefCell<Option<wasi::Context>>,
    pub interrupt: Arc<Interrupt>,
}

/// The functions that the ABI asks a plugin for, where it has them.
pub(crate) struct Exports {
    pub allocate: Option<trampoline::Function>,
    pub deallocate: Option<trampoline::Function>,
}

impl Guest {
    pub(crate) fn new(plugin: Arc<Plugin>, interrupt: Arc<Interrupt>) -> Self {
        Self {
            plugin,
            memory: OnceCell::new(),
            budget: OnceCell::new(),
            exports: OnceCell::new(),
            step: Cell::new(None),
            on_guest_stack: Cell::new(false),
            allocations: Allocations::default(),
            answers: RefCell::default(),
            answer_size: Cell::new(None),
            raised: RefCell::default(),
            poisoned: Cell::new(false),
            exhausted: Cell::new(false),
            workspace: RefCell::new(wasi::Workspace::Starting),
            wasi: RefCell::default(),
            interrupt,
        }
    }

    /// Tells the guest what its instance has, once that exists.
    pub(crate) fn bind(&self, parts: &InstanceParts, exports: Exports) {
        if let Some(memory) = &parts.memory {
            self.memory.get_or_init(|| memory.clone());
        }
        if let Some(budget) = &parts.budget {
            self.budget.get_or_init(|| Arc::clone(budget));
        }
        self.exports.get_or_init(|| exports);
    }

    /// A new owner, or the end of start-up: nothing of the WASI state is left, and `workspace` is there.
    pub(crate) fn open_for(&self, workspace: &wasi::Workspace) {
        use wasi::Workspace::None as Nothing;
        let mut place = self.workspace.borrow_mut();
        if !matches!((&*place, workspace), (Nothing, Nothing)) {
            *place = workspace.clone();
        }
        let mut wasi = self.wasi.borrow_mut();
        if wasi.is_some() {
            *wasi = None;
        }
    }

    /// Forgets everything that calls left here, as a new instance: there is no workspace until [`open_for`](Self::open_for).
    pub(crate) fn forget(&self) {
        self.open_for(&wasi::Workspace::None);
        self.forget_blocks();
        drop(self.take_raised());
        self.poisoned.set(false);
    }

    /// Nothing that guest memory has is anybody's any more.
    pub(crate) fn forget_blocks(&self) {
        self.allocations.forget();
        self.answers.borrow_mut().clear();
        self.answer_size.set(None);
    }

    /// Keeps what a callback answered until the guest has a block of `size` bytes for it.
    pub(crate) fn keep_answer(&self, answer: Answer, size: u32) -> Result<(), Error> {
        let mut answers = self.answers.borrow_mut();
        if answers.len() >= DEEPEST as usize {
            let message = format!("more than {DEEPEST} answers wait for their blocks");
            return Err(Error::new(ErrorKind::Resource, message));
        }
        answers.push(answer);
        self.answer_size.set(NonZeroU32::new(size));
        Ok(())
    }

    /// The size of the block that must be asked for, if one must.
    pub(crate) fn take_answer_size(&self) -> Option<NonZeroU32> {
        // Asked at each callback: the look is cheaper than the exchange.
        if self.answer_size.get().is_some() { self.answer_size.take() } else { None }
    }

    /// The answer that waits for its block.
    pub(crate) fn take_answer(&self) -> Option<Answer> {
        self.answers.borrow_mut().pop()
    }

    /// An end that was no failure: `proc_exit(0)` of a program's start.
    pub(crate) fn forgive(&self) {
        self.poisoned.set(false);
    }

    /// The guest is to be used no more until it is reset.
    pub(crate) fn unwind(&self) {
        self.poisoned.set(true);
    }

    /// Whether a trap or a host function's failure ended guest code half-way.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.get()
    }

    /// A call begins: what the one before it said doesn't count.
    pub(crate) fn begin(&self) {
        drop(self.take_raised());
        self.step.set(None);
        self.take_refused();
    }

    /// A call ends, and nobody is in guest code.
    pub(crate) fn end(&self) {
        if self.exhausted.get() {
            self.exhausted.set(false);
            self.interrupt.clear_flag();
        }
    }

    /// Enters guest code with its arguments in `slots`, where its result is afterwards.
    #[inline]
    pub(crate) fn enter(
        &self,
        function: &trampoline::Function,
        slots: &mut [RawValue],
    ) -> Result<(), Error> {
        // SAFETY: functions come from this guest's instance, which is alive while somebody can call this; callers fill
        // the slots by the function's type, and own nothing when this is the guest's stack.
        let mut call = || unsafe { function.call(slots) };
        if self.on_guest_stack.get() {
            call();
            return Ok(());
        }
        self.enter_from_host(&mut call)
    }

    #[inline(never)]
    fn enter_from_host(&self, call: &mut impl FnMut()) -> Result<(), Error> {
        // SAFETY: a call of one function owns nothing.
        unsafe { self.on_guest_stack(call) }
    }

    /// Runs `body` on the guest's stack.
    ///
    /// # Safety
    /// While `body` is in guest code it must own nothing.
    pub(crate) unsafe fn on_guest_stack(&self, body: &mut impl FnMut()) -> Result<(), Error> {
        let (code, flag) = (self.plugin.code.clone(), self.interrupt.flag());
        let bytes = self.plugin.limits.stack_bytes;
        self.on_guest_stack.set(true);
        // SAFETY: `body` owns nothing while it is in guest code, as this function asks.
        let outcome = unsafe { trampoline::on_guest_stack(code, flag, bytes, body) };
        self.on_guest_stack.set(false);
        match outcome {
            Ok(opened) => {
                // The guest returned before it met a check: the flag is still up.
                self.exhausted.set(self.exhausted.get() || opened);
                Ok(())
            }
            Err(ended) => Err(self.ended(ended)),
        }
    }

    /// The same for a function of the ABI.
    fn enter_step(
        &self,
        step: &'static str,
        function: &trampoline::Function,
        slots: &mut [RawValue],
    ) -> Result<(), Error> {
        let before = self.step.replace(Some(step));
        self.enter(function, slots)?;
        self.step.set(before);
        Ok(())
    }

    /// Asks the guest for a block of its memory.
    pub(crate) fn allocate(&self, size: u32, kind: Kind) -> Result<u32, Error> {
        self.memory_for(kind)?;
        let allocate = self.export(|exports| exports.allocate.as_ref()).ok_or_else(|| {
            abi(format!("no \"allocate\" is exported, which passing {kind} needs"))
        })?;
        let mut slots = [RawValue::from(size as i32)];
        self.enter_step("allocate", allocate, &mut slots)?;
        Ok(slots::pointer(&slots[0]))
    }

    fn export(
        &self,
        which: impl Fn(&Exports) -> Option<&trampoline::Function>,
    ) -> Option<&trampoline::Function> {
        self.exports.get().and_then(which)
    }

    /// Whether the guest takes blocks back.
    pub(crate) fn has_deallocate(&self) -> bool {
        self.export(|exports| exports.deallocate.as_ref()).is_some()
    }

    /// Gives a block back to the guest, if it takes blocks.
    pub(crate) fn deallocate(&self, block: Block) -> Result<(), Error> {
        let Some(deallocate) = self.export(|exports| exports.deallocate.as_ref()) else {
            return Ok(());
        };
        let Block { pointer, size } = block;
        let mut slots = [RawValue::from(pointer as i32), RawValue::from(size as i32)];
        self.enter_step("deallocate", deallocate, &mut slots)?;
        self.plugin.log.write(
            Level::Debug,
            "Deallocated module instance memory",
            &[("addr", &pointer), ("size", &size)],
        );
        Ok(())
    }

    /// The error for a trap that ended guest code.
    #[cold]
    fn ended(&self, ended: Ended) -> Error {
        let (trap, at_the_end) = match ended {
            Ended::Trap(trap, at_the_end) => (trap, at_the_end),
            Ended::NoStack(error) => {
                return Error::new(ErrorKind::Resource, format!("no stack for the call: {error}"));
            }
            Ended::TooDeep => {
                let message =
                    format!("plugins and host functions call each other more than {DEEPEST} deep");
                return Error::new(ErrorKind::Resource, message);
            }
        };
        self.exhausted.set(self.exhausted.get() || at_the_end);
        self.poisoned.set(true);
        let mut error = self.explain(trap::error(trap));
        if self.exhausted.get()
            && error.kind() == ErrorKind::Trap
            && self.interrupt.stop_reason().is_none()
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

    /// Whether growing memory was refused since the last time this was asked.
    fn take_refused(&self) -> bool {
        self.budget.get().is_some_and(|budget| budget.take_refused())
    }

    /// What the guest raised, if it did.
    pub(crate) fn take_raised(&self) -> Option<String> {
        // Asked at each call: the look is cheaper than the exchange.
        if self.raised.borrow().is_some() { self.raised.take() } else { None }
    }

    fn memory(&self) -> Option<&Memory> {
        self.memory.get()
    }

    /// Whether `data` lies in its memory.
    pub(crate) fn has(&self, data: &[u8]) -> bool {
        // SAFETY: the slice is gone before this returns.
        let memory = self.memory().map(|memory| unsafe { memory.bytes() }).unwrap_or_default();
        memory.as_ptr_range().contains(&data.as_ptr())
    }

    /// The memory for a block of `kind`.
    #[inline(always)]
    pub(crate) fn memory_for(&self, kind: Kind) -> Result<&Memory, Error> {
        self.memory().ok_or_else(|| {
            abi(format!("no memory is exported as \"memory\", which passing {kind} needs"))
        })
    }

    /// `env.raise_error`: the call fails with this text when the guest returns (section 3.4).
    pub(crate) fn raise_error(&self, pointer: u32) -> Result<(), Error> {
        let context = "host function \"env\".\"raise_error\"";
        let text = self.text(pointer).map_err(|error| error.in_context(context))?.to_owned();
        self.allocations.track(Block::of(pointer, text.as_bytes(), Kind::String))?;
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
                context.interrupt_sleep(move || interrupt.stop_reason().is_some());
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

/// That the guest broke the ABI.
pub(crate) fn abi(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Abi, message)
}
