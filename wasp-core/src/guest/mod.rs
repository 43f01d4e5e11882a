//! The guest ABI (docs/guest-abi.md) in code: calls, what they pass, and the host functions that they call back.

pub(crate) mod allocations;
#[allow(unsafe_code)] // Runs the steps of a call on the guest's stack.
pub(crate) mod call;
pub(crate) mod host;
#[allow(unsafe_code)] // Compiled code arrives here.
pub(crate) mod import_thunk;
pub(crate) mod phase;
pub(crate) mod scope;
#[allow(unsafe_code)] // Enters compiled code.
pub(crate) mod state;
pub(crate) mod transfer;
