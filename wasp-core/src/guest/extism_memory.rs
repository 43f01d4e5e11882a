//! The functions of `extism:host/env` that read and write blocks. A plugin calls one for every eight bytes of its input and its output,
//! so they run where they are called, on the guest's stack, and cost what a call within WebAssembly costs.
//!
//! That is safe for these alone: they allocate nothing, call nothing back, never fail, and need a few words of stack. If that is the
//! end of the guest's, the zone below it opens (`sys::guest_zone`).

use crate::extism::functions::Function;
use crate::extism::kernel::Kernel;
use crate::guest::guest_state::Guest;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::rc::Rc;
use wasmer::{AsStoreMut, Extern, FunctionType, Store, VMExternToExtern};
use wasmer_types::RawValue;
use wasmer_vm::{
    InternalStoreHandle, MaybeInstanceOwned, VMCallerCheckedAnyfunc, VMContext, VMExtern,
    VMFunction, VMFunctionBody, VMFunctionContext, VMFunctionKind, VMTrampoline,
};

/// What compiled code calls, and what calls it with its arguments in slots.
type Entry = (*const VMFunctionBody, VMTrampoline);

/// Makes a host function of type `ty` that is `function`, if that can run on the guest's stack.
pub(super) fn import(
    store: &mut Store,
    ty: &FunctionType,
    guest: &Rc<Guest>,
    function: Function,
) -> Option<Extern> {
    let (func_ptr, call_trampoline) = entry(function)?;
    let anyfunc = VMCallerCheckedAnyfunc {
        func_ptr,
        type_signature_hash: store.engine().as_sys().register_signature(ty),
        vmctx: VMFunctionContext { host_env: guest.kernel_ptr().cast::<c_void>() },
        call_trampoline,
    };
    let function = VMFunction {
        anyfunc: MaybeInstanceOwned::Host(Box::new(UnsafeCell::new(anyfunc))),
        kind: VMFunctionKind::Static,
        signature: ty.clone(),
        // What it points into.
        host_data: Box::new(Rc::clone(guest)),
    };
    let handle = InternalStoreHandle::new(store.objects_mut().as_sys_mut(), function);
    Some(VMExtern::Function(handle).to_extern(store))
}

/// A number as WebAssembly passes it.
trait Slot {
    fn read(slot: &RawValue) -> Self;
    fn write(self, slot: &mut RawValue);
}

impl Slot for u32 {
    fn read(slot: &RawValue) -> Self {
        // SAFETY: every slot has bits for it.
        unsafe { slot.u32 }
    }

    fn write(self, slot: &mut RawValue) {
        slot.u32 = self;
    }
}

impl Slot for u64 {
    fn read(slot: &RawValue) -> Self {
        // SAFETY: every slot has bits for it.
        unsafe { slot.u64 }
    }

    fn write(self, slot: &mut RawValue) {
        slot.u64 = self;
    }
}

/// Makes the entry of a function of the kernel and of numbers.
macro_rules! entry {
    (|$kernel:ident $(, $arg:ident: $ty:ty)*| $(-> $result:ty)? $body:block) => {{
        /// # Safety
        /// The guest of the kernel calls it, or its host does.
        unsafe extern "C" fn function(kernel: *mut Kernel $(, $arg: $ty)*) $(-> $result)? {
            // SAFETY: the guest, which has the kernel, waits, so nobody else is there.
            let $kernel = unsafe { &mut *kernel };
            $body
        }

        /// # Safety
        /// As above, and the slots are as many as the function's type needs.
        #[allow(unused_assignments, unused_mut, unused_variables)]
        unsafe extern "C" fn from_slots(
            kernel: *mut VMContext,
            _: *const VMFunctionBody,
            slots: *mut RawValue,
        ) {
            let mut index = 0;
            $(
                // SAFETY: there is a slot for each argument.
                let $arg = <$ty as Slot>::read(unsafe { &*slots.add(index) });
                index += 1;
            )*
            // SAFETY: this is called as that is.
            let result = unsafe { function(kernel.cast() $(, $arg)*) };
            // SAFETY: there is a slot for the result.
            $(<$result as Slot>::write(result, unsafe { &mut *slots });)?
        }

        Some((function as *const () as *const VMFunctionBody, from_slots as VMTrampoline))
    }};
}

fn entry(function: Function) -> Option<Entry> {
    match function {
        Function::Length | Function::LengthUnsafe => {
            entry!(|kernel, offset: u64| -> u64 { kernel.blocks.length(offset) })
        }
        Function::LoadU8 => entry!(|kernel, offset: u64| -> u32 {
            u32::from(u8::from_le_bytes(kernel.blocks.load(offset)))
        }),
        Function::LoadU64 => {
            entry!(|kernel, offset: u64| -> u64 { u64::from_le_bytes(kernel.blocks.load(offset)) })
        }
        Function::StoreU8 => entry!(|kernel, offset: u64, value: u32| {
            kernel.blocks.store(offset, [value as u8]);
        }),
        Function::StoreU64 => entry!(|kernel, offset: u64, value: u64| {
            kernel.blocks.store(offset, value.to_le_bytes());
        }),
        Function::InputOffset => entry!(|kernel| -> u64 { kernel.input.offset }),
        Function::InputLength => entry!(|kernel| -> u64 { kernel.input.length }),
        Function::InputLoadU8 => {
            entry!(|kernel, at: u64| -> u32 { u32::from(u8::from_le_bytes(kernel.load_input(at))) })
        }
        Function::InputLoadU64 => {
            entry!(|kernel, at: u64| -> u64 { u64::from_le_bytes(kernel.load_input(at)) })
        }
        Function::InputSet => entry!(|kernel, offset: u64, length: u64| {
            kernel.input = kernel.checked(offset, length).unwrap_or(kernel.input);
        }),
        Function::OutputSet => entry!(|kernel, offset: u64, length: u64| {
            kernel.output = kernel.checked(offset, length).unwrap_or(kernel.output);
        }),
        Function::OutputOffset => entry!(|kernel| -> u64 { kernel.output.offset }),
        Function::OutputLength => entry!(|kernel| -> u64 { kernel.output.length }),
        Function::ErrorSet => entry!(|kernel, offset: u64| {
            kernel.error = offset;
        }),
        Function::ErrorGet => entry!(|kernel| -> u64 { kernel.error }),
        Function::MemoryBytes => entry!(|kernel| -> u64 { kernel.blocks.len() }),
        _ => None,
    }
}
