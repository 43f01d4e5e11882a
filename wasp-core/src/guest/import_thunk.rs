//! Where compiled code arrives when it calls an import. The safety story is in `vm::trampoline`.

use crate::base::error::{Error, ErrorKind, panic_error};
use crate::guest::extism_memory;
use crate::guest::guest_state::Guest;
use crate::plugin::import::ImportTarget;
use crate::vm::raise::raise;
use crate::vm::turn::HostTurn;
use std::any::Any;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::slice;
use wasmer::{AsStoreMut, Extern, FunctionType, Store, VMExternToExtern};
use wasmer_types::RawValue;
use wasmer_vm::{
    InternalStoreHandle, MaybeInstanceOwned, VMCallerCheckedAnyfunc, VMContext,
    VMDynamicFunctionContext, VMExtern, VMFunction, VMFunctionContext, VMFunctionKind,
};

/// What an import leads to, as the thunk runs it. One thunk is compiled for each.
pub(crate) trait HostFunction: Display + Send + Sync + 'static {
    /// The kind of its errors when it panics.
    fn panic_kind(&self) -> ErrorKind;

    /// Runs it for `guest`: the slots hold its arguments, and its result afterwards. If the result is a string or bytes that the
    /// guest keeps to be [placed](Self::place_answer), `block` is the size of the block that it needs, and else it stays 0. (As a
    /// result it would go through memory at each call.)
    fn run(
        &self,
        guest: &Guest,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
        block: &mut u32,
    ) -> Result<(), Error>;

    /// Puts the answer that the guest keeps into a block of `size` bytes. This may be the guest's stack.
    fn place_answer(
        &self,
        guest: &Guest,
        size: u32,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<(), Error>;
}

/// A host function's side of an import.
struct Host<T> {
    guest: Rc<Guest>,
    function: T,
    slots: usize,
}

/// Makes a host function of type `ty` that runs `target` for `guest`.
pub(crate) fn import(
    store: &mut Store,
    ty: &FunctionType,
    guest: &Rc<Guest>,
    target: ImportTarget,
) -> Extern {
    match target {
        ImportTarget::Callback(callback) => import_of(store, ty, guest, callback),
        ImportTarget::Extism(function) => extism_memory::import(store, ty, guest, function)
            .unwrap_or_else(|| import_of(store, ty, guest, target)),
        other => import_of(store, ty, guest, other),
    }
}

fn import_of<T: HostFunction>(
    store: &mut Store,
    ty: &FunctionType,
    guest: &Rc<Guest>,
    function: T,
) -> Extern {
    let guest = Rc::clone(guest);
    let slots = ty.params().len().max(ty.results().len());
    let host_data = Box::new(VMDynamicFunctionContext {
        address: host_call_thunk::<T> as *const () as *const wasmer_vm::VMFunctionBody,
        ctx: Host { guest, function, slots },
    });
    let anyfunc = VMCallerCheckedAnyfunc {
        // The linker puts the address of a generated trampoline here.
        func_ptr: ptr::null(),
        type_signature_hash: store.engine().as_sys().register_signature(ty),
        vmctx: VMFunctionContext { host_env: &raw const *host_data as *mut c_void },
        call_trampoline: host_call_thunk_direct::<T>,
    };
    let function = VMFunction {
        anyfunc: MaybeInstanceOwned::Host(Box::new(UnsafeCell::new(anyfunc))),
        kind: VMFunctionKind::Dynamic,
        signature: ty.clone(),
        host_data,
    };
    let handle = InternalStoreHandle::new(store.objects_mut().as_sys_mut(), function);
    VMExtern::Function(handle).to_extern(store)
}

/// Where compiled code arrives when it calls an import.
unsafe extern "C-unwind" fn host_call_thunk<T: HostFunction>(
    this: *mut VMDynamicFunctionContext<Host<T>>,
    values: *mut RawValue,
) {
    // SAFETY: `this` is the context that `import_of` made, alive as long as the store.
    let host = unsafe { &(*this).ctx };
    let mut outcome = Outcome { error: None, block: 0 };
    // SAFETY: the trampoline makes as many slots as the function's type needs.
    let mut run = || unsafe { host.run(values, &mut outcome) };
    // Only a pointer goes there and nothing comes back: moves would cost more than the switch.
    // SAFETY: compiled code of this guest's call is what comes here, on its stack.
    unsafe { host.guest.host_switch.get().run(&mut run) };
    if outcome.block != 0 {
        // What this owns while guest code runs would be lost by a trap; it owns nothing.
        // SAFETY: as above.
        unsafe { host.place_answer(values, &mut outcome) };
    }
    if let Some(error) = outcome.error {
        // SAFETY: this is the guest's stack; the caller is compiled code, entered through `catch_traps`, and nothing but what is
        // raised is owned here.
        unsafe { raise(error) }
    }
}

/// What became of a host function.
struct Outcome {
    error: Option<Error>,
    /// The size of the block that its answer waits for; 0 where none does.
    block: u32,
}

impl<T: HostFunction> Host<T> {
    /// Runs the host function, on the host's stack.
    ///
    /// # Safety
    /// `values` are as many as the function's type needs.
    #[inline(always)]
    unsafe fn run(&self, values: *mut RawValue, outcome: &mut Outcome) {
        // SAFETY: as many as this function asks for; there may be none.
        let values = unsafe { slots(values, self.slots) };
        // SAFETY: the guest waits for its import to return, and this is where it is entered again.
        let mut turn = unsafe { HostTurn::new() };
        let (guest, block) = (&*self.guest, &mut outcome.block);
        let caller = guest.state.enter_host_function();
        // There may be many calls in a row with no check of compiled code between them.
        let ran = if guest.interrupt.is_stopped() {
            Err(Error::new(ErrorKind::Trap, "interrupted"))
        } else {
            self.catch_panic(|| self.function.run(guest, values, &mut turn, block))
        };
        guest.state.leave_host_function(caller);
        if let Err(error) = ran {
            outcome.error = Some(error);
        }
    }

    /// Puts the answer into its block, on the guest's stack.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    #[inline(never)]
    unsafe fn place_answer(&self, values: *mut RawValue, outcome: &mut Outcome) {
        // SAFETY: as in `run`.
        let (values, mut turn) = unsafe { (slots(values, self.slots), HostTurn::new()) };
        let place = || self.function.place_answer(&self.guest, outcome.block, values, &mut turn);
        outcome.error = self.catch_panic(place).err();
    }

    /// Turns a panic of `body` into an error.
    #[inline(always)]
    fn catch_panic(&self, body: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(outcome) => outcome,
            Err(payload) => Err(self.panicked(&*payload)),
        }
    }

    #[cold]
    fn panicked(&self, payload: &(dyn Any + Send)) -> Error {
        panic_error(self.function.panic_kind(), &self.function.to_string(), payload)
    }
}

/// # Safety
/// `values` points to so many slots; to anything if there are none.
#[inline(always)]
unsafe fn slots<'a>(values: *mut RawValue, count: usize) -> &'a mut [RawValue] {
    if count == 0 {
        return &mut [];
    }
    // SAFETY: as many as this function asks for.
    unsafe { slice::from_raw_parts_mut(values, count) }
}

/// The same for a host that calls an import which its plugin exports again.
unsafe extern "C" fn host_call_thunk_direct<T: HostFunction>(
    vmctx: *mut VMContext,
    _: *const wasmer_vm::VMFunctionBody,
    values: *mut RawValue,
) {
    // SAFETY: the context of a function made by `import_of` is what `host_call_thunk` takes.
    unsafe { host_call_thunk::<T>(vmctx.cast(), values) }
}
