//! The plugin's memory, as the host uses it.

use std::alloc::{alloc, dealloc, Layout};

/// Returns a block of memory with these contents, which the host will free.
pub(crate) fn block(contents: Vec<u8>) -> usize {
    Box::into_raw(contents.into_boxed_slice()) as *mut u8 as usize
}

#[cfg_attr(target_arch = "wasm32", no_mangle)]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
extern "C" fn allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size.max(1)) {
        // SAFETY: the size is not 0.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

#[cfg_attr(target_arch = "wasm32", no_mangle)]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
unsafe extern "C" fn deallocate(block: *mut u8, size: usize) {
    if !block.is_null() {
        // SAFETY: the host hands back a block of `allocate` or `block`, and the size it had.
        dealloc(block, Layout::from_size_align_unchecked(size.max(1), 1))
    }
}

#[cfg(target_arch = "wasm32")]
#[no_mangle]
unsafe extern "C" fn get_string_size(text: *const u8) -> usize {
    // SAFETY: the host passes a string.
    std::ffi::CStr::from_ptr(text as *const _).to_bytes().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_freed_by_its_size() {
        unsafe {
            deallocate(block(vec![1, 2, 3]) as *mut u8, 3);
            deallocate(allocate(0), 0);
            deallocate(std::ptr::null_mut(), 5);
        }
        assert!(allocate(usize::MAX).is_null());
    }
}
