//! What every layer speaks: values, errors, log records and names.

pub(crate) mod abi_names;
pub(crate) mod demangle;
pub(crate) mod error;
pub(crate) mod json;
pub(crate) mod log;
pub(crate) mod nearest;
pub(crate) mod packed;
#[allow(unsafe_code)] // Reads the union of a slot.
pub(crate) mod slots;
#[allow(unsafe_code)] // Knows of ASCII that it is UTF-8.
pub(crate) mod text;
pub(crate) mod value;
pub(crate) mod visible;
