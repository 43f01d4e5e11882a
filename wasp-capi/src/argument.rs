//! Arguments that C got wrong.

use wasp_core::{Error, ErrorKind};

/// Returns the error for an argument that can't be used.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::from_host(ErrorKind::Invalid, message)
}

/// Returns the handle, or an error that names `what` it is if it is NULL.
pub(crate) fn handle<T>(handle: Option<T>, what: &str) -> Result<T, Error> {
    handle.ok_or_else(|| invalid(format!("the {what} is NULL")))
}
