//! The guest's side of an instance: what is known of it between its calls and within them, and the ways into it.
//!
//! `docs/guest-abi.md` is the rule of the guest ABI; the sections named here and in the modules beside this are
//! its: `call` has a call's steps, `transfer` the strings and bytes, `allocations` who frees what, `abi_functions` what the ABI
//! lets a guest call.

use crate::base::abi_names::RESUME;
use crate::base::error::{Error, ErrorKind};
use crate::base::log::Level;
use crate::base::slots;
use crate::base::value::Kind;
use crate::config::callback::Answer;
use crate::extism::kernel::Kernel;
use crate::extism::variables::Variables;
use crate::guest::allocations::{Allocations, Block};
use crate::guest::call_state::CallState;
use crate::plugin::Plugin;
use crate::sys::first_writes;
use crate::sys::interrupt::Interrupt;
use crate::sys::signals;
use crate::vm::guest_stack::{self, DEEPEST, GuestCode};
use crate::vm::host_switch::HostSwitch;
use crate::vm::memory::{Budget, Memory, Refusal};
use crate::vm::parts::InstanceParts;
use crate::vm::runtime::Runtime;
use crate::vm::trampoline;
use crate::vm::turn::HostTurn;
use crate::wasi;
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;
use wasmer_types::RawValue;

/// The guest side of one instance: what its host functions and its calls share. One thread at a time is in an
/// instance, so cells are enough.
pub(crate) struct Guest {
    pub plugin: Arc<Plugin>,
    memory: OnceCell<Memory>,
    budget: OnceCell<Arc<Budget>>,
    runtime: OnceCell<Runtime>,
    exports: OnceCell<Exports>,
    pub state: CallState,
    pub allocations: Allocations,
    /// How its host functions come from its stack to the host's.
    pub host_switch: Cell<HostSwitch>,
    /// What callbacks answered, until there is a block for it. The last one is of the callback that ended last.
    answers: RefCell<Vec<Answer>>,
    /// Room for the next answer.
    room: Cell<String>,
    workspace: RefCell<wasi::Workspace>,
    wasi: RefCell<Option<wasi::Context>>,
    /// Who keeps what it prints, if its owner wants that.
    capture: RefCell<Option<wasi::Capture>>,
    pub interrupt: Arc<Interrupt>,
    /// Whether the next call begins with [`Exports::resume`].
    pub resume: Cell<bool>,
    /// How long a call may take: as the plugin's limit says, unless one has a shorter one.
    pub timeout: Cell<Option<Duration>>,
    /// What the host keeps for it, if its plugin is one of Extism. Its functions point there.
    kernel: Option<Box<UnsafeCell<Kernel>>>,
}

/// Room for answers of at most so many bytes is kept.
const WORTH_KEEPING: usize = 4096;

/// The functions that the ABI asks a plugin for, where it has them.
pub(crate) struct Exports {
    pub allocate: Option<trampoline::Function>,
    pub deallocate: Option<trampoline::Function>,
    pub resume: Option<trampoline::Function>,
}

impl Guest {
    pub(crate) fn new(plugin: Arc<Plugin>, interrupt: Arc<Interrupt>) -> Self {
        Self {
            timeout: Cell::new(plugin.limits.timeout),
            kernel: plugin.extism.is_some().then(Box::default),
            plugin,
            memory: OnceCell::new(),
            budget: OnceCell::new(),
            runtime: OnceCell::new(),
            exports: OnceCell::new(),
            state: CallState::default(),
            allocations: Allocations::default(),
            host_switch: Cell::default(),
            answers: RefCell::default(),
            room: Cell::default(),
            workspace: RefCell::new(wasi::Workspace::Starting),
            wasi: RefCell::default(),
            capture: RefCell::default(),
            interrupt,
            resume: Cell::new(false),
        }
    }

