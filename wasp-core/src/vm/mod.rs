//! wasmer-vm behind one door: the state of an instance, and the way into compiled code.

pub(crate) mod memory;
pub(crate) mod parts;
pub(crate) mod trampoline;
pub(crate) mod tunables;
pub(crate) mod turn;
