//! Where compiled code comes to throw.
//!
//! Each instance has a table of the functions of the runtime that its code calls. Those that make an exception, throw it and tell
//! its handler which one it is are replaced there by functions of ours, which look after the list of them and keep unwinding out
//! of forks.
//!
//! An exception that the plugin doesn't catch never comes to the host's frames: the unwinder finds no description of the
//! trampoline through which all calls enter compiled code, so it reports the end of the stack, and wasmer raises a trap.
//!
//! One of the modules that hold `unsafe`: it writes to that table.

use crate::sys::unwinding;
use crate::vm::exceptions::Exceptions;
use crate::vm::memory::Budget;
use crate::vm::thread::Thread;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use wasmer::{AsStoreMut, Store};
use wasmer_vm::libcalls::{
    wasmer_vm_alloc_exception, wasmer_vm_exception_into_exnref, wasmer_vm_throw,
};
use wasmer_vm::{StoreObject, VMBuiltinFunctionIndex, VMContext, VMInstance, raise_user_trap};

/// Looks after the exceptions of the instance in `store` from now on, if its module has any. What they hold counts against
/// `budget`; `are_kept` says whether its code catches references to them.
pub(crate) fn exceptions_of(
    store: &mut Store,
    budget: &Arc<Budget>,
    are_kept: bool,
) -> Option<Exceptions> {
    let objects = store.objects_mut().as_sys_mut();
    let instance = VMInstance::list_mut(objects).first_mut()?;
    if instance.module_ref().tags.is_empty() {
        return None;
    }
    let replacements = [
        (VMBuiltinFunctionIndex::get_imported_alloc_exception_index(), allocate as *const ()),
        (VMBuiltinFunctionIndex::get_imported_throw_index(), throw as *const ()),
        (VMBuiltinFunctionIndex::get_imported_exception_into_exnref_index(), land as *const ()),
    ];
    for (index, function) in replacements {
        let offset = instance.vmoffsets().vmctx_builtin_function(index) as usize;
        // SAFETY: the table is at that offset of the instance's context, compiled code reads it when it calls one of its functions,
        // and nobody is in the instance. Each function has the type of the one that it replaces.
        unsafe { instance.vmctx_ptr().byte_add(offset).cast::<*const ()>().write(function) };
    }
    Some(Exceptions::new(NonNull::from(objects), Arc::clone(budget), are_kept))
}

/// Makes an exception, which compiled code throws next.
///
/// # Safety
/// `vmctx` is of the instance whose code calls this, in the call that is the innermost of this thread.
unsafe extern "C-unwind" fn allocate(vmctx: *mut VMContext, tag: u32) -> u32 {
    // SAFETY: what runs on this thread outlives its run, and its instance has exceptions.
    let exceptions = unsafe { &*(*(*Thread::this()).running.get()).exceptions };
    // SAFETY: the arguments are those that compiled code has for it.
    let make = || unsafe { wasmer_vm_alloc_exception(vmctx, tag) };
    // SAFETY: guest code of this instance is what calls this.
    match unsafe { exceptions.make(make) } {
        Ok(reference) => reference,
        // SAFETY: the caller is compiled code, entered through `catch_traps`, and nothing but `error` is owned here.
        Err(error) => unsafe { raise_user_trap(Box::new(error)) },
    }
}

/// Throws an exception.
///
/// # Safety
/// As for [`allocate`], and `exception` is one of the instance's, or 0.
unsafe extern "C-unwind" fn throw(vmctx: *mut VMContext, exception: u32) -> ! {
    // It ends where the exception lands, or with the call that nobody's handler saves.
    unwinding::enter();
    // SAFETY: the arguments are those that compiled code has for it.
    unsafe { wasmer_vm_throw(vmctx, exception) }
}

/// Returns which exception it is that a handler has got.
///
/// # Safety
/// As for [`allocate`], and `exception` is what the unwinder gave the handler.
unsafe extern "C-unwind" fn land(exception: *mut c_void) -> u32 {
    // SAFETY: the argument is the one that compiled code has for it.
    let exception = unsafe { wasmer_vm_exception_into_exnref(exception) };
    unwinding::leave();
    exception
}
