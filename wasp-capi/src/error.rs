//! Errors as C sees them, and the one place where a panic becomes one.

use crate::slice::{first, wasp_slice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasp_core::Error;

/// The kind of an error: a WASP_ERROR constant.
pub type wasp_error_tag = u32;
/// An argument of the host is wrong: a NULL handle, an unknown kind, an option out of range.
pub const WASP_ERROR_INVALID: wasp_error_tag = 1;
/// A file or directory of the host can't be used.
pub const WASP_ERROR_IO: wasp_error_tag = 2;
/// The bytes are not a module that wasp can compile.
pub const WASP_ERROR_COMPILE: wasp_error_tag = 3;
/// The module imports something that no callback provides, or with another type.
pub const WASP_ERROR_IMPORT_NOT_FOUND: wasp_error_tag = 4;
/// No plugin is registered under that name.
pub const WASP_ERROR_PLUGIN_NOT_FOUND: wasp_error_tag = 5;
/// The plugin exports no function of that name.
pub const WASP_ERROR_FUNCTION_NOT_FOUND: wasp_error_tag = 6;
/// The arguments or the result don't fit the function's WebAssembly signature.
pub const WASP_ERROR_SIGNATURE: wasp_error_tag = 7;
/// The guest broke the ABI: a pointer outside memory, a string without end, text that is not UTF-8.
pub const WASP_ERROR_ABI: wasp_error_tag = 8;
/// The guest trapped: unreachable, out of bounds, division by zero, stack overflow, ...
pub const WASP_ERROR_TRAP: wasp_error_tag = 9;
/// The guest reported an error through `env.raise_error`; the message is its text.
pub const WASP_ERROR_GUEST: wasp_error_tag = 10;
/// The guest called `env.abort`.
pub const WASP_ERROR_ABORT: wasp_error_tag = 11;
/// The guest called `proc_exit`.
pub const WASP_ERROR_EXIT: wasp_error_tag = 12;
/// A callback failed.
pub const WASP_ERROR_CALLBACK: wasp_error_tag = 13;
/// The call ran past its time limit.
pub const WASP_ERROR_TIMEOUT: wasp_error_tag = 14;
/// The host interrupted the call.
pub const WASP_ERROR_CANCELLED: wasp_error_tag = 15;
/// The machine or a limit has no more memory, address space, stack or threads.
pub const WASP_ERROR_RESOURCE: wasp_error_tag = 16;
/// An earlier call ended half-way, so the instance must be reset before it is used again.
pub const WASP_ERROR_POISONED: wasp_error_tag = 17;
/// The instance runs a call already.
pub const WASP_ERROR_BUSY: wasp_error_tag = 18;
/// A defect of wasp itself: please report it.
pub const WASP_ERROR_INTERNAL: wasp_error_tag = 19;

/// One frame of a guest's stack trace.
///
/// The function's name, demangled, empty where the module has none; its index in the module; and the offset in bytes of the
/// instruction from the start of the module. Where the module has DWARF, also the instruction's source file, else empty, and its line
/// and column there, from 1; 0 where they aren't known.
#[repr(C)]
pub struct wasp_frame {
    pub function: wasp_slice,
    pub function_index: u32,
    pub module_offset: u32,
    pub file: wasp_slice,
    pub line: u32,
    pub column: u32,
}

/// An import that no callback provides, or with another type.
#[repr(C)]
pub struct wasp_import {
    pub module: wasp_slice,
    pub name: wasp_slice,
}

/// What went wrong. The caller owns it and frees it with `wasp_error_free`. It never changes, so any thread may read it.
pub struct wasp_error {
    error: Error,
    message: String,
    frames: Vec<wasp_frame>,
    imports: Vec<wasp_import>,
}

// SAFETY: the slices point into the error beside them, and nobody changes either.
unsafe impl Send for wasp_error {}
// SAFETY: all that `&wasp_error` reaches is read-only.
unsafe impl Sync for wasp_error {}

impl From<Error> for Box<wasp_error> {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let mut this =
            Box::new(wasp_error { error, message, frames: Vec::new(), imports: Vec::new() });
        let frame = |frame: &wasp_core::Frame| wasp_frame {
            function: wasp_slice::of(frame.function.as_deref().unwrap_or_default().as_bytes()),
            function_index: frame.function_index,
            module_offset: frame.module_offset,
            file: wasp_slice::of(frame.file.as_deref().unwrap_or_default().as_bytes()),
            line: frame.line.unwrap_or(0),
            column: frame.column.unwrap_or(0),
        };
        this.frames = this.error.trace().iter().map(frame).collect();
        let import = |import: &wasp_core::Import| wasp_import {
            module: wasp_slice::of(import.module.as_bytes()),
            name: wasp_slice::of(import.name.as_bytes()),
        };
        this.imports = this.error.imports().iter().map(import).collect();
        this
    }
}

/// Runs the body of a C function that can fail. No panic gets past it.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Error>) -> Option<Box<wasp_error>> {
    let outcome = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|payload| Err(Error::panicked(&*payload)));
    outcome.err().map(Into::into)
}

/// Runs the body of a C function that can't fail: `fallback` is its answer if a panic came, which nothing there should.
pub(crate) fn shield<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// Releases an error; NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_free(error: Option<Box<wasp_error>>) {
    shield((), || drop(error));
}

/// Returns the kind of the error; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_kind(error: Option<&wasp_error>) -> wasp_error_tag {
    error.map_or(0, |error| error.error.kind() as wasp_error_tag)
}

/// Returns one line that says what went wrong, valid as long as the error; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_message(error: Option<&wasp_error>) -> wasp_slice {
    error.map_or(wasp_slice::EMPTY, |error| wasp_slice::of(error.message.as_bytes()))
}

/// Returns the plugin's function that was being called, valid as long as the error; empty if none was.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_function(error: Option<&wasp_error>) -> wasp_slice {
    let function = error.and_then(|error| error.error.function());
    function.map_or(wasp_slice::EMPTY, |name| wasp_slice::of(name.as_bytes()))
}

/// Returns what the guest wrote to its standard error during the call that failed, at most the last 1,024 bytes, as UTF-8 in which
/// control characters other than line ends and tabs are escaped. It is valid as long as the error; empty where there is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_stderr(error: Option<&wasp_error>) -> wasp_slice {
    let text = error.and_then(|error| error.error.stderr());
    text.map_or(wasp_slice::EMPTY, |text| wasp_slice::of(text.as_bytes()))
}

/// Returns the code that the guest passed to `proc_exit`, for WASP_ERROR_EXIT; else 0.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_exit_code(error: Option<&wasp_error>) -> i32 {
    error.and_then(|error| error.error.exit_code()).unwrap_or(0)
}

/// Returns the guest's stack trace, innermost frame first, valid as long as the error; NULL where there is none.
///
/// `count` receives the number of frames; it may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_trace(
    error: Option<&wasp_error>,
    count: Option<&mut usize>,
) -> *const wasp_frame {
    listed(error.map_or(&[], |error| &error.frames), count)
}

/// Returns the imports at fault, for WASP_ERROR_IMPORT_NOT_FOUND, valid as long as the error; else NULL.
///
/// `count` receives their number; it may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_error_imports(
    error: Option<&wasp_error>,
    count: Option<&mut usize>,
) -> *const wasp_import {
    listed(error.map_or(&[], |error| &error.imports), count)
}

/// A list as C takes it.
pub(crate) fn listed<T>(list: &[T], count: Option<&mut usize>) -> *const T {
    if let Some(count) = count {
        *count = list.len();
    }
    first(list)
}
