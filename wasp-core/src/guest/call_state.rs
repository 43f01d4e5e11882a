//! Where the call of an instance stands, and what is known of it.

use std::cell::{Cell, RefCell};

/// Where the call of an instance stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No call runs.
    #[default]
    Idle,
    /// A call runs, and this thread is on the host's stack.
    Host,
    /// A call runs, and this thread is on the guest's stack, where functions are entered without a switch.
    Guest,
    /// A call was ended half-way: the instance must be reset.
    Poisoned,
}

/// What is known of the call that an instance runs.
#[derive(Default)]
pub(crate) struct CallState {
    phase: Cell<Phase>,
    /// The function of the ABI that runs, for the words of a trap in it.
    step: Cell<Option<&'static str>>,
    /// Whether host code came to the end of the guest's stack.
    exhausted: Cell<bool>,
    /// Whether the call has called a WASI function.
    called_wasi: Cell<bool>,
    /// What the guest raised: the call fails with it when the guest returns.
    raised: RefCell<Option<String>>,
}

impl CallState {
    /// Forgets everything, as in a new instance.
    pub(crate) fn reset(&self) {
        self.phase.set(Phase::Idle);
        self.clear();
    }

    /// Forgets what is known of a call, but for its phase.
    pub(super) fn clear(&self) {
        self.step.set(None);
        self.exhausted.set(false);
        drop(self.take_raised());
    }

    /// Notes that a call begins: what the one before it said doesn't count.
    #[inline]
    pub(super) fn begin(&self) {
        self.phase.set(Phase::Host);
        self.step.set(None);
        self.called_wasi.set(false);
        drop(self.take_raised());
    }

    /// Notes that the call ends, and returns whether host code came to the end of the guest's stack in it.
    #[inline]
    pub(super) fn end(&self) -> bool {
        if !self.is_poisoned() {
            self.phase.set(Phase::Idle);
        }
        // Asked at each call: the look is cheaper than the exchange.
        self.exhausted.get() && self.exhausted.replace(false)
    }

    #[inline]
    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Notes that guest code was ended half-way.
    pub(crate) fn poison(&self) {
        self.phase.set(Phase::Poisoned);
    }

    /// Takes back that guest code was ended half-way: `proc_exit(0)` is how a program's start ends.
    pub(crate) fn forgive(&self) {
        self.phase.set(Phase::Idle);
    }

    /// Returns whether guest code was ended half-way.
    #[inline]
    pub(crate) fn is_poisoned(&self) -> bool {
        self.phase.get() == Phase::Poisoned
    }

    #[inline]
    pub(super) fn is_on_guest_stack(&self) -> bool {
        self.phase.get() == Phase::Guest
    }

    /// Notes that this thread goes to the guest's stack, and returns what [`leave_guest_stack`](Self::leave_guest_stack) needs.
    pub(super) fn enter_guest_stack(&self) -> Phase {
        self.phase.replace(Phase::Guest)
    }

    /// Notes that this thread is back from the guest's stack; one that was poisoned there stays so.
    pub(super) fn leave_guest_stack(&self, before: Phase) {
        if !self.is_poisoned() {
            self.phase.set(before);
        }
    }

    /// Takes the step in which guest code was ended, if it was in one.
    pub(super) fn take_step(&self) -> Option<&'static str> {
        self.step.take()
    }

    /// Notes that a host function runs, on the host's stack, and returns where its caller is.
    #[inline]
    pub(super) fn enter_host_function(&self) -> Phase {
        self.phase.replace(Phase::Host)
    }

    /// Notes that a host function returns to its caller.
    #[inline]
    pub(super) fn leave_host_function(&self, caller: Phase) {
        // If guest code that the host function entered was ended, all of the call is.
        if !self.is_poisoned() {
            self.phase.set(caller);
        }
    }

    #[inline]
    pub(super) fn begin_step(&self, step: &'static str) -> Option<&'static str> {
        self.step.replace(Some(step))
    }

    #[inline]
    pub(super) fn end_step(&self, before: Option<&'static str>) {
        self.step.set(before);
    }

    pub(super) fn note_exhausted(&self, exhausted: bool) {
        self.exhausted.set(self.exhausted.get() || exhausted);
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// Notes a call of a WASI function, and returns whether it is the first of the call.
    pub(super) fn note_wasi(&self) -> bool {
        !self.called_wasi.replace(true)
    }

    pub(super) fn has_called_wasi(&self) -> bool {
        self.called_wasi.get()
    }

    pub(super) fn raise(&self, text: String) {
        self.raised.replace(Some(text));
    }

    /// Takes what the guest raised, if it did.
    #[inline]
    pub(super) fn take_raised(&self) -> Option<String> {
        // Asked at each call: the look is cheaper than the exchange.
        if self.raised.borrow().is_some() { self.raised.take() } else { None }
    }
}
