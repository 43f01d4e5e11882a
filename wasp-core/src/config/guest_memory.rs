//! A guest's linear memory, as the host copies out of it and into it.

use crate::base::error::{Error, ErrorKind, Result};
use std::ops::Range;

/// The memory of a guest that waits for the host.
pub(crate) trait GuestMemory {
    /// Returns its length in bytes; none where the plugin exports no memory.
    fn len(&self) -> Option<usize>;
    /// Copies `into.len()` bytes from `address` on, which are in the memory.
    fn copy_out(&self, address: usize, into: &mut [u8]);
    /// Copies `data` to `address`, where there is room for it, and returns true; unless that is in `lent`, the addresses of the process
    /// that slices of the memory are at.
    fn copy_in(&self, address: usize, data: &[u8], lent: &Range<usize>) -> bool;
}

/// Returns `address`, from which on `count` bytes are in a memory of `len`.
///
/// # Errors
/// [`ErrorKind::Invalid`] if they are not, or if there is no memory.
pub(crate) fn check_range(len: Option<usize>, address: u32, count: usize) -> Result<usize> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Invalid, message));
    let Some(len) = len else {
        return refuse("the plugin exports no memory as \"memory\"".into());
    };
    let start = address as usize;
    if start.checked_add(count).is_none_or(|end| end > len) {
        return refuse(format!(
            "{count} bytes from {address:#x} on are not in its memory of {len} bytes"
        ));
    }
    Ok(start)
}

/// The error for a place that is lent to the host.
pub(crate) fn lent(address: u32, count: usize) -> Error {
    let message = format!(
        "{count} bytes from {address:#x} on can't be written: a string or bytes that the callback was given are there, or between two of them"
    );
    Error::new(ErrorKind::Invalid, message)
}