    /// Tells the guest what its instance has, once that exists.
    pub(crate) fn bind(&self, parts: &InstanceParts, runtime: Runtime, exports: Exports) {
        if let Some(memory) = &parts.memory {
            self.memory.get_or_init(|| memory.clone());
        }
        if let Some(budget) = &parts.budget {
            self.budget.get_or_init(|| Arc::clone(budget));
        }
        self.runtime.get_or_init(|| runtime);
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

    /// Has what the guest prints from now on kept. Its open files are closed.
    pub(crate) fn capture(&self, capture: wasi::Capture) {
        self.capture.replace(Some(capture));
        self.wasi.replace(None);
    }

    /// Returns the name of a file or directory that the guest has open, if there is one: a snapshot has no descriptors.
    pub(crate) fn open_file(&self) -> Option<String> {
        self.wasi.borrow().as_ref().and_then(wasi::Context::open_file)
    }

    /// Forgets everything that calls left here, as a new instance: there is no workspace until [`open_for`](Self::open_for).
    pub(crate) fn forget(&self) {
        self.open_for(&wasi::Workspace::None);
        if self.capture.borrow().is_some() {
            self.capture.replace(None);
        }
        self.forget_blocks();
        self.state.reset();
    }

    /// Returns what the host keeps for the guest, if its plugin is one of Extism.
    #[inline]
    pub(crate) fn kernel<'a>(&'a self, _: &'a HostTurn) -> Option<&'a Kernel> {
        // SAFETY: only guest code changes it otherwise, which runs only when the borrow of the turn has ended.
        self.kernel.as_ref().map(|kernel| unsafe { &*kernel.get() })
    }

    /// Returns the same to change.
    #[inline]
    pub(crate) fn kernel_mut<'a>(&'a self, _: &'a mut HostTurn) -> Option<&'a mut Kernel> {
        // SAFETY: as above, and nobody else looks, as the borrow of the turn says.
        self.kernel.as_ref().map(|kernel| unsafe { &mut *kernel.get() })
    }

    /// Brings that back to what start-up left, which has these variables.
    pub(crate) fn restore_kernel(&self, start: &Variables, turn: &mut HostTurn) {
        let most = self.plugin.limits.idle_memory_bytes;
        let Some(kernel) = self.kernel_mut(turn) else { return };
        let pages = kernel.restore(start, most);
        if pages > 0
            && let Some(budget) = self.budget()
        {
            budget.give(pages);
        }
    }

    /// Returns where that is, for functions that run on the guest's stack; null where there is none.
    pub(super) fn kernel_ptr(&self) -> *mut Kernel {
        self.kernel.as_ref().map_or(ptr::null_mut(), |kernel| kernel.get())
    }

    /// Returns what its memory grows from.
    pub(super) fn budget(&self) -> Option<&Budget> {
        self.budget.get().map(|budget| &**budget)
    }

    /// Forgets all blocks of guest memory: none is anybody's any more.
    pub(crate) fn forget_blocks(&self) {
        self.allocations.forget();
        self.answers.borrow_mut().clear();
        drop(self.room.take());
    }

    /// Forgets the exceptions that the call has thrown.
    #[inline]
    pub(crate) fn forget_exceptions(&self) {
        if let Some(exceptions) = self.runtime.get().and_then(|runtime| runtime.exceptions.as_ref())
        {
            exceptions.clear();
        }
    }

    /// Keeps what a callback answered until the guest has a block for it.
    pub(crate) fn keep_answer(&self, answer: Answer) -> Result<(), Error> {
        let mut answers = self.answers.borrow_mut();
        if answers.len() >= DEEPEST as usize {
            let message = format!("more than {DEEPEST} answers wait for their blocks");
            return Err(Error::new(ErrorKind::Resource, message));
        }
        answers.push(answer);
        Ok(())
    }

    /// Takes the room for an answer that is a string.
    pub(crate) fn take_room(&self) -> String {
        self.room.take()
    }

    /// Keeps the room that an answer took for the next one, but not what a huge one needed.
    pub(crate) fn keep_room(&self, answer: Answer) {
        if let Answer::Text(room) = answer
            && room.capacity() <= WORTH_KEEPING
        {
            self.room.set(room);
        }
    }

    /// Takes the answer that waits for its block.
    pub(crate) fn take_answer(&self) -> Option<Answer> {
        self.answers.borrow_mut().pop()
    }

    /// Enters guest code with its arguments in `slots`, where its result is afterwards.
    #[inline]
    pub(crate) fn enter(
        &self,
        function: &trampoline::Function,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<(), Error> {
        // SAFETY: functions come from this guest's instance, whose turn this is; callers fill the slots by the function's type,
        // and own nothing when this is the guest's stack.
        let mut call = || unsafe { function.call(slots, turn) };
        if self.state.is_on_guest_stack() {
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
        let guest = GuestCode {
            code: self.plugin.code.clone(),
            flag: self.interrupt.flag(),
            runtime: self.runtime.get().map_or(ptr::null(), ptr::from_ref),
            stack_bytes: self.plugin.limits.stack_bytes,
        };
        let before = self.state.enter_guest_stack();
        // SAFETY: `body` owns nothing while it is in guest code, as this function asks.
        let outcome = unsafe { guest_stack::on_guest_stack(guest, &self.host_switch, body) };
        self.state.leave_guest_stack(before);
        match outcome {
            Ok(opened) => {
                // The guest returned before it met a check: the flag is still up.
                self.state.note_exhausted(opened);
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
        turn: &mut HostTurn,
    ) -> Result<(), Error> {
        let before = self.state.begin_step(step);
        self.enter(function, slots, turn)?;
        self.state.end_step(before);
        Ok(())
    }

    /// Has the next call begin with the guest's `wasp_resume`, if it has one.
    #[inline]
    pub(crate) fn resume_at_next_call(&self) {
        if self.export(|exports| exports.resume.as_ref()).is_some() {
            self.resume.set(true);
        }
    }

    /// Runs the guest's `wasp_resume` (section 8), whose failure poisons.
    #[cold]
    pub(super) fn resume(&self, turn: &mut HostTurn) -> Result<(), Error> {
        let Some(resume) = self.export(|exports| exports.resume.as_ref()) else { return Ok(()) };
        self.enter_step(RESUME, resume, &mut [RawValue::default()], turn)?;
        match self.state.take_raised() {
            None => Ok(()),
            Some(text) => {
                self.state.poison();
                Err(Error::new(ErrorKind::Guest, text))
            }
        }
    }

    /// Asks the guest for a block of its memory.
    pub(crate) fn allocate(
        &self,
        size: u32,
        kind: Kind,
        turn: &mut HostTurn,
    ) -> Result<u32, Error> {
        self.memory_for(kind)?;
        let allocate = self.export(|exports| exports.allocate.as_ref()).ok_or_else(|| {
            abi(format!("no \"allocate\" is exported, which passing {kind} needs"))
        })?;
        let mut slots = [RawValue::from(size as i32)];
        self.enter_step("allocate", allocate, &mut slots, turn)?;
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
    pub(crate) fn deallocate(&self, block: Block, turn: &mut HostTurn) -> Result<(), Error> {
        let Some(deallocate) = self.export(|exports| exports.deallocate.as_ref()) else {
            return Ok(());
        };
        let Block { pointer, size } = block;
        let mut slots = [RawValue::from(pointer as i32), RawValue::from(size as i32)];
        self.enter_step("deallocate", deallocate, &mut slots, turn)?;
        self.plugin.log.write(
            Level::Debug,
            "Deallocated module instance memory",
            &[("addr", &pointer), ("size", &size)],
        );
        Ok(())
    }

    /// Returns why growing a memory was refused the last time, if it was since this was asked.
    #[inline]
    pub(super) fn take_refused(&self) -> Option<Refusal> {
        self.budget.get().and_then(|budget| budget.take_refused())
    }

    pub(super) fn memory(&self) -> Option<&Memory> {
        self.memory.get()
    }

    /// Whether `data` lies in its memory.
    pub(crate) fn has(&self, data: &[u8], turn: &HostTurn) -> bool {
        let memory = self.memory().map(|memory| memory.bytes(turn)).unwrap_or_default();
        memory.as_ptr_range().contains(&data.as_ptr())
    }

    /// The memory for a block of `kind`.
    #[inline(always)]
    pub(crate) fn memory_for(&self, kind: Kind) -> Result<&Memory, Error> {
        self.memory().ok_or_else(|| {
            abi(format!("no memory is exported as \"memory\", which passing {kind} needs"))
        })
    }

    /// Returns the end of what the guest wrote to its standard error in this call.
    pub(super) fn stderr(&self) -> Option<String> {
        if !self.state.has_called_wasi() {
            return None;
        }
        self.wasi.borrow().as_ref().and_then(wasi::Context::stderr)
    }

    /// Runs a WASI function over the guest's memory, with a context made at the first one.
    pub(crate) fn call_wasi(
        &self,
        function: &wasi::Function,
        args: &[u64],
        turn: &mut HostTurn,
    ) -> Result<u64, Error> {
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
                let context = wasi::Context::new(
                    &self.plugin.wasi,
                    &self.workspace.borrow(),
                    self.capture.borrow().as_ref(),
                )?;
                let interrupt = Arc::clone(&self.interrupt);
                let context = none.insert(context);
                context.interrupt_sleep(move || interrupt.stop_reason().is_some());
                context
            }
        };
        if self.state.note_wasi() {
            context.forget_stderr();
        }
        let bytes = match memory {
            Some(memory) => memory.bytes_mut(turn),
            None => &mut [],
        };
        let interrupt = &self.interrupt;
        let outcome = if function.may_grow_file() {
            signals::without_file_size_signal(|| function.call(context, bytes, args))
        } else if function.is_random() {
            function.call_in_parts(context, bytes, args, &|| interrupt.is_stopped())
        } else {
            function.call(context, bytes, args)
        };
        // A read into guest memory, for one.
        first_writes::kernel_wrote();
        outcome.map_err(|stop| match stop {
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
