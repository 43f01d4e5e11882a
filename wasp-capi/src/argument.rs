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

/// Returns what a handle points to, or an error that names `what` it is if it is NULL. For functions that change what it
/// stands for, whose pointers are not const in C.
///
/// # Safety
/// The handle is NULL or alive.
pub(crate) unsafe fn alive<'a, T>(handle: *mut T, what: &str) -> Result<&'a T, Error> {
    // SAFETY: NULL or alive, as this function asks.
    self::handle(unsafe { handle.as_ref() }, what)
}

/// Reads a struct that begins with its own size, as the caller's header has it: `zeros` with what the caller knows of
/// it, and whether the rest, which this library doesn't know, is zero.
///
/// # Safety
/// `given` points to a `usize` and to as many bytes as that says; `T` is plain data that begins with a `usize`.
pub(crate) unsafe fn sized<T: Copy>(
    given: *const T,
    zeros: T,
    what: &str,
) -> Result<(T, Result<(), Error>), Error> {
    let mut read = zeros;
    // SAFETY: `given` points to as many bytes as it says, as this function asks, and no more than `T` has are copied.
    let beyond = unsafe {
        let size = given.cast::<usize>().read_unaligned();
        if size < size_of::<usize>() || size > 1 << 16 {
            return Err(invalid(format!(
                "{what} has size {size}, and sizeof({what}) is {}",
                size_of::<T>()
            )));
        }
        let known = size.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut read).cast(), known);
        std::slice::from_raw_parts(given.cast::<u8>().add(known), size - known)
    };
    let rest = if beyond.iter().any(|byte| *byte != 0) {
        Err(invalid(format!("{what} sets a field that this version of wasp doesn't know")))
    } else {
        Ok(())
    };
    Ok((read, rest))
}
