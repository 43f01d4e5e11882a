//! Text and bytes as C passes them.

use crate::argument::invalid;
use std::ffi::c_char;
use std::{ptr, slice};
use wasp_core::Error;

/// Borrowed text or bytes: `len` bytes at `ptr`, not NUL-terminated. Text is UTF-8. `ptr` may be NULL if `len` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasp_slice {
    pub ptr: *const c_char,
    pub len: usize,
}

impl wasp_slice {
    pub(crate) const EMPTY: Self = Self { ptr: ptr::null(), len: 0 };

    pub(crate) fn of(bytes: &[u8]) -> Self {
        // Where Rust has no bytes, its pointer is no address. Go dies of such a one on a stack that grows.
        let ptr = if bytes.is_empty() { c"".as_ptr() } else { bytes.as_ptr().cast() };
        Self { ptr, len: bytes.len() }
    }

    /// The bytes; `what` names them in the error.
    ///
    /// # Safety
    /// `ptr` is NULL or points to `len` readable bytes that nobody changes for `'a`.
    #[inline(always)]
    pub(crate) unsafe fn bytes<'a>(self, what: &str) -> Result<&'a [u8], Error> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.ptr.is_null() {
            return Err(invalid(format!("{what} is {} bytes at NULL", self.len)));
        }
        if self.len > isize::MAX as usize {
            return Err(invalid(format!("{what} is longer than memory can be")));
        }
        // SAFETY: not NULL, and readable for `'a`, as this function asks.
        Ok(unsafe { slice::from_raw_parts(self.ptr.cast(), self.len) })
    }

    /// The same as text.
    ///
    /// # Safety
    /// As for [`bytes`](Self::bytes).
    #[inline(always)]
    pub(crate) unsafe fn text<'a>(self, what: &str) -> Result<&'a str, Error> {
        // SAFETY: readable for `'a`, as this function asks.
        let bytes = unsafe { self.bytes(what) }?;
        wasp_core::utf8(bytes).map_err(|_| invalid(format!("{what} is not UTF-8")))
    }
}

/// The `count` things at `first`, for arrays; `what` names them in the error.
///
/// # Safety
/// `first` is NULL or points to `count` things that nobody changes for `'a`.
#[inline(always)]
pub(crate) unsafe fn array<'a, T>(
    first: *const T,
    count: usize,
    what: &str,
) -> Result<&'a [T], Error> {
    if count == 0 {
        return Ok(&[]);
    }
    if first.is_null() {
        return Err(invalid(format!("{count} {what} at NULL")));
    }
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(invalid(format!("{count} {what} are more than memory can hold")));
    }
    // SAFETY: not NULL, and readable for `'a`, as this function asks.
    Ok(unsafe { slice::from_raw_parts(first, count) })
}

/// A list as C takes it: NULL if it is empty, for the same reason as in [`wasp_slice::of`].
pub(crate) fn first<T>(list: &[T]) -> *const T {
    if list.is_empty() { ptr::null() } else { list.as_ptr() }
}
