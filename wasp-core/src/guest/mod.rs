//! The guest ABI (docs/guest-abi.md) in code: calls, what they pass, and the host functions that they call back.

pub(crate) mod allocations;
#[allow(unsafe_code)] // Runs the steps of a call on the guest's stack.
pub(crate) mod call;
pub(crate) mod host;
#[allow(unsafe_code)] // Compiled code arrives here.
pub(crate) mod import_thunk;
#[allow(unsafe_code)] // Enters compiled code, and holds slices of guest memory.
pub(crate) mod state;
#[allow(unsafe_code)] // Holds slices of guest memory.
pub(crate) mod transfer;
