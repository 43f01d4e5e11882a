//! Which wasp this is.

use std::ffi::{CStr, c_char};

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("the version has no NUL inside"),
    };

/// Returns the version of the library that runs, like "0.1.0": NUL-terminated and static. WASP_VERSION is the header's.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns the version of the guest ABI that this library speaks: 1.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_abi_version() -> u32 {
    1
}
