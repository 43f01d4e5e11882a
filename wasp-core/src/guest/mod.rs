//! The guest ABI (docs/guest-abi.md) in code: calls, what they pass, and the host functions that they call back.

pub(crate) mod allocations;
pub(crate) mod call;
pub(crate) mod host;
pub(crate) mod import_thunk;
pub(crate) mod state;
pub(crate) mod transfer;
