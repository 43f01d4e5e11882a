//! The instances that JavaScript holds.

use crate::message::Deliver;
use std::cell::{Cell, RefCell};
use std::mem;
use std::sync::Arc;
use wasp_core::{Error, Functions, Instance, Interrupter};

/// What JavaScript holds of an instance. Only its own thread is in here: a call on a worker takes the instance along, and
/// JavaScript puts it back.
pub(crate) struct InstanceHandle {
    /// Borrowed while a call runs on this thread.
    state: RefCell<State>,
    /// It was closed while it was in use.
    closing: Cell<bool>,
    /// The instance's, also while it is in use.
    pub interrupter: RefCell<Option<Interrupter>>,
    pub functions: Functions,
    pub deliver: Arc<Deliver>,
}

enum State {
    Here(Instance),
    Away,
    Closed,
}

impl InstanceHandle {
    pub(crate) fn new(
        instance: Option<Instance>,
        functions: Functions,
        deliver: Arc<Deliver>,
    ) -> Self {
        let interrupter = RefCell::new(instance.as_ref().map(Instance::interrupter));
        let state = RefCell::new(instance.map_or(State::Closed, State::Here));
        Self { state, closing: Cell::new(false), interrupter, functions, deliver }
    }

    #[inline]
    pub(crate) fn enter<R>(
        &self,
        body: impl FnOnce(&mut Instance) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let outcome = match self.state.try_borrow_mut().as_deref_mut() {
            Ok(State::Here(instance)) => body(instance),
            Ok(State::Closed) => Err(Error::instance_closed()),
            Ok(State::Away) | Err(_) => Err(Error::instance_busy()),
        };
        if self.closing.get() {
            self.close();
        }
        outcome
    }

    /// Takes the instance along.
    pub(crate) fn leave(&self) -> Result<Instance, Error> {
        let Ok(mut state) = self.state.try_borrow_mut() else { return Err(Error::instance_busy()) };
        match mem::replace(&mut *state, State::Away) {
            State::Here(instance) => Ok(instance),
            State::Away => Err(Error::instance_busy()),
            State::Closed => {
                *state = State::Closed;
                Err(Error::instance_closed())
            }
        }
    }

    /// Puts it back; without one, it is lost.
    pub(crate) fn put_back(&self, instance: Option<Instance>) {
        if let Ok(mut state) = self.state.try_borrow_mut() {
            *state = instance.map_or(State::Closed, State::Here);
        }
        if self.closing.get() {
            self.close();
        }
    }

    /// Frees the instance, now or when its call is over.
    pub(crate) fn close(&self) {
        let instance = match self.state.try_borrow_mut().as_deref_mut() {
            Ok(State::Away) | Err(_) => {
                self.closing.set(true);
                return;
            }
            Ok(state) => mem::replace(state, State::Closed),
        };
        self.closing.set(false);
        drop(instance);
    }

    /// Takes another instance of the same plugin, unless a call of the last one is not over yet.
    pub(crate) fn reopen(&self, instance: &mut Option<Instance>) -> bool {
        match (self.state.try_borrow_mut().as_deref_mut(), instance.take()) {
            (Ok(state @ State::Closed), Some(instance)) => {
                *self.interrupter.borrow_mut() = Some(instance.interrupter());
                *state = State::Here(instance);
                true
            }
            (_, refused) => {
                *instance = refused;
                false
            }
        }
    }
}
