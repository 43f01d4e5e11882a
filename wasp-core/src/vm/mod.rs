//! wasmer-vm behind one door: the state of an instance, and the way into compiled code.

pub(crate) mod bounds;
pub(crate) mod builtins;
pub(crate) mod exceptions;
mod frame_chain;
pub(crate) mod guest_stack;
pub(crate) mod host_switch;
pub(crate) mod memory;
pub(crate) mod parts;
pub(crate) mod raise;
mod resident;
pub(crate) mod runtime;
mod thread;
pub(crate) mod trampoline;
pub(crate) mod trap;
pub(crate) mod tunables;
pub(crate) mod turn;
