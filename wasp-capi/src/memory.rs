//! Guest memory, for modules whose functions take and give addresses.

use crate::argument::{handle, invalid};
use crate::caller::wasp_caller;
use crate::error::{guard, shield, wasp_error};
use crate::instance::wasp_instance;
use crate::slice::wasp_slice;
use std::ffi::c_void;
use std::{ptr, slice};
use wasp_core::Error;

/// Returns the size of the instance's memory in bytes; 0 where its plugin exports none, and while it runs a call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_memory_size(instance: *mut wasp_instance) -> usize {
    if instance.is_null() {
        return 0;
    }
    shield(0, || {
        // SAFETY: the handle is alive, the header's promise.
        let size = unsafe { wasp_instance::enter(instance, |instance| Ok(instance.memory_size())) };
        size.unwrap_or_default()
    })
}

/// Returns how many bytes of the instance's memory are its own: those of the pages that it has written to, whereas all others are shared
/// with the plugin's snapshot. It is the whole size where the kernel can't say, as before Linux 6.7, and 0 while it runs a call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_memory_used(instance: *mut wasp_instance) -> usize {
    if instance.is_null() {
        return 0;
    }
    shield(0, || {
        // SAFETY: the handle is alive, the header's promise.
        let used = unsafe { wasp_instance::enter(instance, |instance| Ok(instance.memory_used())) };
        used.unwrap_or_default()
    })
}

/// Copies `length` bytes of the instance's memory, from `address` on, to `data`.
///
/// Errors: WASP_ERROR_INVALID if they are not in the memory, or if the plugin exports none, and BUSY. In a callback of the instance's,
/// `wasp_caller_read` does the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_read(
    instance: *mut wasp_instance,
    address: u32,
    data: *mut c_void,
    length: usize,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let instance = handle((!instance.is_null()).then_some(instance), "instance")?;
        // SAFETY: the handle is alive, and the place is as long as it says, the header's promises.
        unsafe {
            wasp_instance::enter(instance, |instance| {
                instance.read_into(address, place(data, length, instance.memory_size())?)
            })
        }
    })
}

/// Copies `data` into the instance's memory, to `address`.
///
/// Errors: as for `wasp_instance_read`. In a callback of the instance's, `wasp_caller_write` does the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_write(
    instance: *mut wasp_instance,
    address: u32,
    data: wasp_slice,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let instance = handle((!instance.is_null()).then_some(instance), "instance")?;
        // SAFETY: slices are readable, and the handle is alive, the header's promises.
        unsafe {
            let data = data.bytes("the data")?;
            wasp_instance::enter(instance, |instance| {
                // It may be where it goes to.
                let copy = instance.lends(data).then(|| data.to_vec());
                instance.write(address, copy.as_deref().unwrap_or(data))
            })
        }
    })
}

/// Returns the size of the calling instance's memory in bytes; 0 where its plugin exports none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_memory_size(caller: Option<&wasp_caller>) -> usize {
    caller.map_or(0, |caller| caller.core().memory_size())
}

/// Copies `length` bytes of the calling instance's memory, from `address` on, to `data`.
///
/// Errors: WASP_ERROR_INVALID if they are not in the memory, or if the plugin exports none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_read(
    caller: Option<&wasp_caller>,
    address: u32,
    data: *mut c_void,
    length: usize,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let caller = handle(caller, "caller")?.core();
        // SAFETY: the place is as long as it says, the header's promise.
        caller.read_into(address, unsafe { place(data, length, caller.memory_size()) }?)
    })
}

/// Copies `data` into the calling instance's memory, to `address`.
///
/// Errors: as for `wasp_caller_read`, and WASP_ERROR_INVALID where a string or bytes that the callback was given are: it borrows them
/// from there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_write(
    caller: Option<&mut wasp_caller>,
    address: u32,
    data: wasp_slice,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let caller = handle(caller, "caller")?;
        // SAFETY: slices are readable, the header's promise.
        let data = unsafe { data.bytes("the data") }?;
        caller.core_mut().write(address, data)
    })
}

/// The place to copy to. More than `most` bytes are not there to be copied: what then refuses the call needs no place.
///
/// # Safety
/// `data` is NULL or points to `length` bytes that may be written to, and that nobody else uses for `'a`.
unsafe fn place<'a>(data: *mut c_void, length: usize, most: usize) -> Result<&'a mut [u8], Error> {
    if length == 0 {
        return Ok(&mut []);
    }
    if data.is_null() {
        return Err(invalid(format!("the place for the data is {length} bytes at NULL")));
    }
    if length > most {
        return Err(invalid(format!("{length} bytes are not in a memory of {most} bytes")));
    }
    // SAFETY: the bytes may be written to, as this function asks; zeros first, since a slice has no bytes that nobody wrote.
    unsafe {
        ptr::write_bytes(data.cast::<u8>(), 0, length);
        Ok(slice::from_raw_parts_mut(data.cast(), length))
    }
}
