//! The door between Rust and compiled guest code, both ways.
//!
//! Guest code is entered through wasmer's call trampoline rather than `wasmer::Function::call`, and host functions are
//! `VMFunction`s of our own: a call is three times cheaper, and host functions need no store. The safety story:
//!
//! - A [`Function`] holds pointers into the instance that it was looked up in. It is only made by and kept beside that
//!   instance (`WasmInstance` owns both), so it never outlives it, and never enters another one.
//! - Compiled code runs on a stack of its own. A trap abandons that stack without running destructors, so nothing of
//!   ours may own anything on it while guest code runs. [`on_guest_stack`] asks that of its caller, which is `Guest`
//!   alone; [`host_call_thunk`] goes to the host's stack before it does anything, and owns nothing when it comes back. The
//!   bottom of the guest's stack, where the steps of a call run, is as good as any other; deep in it, where a guest may
//!   have left little, we only ask the guest for a block, and what lies below opens for us (see `stack`).
//! - A panic must not unwind through compiled code: [`host_call_thunk`] turns it into an error.
//! - wasmer's own host functions look for the current store in a thread-local that this door doesn't set, so every
//!   import of a plugin must be made by [`import`]; `WasmInstance` makes them all.

use crate::base::error::panic_message;
use crate::sys::guest_stack::{self, Entered, Running};
use crate::vm::turn::HostTurn;
use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use wasmer::{AsStoreMut, Extern, Store};
use wasmer_types::RawValue;
use wasmer_vm::{Trap, VMConfig, VMExtern, VMFunctionContext, VMTrampoline, catch_traps};

/// An exported function of one instance, ready to be entered.
#[derive(Clone)]
pub(crate) struct Function {
    body: *const wasmer_vm::VMFunctionBody,
    vmctx: VMFunctionContext,
    trampoline: VMTrampoline,
}

impl Function {
    /// Looks up what `export` points to in `store`.
    pub(crate) fn new(store: &mut Store, export: &wasmer::Function) -> Self {
        let VMExtern::Function(handle) = Extern::from(export.clone()).to_vm_extern().unwrap_sys()
        else {
            unreachable!("a function is a function");
        };
        let function = handle.get(store.objects_mut().as_sys());
        // SAFETY: the store keeps the function's data where it is for as long as the store lives.
        let anyfunc = unsafe { function.anyfunc.as_ptr().as_ref() };
        Self { body: anyfunc.func_ptr, vmctx: anyfunc.vmctx, trampoline: anyfunc.call_trampoline }
    }

    /// Runs the function within [`on_guest_stack`]: the first slots are its arguments and then its results. A trap ends
    /// all of what runs there.
    ///
    /// # Safety
    /// This must be the guest's stack, the instance that the function was looked up in must be alive and entered by this
    /// thread alone, `slots` must be at least as many as the parameters and as the results, and hold arguments of the
    /// parameters' types.
    pub(crate) unsafe fn call(&self, slots: &mut [RawValue], _: &mut HostTurn) {
        // SAFETY: the pointers are of a live instance and the slots fit the function's type, as this function asks; a trap
        // abandons the stack up to `on_guest_stack`.
        unsafe { (self.trampoline)(self.vmctx.vmctx, self.body, slots.as_mut_ptr()) }
    }
}

/// What ended what ran on a guest's stack.
pub(crate) enum Ended {
    /// A trap, and whether host code had come to the end of the stack before.
    Trap(Trap, bool),
    /// There was no stack to begin with.
    NoStack(io::Error),
    /// It would have been one too many within others.
    TooDeep,
}

/// Runs `body` on the guest's stack, so that it can enter several functions for the price of one switch. The guest's
/// functions are at `code`, look at `flag`, and may use `bytes` of the stack. Only pointers go there and nothing comes
/// back: a move would cost as much as the switch. Says whether host code came to the end of the stack.
///
/// # Safety
/// While `body` is in guest code it must own nothing: a trap there abandons its frames without running destructors.
pub(crate) unsafe fn on_guest_stack<F: FnMut()>(
    code: Range<usize>,
    flag: *mut i32,
    bytes: usize,
    body: &mut F,
) -> Result<bool, Ended> {
    loop {
        let running = Running::new(code.clone(), flag, bytes);
        let mut job = Job { running, body: &mut *body, entered: Entered::No };
        if !job.running.is_ready() {
            match job.run_first() {
                Some(outcome) => return outcome,
                None => continue,
            }
        }
        let outcome = job.run();
        let opened = job.running.is_opened();
        return match (outcome, job.entered) {
            (Ok(()), Entered::Yes) => Ok(opened),
            (Err(trap), Entered::Yes) => Err(Ended::Trap(trap, opened)),
            (outcome, _) => match job.not_entered(outcome) {
                Some(error) => Err(Ended::NoStack(error)),
                None => continue,
            },
        };
    }
}

/// What goes to a guest's stack.
struct Job<'a, F> {
    running: Running,
    body: &'a mut F,
    entered: Entered,
}

impl<F: FnMut()> Job<'_, F> {
    /// Goes to the guest's stack for the first time on this thread, or deeper than ever, or to a larger one. None if it must be
    /// tried again.
    #[cold]
    fn run_first(&mut self) -> Option<Result<bool, Ended>> {
        if self.running.is_too_deep() {
            return Some(Err(Ended::TooDeep));
        }
        if let Err(error) = self.running.prepare() {
            return Some(Err(Ended::NoStack(error)));
        }
        // wasmer panics where it has no stack after all.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.run()));
        let opened = self.running.is_opened();
        match (outcome, self.entered) {
            (Ok(outcome), Entered::Yes) => {
                self.running.note_ready();
                Some(outcome.map(|()| opened).map_err(|trap| Ended::Trap(trap, opened)))
            }
            (Err(panic), Entered::No) => {
                let words = panic_message(&*panic).to_owned();
                Some(Err(Ended::NoStack(io::Error::other(words))))
            }
            (Err(panic), _) => resume_unwind(panic),
            (Ok(outcome), _) => self.not_entered(outcome).map(|error| Err(Ended::NoStack(error))),
        }
    }

    /// Why `body` didn't run; none if it must be tried again.
    #[cold]
    fn not_entered(&mut self, outcome: Result<(), Trap>) -> Option<io::Error> {
        match (outcome, self.entered) {
            (_, Entered::OtherSize) => None,
            // No signal stack for this thread.
            (Err(trap), _) => Some(io::Error::other(trap.to_string())),
            (Ok(()), _) => Some(self.running.refusal()),
        }
    }

    /// Goes to the guest's stack.
    #[inline(always)]
    fn run(&mut self) -> Result<(), Trap> {
        unsafe fn on_stack<F: FnMut()>(job: *mut c_void) {
            // SAFETY: the pointer is the one below, and nobody else uses the job meanwhile, but for what `enter` shares.
            let job = unsafe { &mut *job.cast::<Job<'_, F>>() };
            job.entered = job.running.enter();
            if job.entered == Entered::Yes {
                (job.body)();
            }
        }
        let config = VMConfig { wasm_stack_size: Some(self.running.total()) };
        // wasmer asks for a closure that borrows nothing; the job outlives it.
        let (run, job) = (on_stack::<F> as unsafe fn(*mut c_void), (&raw mut *self).cast());
        // SAFETY: the closure is called once, before this returns; `body` owns nothing while it is in guest code, as
        // `on_guest_stack` asks; the handler is static.
        unsafe { catch_traps(Some(guest_stack::handler()), &config, move || run(job)) }
    }
}
