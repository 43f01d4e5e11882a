//! The functions of the runtime that compiled code calls, as far as they are ours.
//!
//! Each instance has a table of them. Those that grow a table, make an exception, throw it and tell its handler which one it is
//! are replaced there: all tables share one limit, the list of exceptions is looked after, and unwinding is kept out of forks.
//!
//! An exception that the plugin doesn't catch never comes to the host's frames: the unwinder finds no description of the
//! trampoline through which all calls enter compiled code, so it reports the end of the stack, and wasmer raises a trap.
//!
//! One of the modules that hold `unsafe`: it writes to that table.

use crate::sys::unwinding;
use crate::vm::exceptions::Exceptions;
use crate::vm::parts::InstanceParts;
use crate::vm::raise::raise;
use crate::vm::runtime::{Elements, Runtime};
use crate::vm::thread::Thread;
use std::ffi::c_void;
use std::mem;
use std::ptr::NonNull;
use std::sync::Arc;
use wasmer::{AsStoreMut, Store};
use wasmer_vm::libcalls::{
    wasmer_vm_alloc_exception, wasmer_vm_exception_into_exnref, wasmer_vm_table_grow,
    wasmer_vm_throw,
};
use wasmer_vm::{StoreObject, VMBuiltinFunctionIndex, VMContext, VMInstance};

/// What `table.grow` gives where it fails.
const REFUSED: u32 = u32::MAX;

/// Puts our functions into the table of the one instance in `store`, whose parts these are. `exceptions_are_kept` says whether its
/// code catches references to exceptions. Returns what these functions must know; each run of its code brings that along.
pub(crate) fn replace(
    store: &mut Store,
    parts: &InstanceParts,
    exceptions_are_kept: bool,
) -> Runtime {
    let objects = store.objects_mut().as_sys_mut();
    let mut throws = false;
    if let Some(instance) = VMInstance::list_mut(objects).first_mut() {
        throws = !instance.module_ref().tags.is_empty();
        write(instance);
    }
    let budget = parts.budget.as_ref().filter(|_| throws);
    let exceptions = budget.map(|budget| {
        Exceptions::new(NonNull::from(objects), Arc::clone(budget), exceptions_are_kept)
    });
    Runtime { exceptions, elements: Elements::new(parts.elements, parts.elements_limit) }
}

fn write(instance: &VMInstance) {
    type Index = VMBuiltinFunctionIndex;
    let replacements = [
        (Index::get_table_grow_index(), grow_table as *const ()),
        (Index::get_imported_alloc_exception_index(), allocate_exception as *const ()),
        (Index::get_imported_throw_index(), throw as *const ()),
        (Index::get_imported_exception_into_exnref_index(), land as *const ()),
    ];
    for (index, function) in replacements {
        let offset = instance.vmoffsets().vmctx_builtin_function(index) as usize;
        // SAFETY: the table is at that offset of the instance's context, compiled code reads it when it calls one of its functions,
        // and nobody is in the instance. Each function has the type of the one that it replaces.
        unsafe { instance.vmctx_ptr().byte_add(offset).cast::<*const ()>().write(function) };
    }
}

/// Returns what is kept of the instance whose code calls this.
///
/// # Safety
/// It does so in the call that is the innermost of this thread, and the answer isn't used longer than that.
unsafe fn runtime<'a>() -> &'a Runtime {
    // SAFETY: what runs on this thread outlives its run.
    unsafe { &*(*(*Thread::this()).running.get()).runtime }
}

/// Grows a table, within what is left for all of them. Returns how many elements it had, or [`REFUSED`].
///
/// # Safety
/// As for [`runtime`], and `vmctx` is of that instance.
unsafe extern "C" fn grow_table(
    vmctx: *mut VMContext,
    element: *mut c_void,
    delta: u32,
    table: u32,
) -> u32 {
    type Grow = unsafe extern "C" fn(*mut VMContext, *mut c_void, u32, u32) -> u32;
    // SAFETY: as this function asks.
    let elements = unsafe { &runtime().elements };
    if !elements.take(delta) {
        return REFUSED;
    }
    // SAFETY: it has this type, but that its element is a union of pointers, which is passed as a pointer is.
    let grow: Grow = unsafe { mem::transmute(wasmer_vm_table_grow as *const ()) };
    // SAFETY: the arguments are those that compiled code has for it.
    let before = unsafe { grow(vmctx, element, delta, table) };
    if before == REFUSED {
        elements.give(delta);
    }
    before
}

/// Makes an exception, which compiled code throws next.
///
/// # Safety
/// As for [`grow_table`].
unsafe extern "C-unwind" fn allocate_exception(vmctx: *mut VMContext, tag: u32) -> u32 {
    // SAFETY: the arguments are those that compiled code has for it.
    let make = || unsafe { wasmer_vm_alloc_exception(vmctx, tag) };
    // SAFETY: as this function asks.
    let Some(exceptions) = (unsafe { &runtime().exceptions }) else { return make() };
    // SAFETY: guest code of this instance is what calls this.
    match unsafe { exceptions.make(make) } {
        Ok(reference) => reference,
        // SAFETY: the caller is compiled code, entered through `catch_traps`, and nothing but `error` is owned here.
        Err(error) => unsafe { raise(error) },
    }
}

/// Throws an exception.
///
/// # Safety
/// As for [`grow_table`], and `exception` is one of the instance's, or 0.
unsafe extern "C-unwind" fn throw(vmctx: *mut VMContext, exception: u32) -> ! {
    // It ends where the exception lands, or with the call that nobody's handler saves.
    unwinding::enter();
    // SAFETY: the arguments are those that compiled code has for it.
    unsafe { wasmer_vm_throw(vmctx, exception) }
}

/// Returns which exception it is that a handler has got.
///
/// # Safety
/// As for [`grow_table`], and `exception` is what the unwinder gave the handler.
unsafe extern "C-unwind" fn land(exception: *mut c_void) -> u32 {
    // SAFETY: the argument is the one that compiled code has for it.
    let exception = unsafe { wasmer_vm_exception_into_exnref(exception) };
    unwinding::leave();
    exception
}
