//! wasmer-vm behind one door: linear memories and globals, and the way into compiled code.

pub(crate) mod memory;
pub(crate) mod trampoline;
