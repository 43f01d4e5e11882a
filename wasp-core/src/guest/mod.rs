//! The guest ABI (docs/guest-abi.md) in code: calls, what they pass, and the host functions that they call back.

mod abi_functions;
pub(crate) mod allocations;
#[allow(unsafe_code)] // Runs the steps of a call on the guest's stack.
pub(crate) mod call;
pub(crate) mod call_state;
#[allow(unsafe_code)] // Copies out of and into a memory whose guest waits.
mod caller_memory;
mod door;
mod ending;
pub(crate) mod extism_functions;
#[allow(unsafe_code)] // Compiled code calls it.
mod extism_memory;
#[allow(unsafe_code)] // Enters compiled code.
pub(crate) mod guest_state;
#[allow(unsafe_code)] // Says that the guest waits.
pub(crate) mod host_function;
#[allow(unsafe_code)] // Compiled code arrives here.
pub(crate) mod import_thunk;
pub(crate) mod scope;
mod script_callback;
pub(crate) mod transfer;
