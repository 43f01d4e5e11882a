//! The door between Rust and compiled guest code, both ways.
//!
//! Guest code is entered through wasmer's call trampoline rather than `wasmer::Function::call`, and host functions are
//! `VMFunction`s of our own: a call is three times cheaper, and host functions need no store. The safety story:
//!
//! - A [`Function`] holds pointers into the instance that it was looked up in. It is only made by and kept beside that
//!   instance (`WasmInstance` owns both), so it never outlives it, and never enters another one.
//! - Compiled code runs on a stack of its own. A trap abandons that stack without running destructors, so nothing of
//!   ours may own anything on it while guest code runs. `guest_stack::on_guest_stack` asks that of its caller, which is
//!   `Guest` alone; `import_thunk::host_call_thunk` goes to the host's stack before it does anything, and owns nothing when it
//!   comes back. The bottom of the guest's stack, where the steps of a call run, is as good as any other; deep in it, where a
//!   guest may have left little, we only ask the guest for a block, and what lies below opens for us (`guest_zone`).
//! - A panic must not unwind through compiled code: `host_call_thunk` turns it into an error.
//! - wasmer's own host functions look for the current store in a thread-local that this door doesn't set, so every
//!   import of a plugin must be made by `import_thunk::import`; `WasmInstance` makes them all.

use crate::vm::turn::HostTurn;
use wasmer::{AsStoreMut, Extern, Store};
use wasmer_types::RawValue;
use wasmer_vm::{VMExtern, VMFunctionContext, VMTrampoline};

/// An exported function of one instance, ready to be entered.
#[derive(Clone)]
pub(crate) struct Function {
    body: *const wasmer_vm::VMFunctionBody,
    vmctx: VMFunctionContext,
    trampoline: VMTrampoline,
}

impl Function {
    /// Looks up what `export` points to in `store`.
    pub(crate) fn new(store: &mut Store, export: &wasmer::Function) -> Self {
        let VMExtern::Function(handle) = Extern::from(export.clone()).to_vm_extern().unwrap_sys()
        else {
            unreachable!("a function is a function");
        };
        let function = handle.get(store.objects_mut().as_sys());
        // SAFETY: the store keeps the function's data where it is for as long as the store lives.
        let anyfunc = unsafe { function.anyfunc.as_ptr().as_ref() };
        Self { body: anyfunc.func_ptr, vmctx: anyfunc.vmctx, trampoline: anyfunc.call_trampoline }
    }

    /// Runs the function within `on_guest_stack`: the first slots are its arguments and then its results. A trap ends
    /// all of what runs there.
    ///
    /// # Safety
    /// This must be the guest's stack, the instance that the function was looked up in must be alive and entered by this
    /// thread alone, `slots` must be at least as many as the parameters and as the results, and hold arguments of the
    /// parameters' types.
    pub(crate) unsafe fn call(&self, slots: &mut [RawValue], _: &mut HostTurn) {
        // SAFETY: the pointers are of a live instance and the slots fit the function's type, as this function asks; a trap
        // abandons the stack up to `on_guest_stack`.
        unsafe { (self.trampoline)(self.vmctx.vmctx, self.body, slots.as_mut_ptr()) }
    }
}
