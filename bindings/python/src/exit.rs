//! The end of the interpreter, while other threads are still in plugins.
//!
//! Python ends a daemon thread that asks for the interpreter's lock by `pthread_exit`, which unwinds the thread's stack (up to 3.13;
//! from 3.14 on the thread waits for ever). Unwinding through Rust ends the process: "exception not rethrown". So Python code is
//! called through a frame at which unwinding finds the end of the stack, and then leaves the thread without touching the frames above; and a
//! thread that comes back to an interpreter that is ending waits for the process's end.

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::OnceLock;
use std::time::Duration;

type Call = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;

/// Defines `wasp_call_at_stack_end` by the instructions of one architecture. The fourth argument is the function, which gets the
/// other three.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
macro_rules! call_at_stack_end {
    ($($line:literal),*) => {
        std::arch::global_asm!(
            ".balign 16",
            ".local wasp_call_at_stack_end",
            ".type wasp_call_at_stack_end, @function",
            "wasp_call_at_stack_end:",
            ".cfi_startproc",
            $($line,)*
            "ret",
            ".cfi_endproc",
            ".size wasp_call_at_stack_end, . - wasp_call_at_stack_end",
        );
    };
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
call_at_stack_end!(
    ".cfi_undefined rip",
    "push rbp",
    ".cfi_def_cfa_offset 16",
    "mov rbp, rsp",
    "call rcx",
    "pop rbp",
    ".cfi_def_cfa_offset 8"
);

#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
call_at_stack_end!(
    ".cfi_undefined x30",
    "stp x29, x30, [sp, -16]!",
    ".cfi_def_cfa_offset 16",
    "mov x29, sp",
    "blr x3",
    "ldp x29, x30, [sp], 16",
    ".cfi_def_cfa_offset 0"
);

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe extern "C" {
    fn wasp_call_at_stack_end(
        callable: *mut PyObject,
        args: *mut PyObject,
        kwargs: *mut PyObject,
        call: Call,
    ) -> *mut PyObject;
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
unsafe fn wasp_call_at_stack_end(
    callable: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
    call: Call,
) -> *mut PyObject {
    // SAFETY: what this function asks is what it asks.
    unsafe { call(callable, args, kwargs) }
}

/// Calls `function`, such that the thread may be ended meanwhile.
pub(crate) fn call<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    // SAFETY: the interpreter is attached, the objects are alive, and the result is a reference of our own, or NULL with an
    // exception set.
    unsafe {
        let answer = wasp_call_at_stack_end(
            function.as_ptr(),
            args.as_ptr(),
            std::ptr::null_mut(),
            ffi::PyObject_Call,
        );
        Bound::from_owned_ptr_or_err(py, answer)
    }
}

/// Runs `body` without the interpreter's lock.
#[inline]
pub(crate) fn detached<R: Send>(py: Python<'_>, body: impl Send + FnOnce() -> R) -> R {
    py.detach(|| {
        let outcome = body();
        wait_if_ending();
        outcome
    })
}

/// Waits for the process's end, if the interpreter is ending: who asked it for its lock would be ended here, within Rust.
#[inline]
pub(crate) fn wait_if_ending() {
    if is_ending() {
        loop {
            std::thread::sleep(Duration::from_secs(3600));
        }
    }
}

fn is_ending() -> bool {
    type Ask = unsafe extern "C" fn() -> libc::c_int;
    static ASK: OnceLock<Option<Ask>> = OnceLock::new();
    // The first is public from 3.13 on.
    let ask = ASK.get_or_init(|| {
        [c"Py_IsFinalizing", c"_Py_IsFinalizing"].into_iter().find_map(|name| {
            // SAFETY: both have this type, where they are there.
            unsafe {
                let symbol = libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr());
                (!symbol.is_null()).then(|| std::mem::transmute::<*mut libc::c_void, Ask>(symbol))
            }
        })
    });
    // SAFETY: it reads a word, and needs no lock.
    ask.is_some_and(|ask| unsafe { ask() } != 0)
}
