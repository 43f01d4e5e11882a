//! Pointers of the host, and what frees them.

use std::ffi::c_void;

/// Frees what a `user_data` pointer owns. Called exactly once, on any thread.
pub type wasp_free_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// A pointer of the host with what frees it.
pub(crate) struct UserData {
    pub pointer: *mut c_void,
    free: wasp_free_fn,
}

// SAFETY: the header says that callbacks and their user data are used from any thread, and the host agreed.
unsafe impl Send for UserData {}
// SAFETY: the host agreed to calls from several threads at once.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, free: wasp_free_fn) -> Self {
        Self { pointer, free }
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the host gave the pointer and the function for each other, and this runs once.
            unsafe { free(self.pointer) }
        }
    }
}
