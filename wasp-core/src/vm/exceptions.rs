//! The exceptions that a guest throws.
//!
//! wasmer keeps each in a list of the store, with a trace of the stack that threw it, and never takes one out: a plugin that throws
//! a million times would hold 440 MB of the host's memory, and more where its stack is deep. Here the list is kept short while
//! the call runs, and emptied when it ends. A reference to an exception can't outlive the call: no global and no table may hold
//! one ([`check`]), and no plain value of a host is one.
//!
//! One of the modules that hold `unsafe`: it reaches into a store while guest code of its instance waits.

use crate::base::error::{Error, ErrorKind, Result};
use crate::vm::memory::Budget;
use backtrace::{Backtrace, BacktraceFrame};
use std::cell::Cell;
use std::mem;
use std::ptr::NonNull;
use std::sync::Arc;
use wasmer::{Type, WASM_PAGE_SIZE};
use wasmer_types::ModuleInfo;
use wasmer_vm::{StoreObject, StoreObjects, VMExceptionObj};

/// How many frames an exception's trace keeps, in case that nobody catches it.
const MOST_FRAMES: usize = 132;

/// What an allocation takes besides what it was asked for.
const OVERHEAD: usize = 16;

/// The exceptions of one instance.
pub(crate) struct Exceptions {
    store: NonNull<StoreObjects>,
    /// Whether an older one may be needed when the next is made.
    are_kept: bool,
    /// The pages of linear memory that they take, as far as the instance's limit is concerned.
    budget: Arc<Budget>,
    bytes: Cell<usize>,
    pages: Cell<u64>,
}

/// Refuses a module in which a reference to an exception could outlive the call that made it.
pub(crate) fn check(module: &ModuleInfo) -> Result<()> {
    let mut globals = module.globals.iter().filter(|(_, ty)| ty.ty == Type::ExceptionRef);
    let mut tables = module.tables.iter().filter(|(_, ty)| ty.ty == Type::ExceptionRef);
    let global = globals.next().map(|(index, _)| ("global", index.as_u32()));
    let table = tables.next().map(|(index, _)| ("table", index.as_u32()));
    let Some((what, index)) = global.or(table) else { return Ok(()) };
    let message = format!(
        "{what} {index} is of exnref: exceptions end with the call, and only locals can hold one"
    );
    Err(Error::new(ErrorKind::Compile, message))
}

impl Exceptions {
    /// The exceptions of the instance whose store this is. `are_kept` says whether its code catches references to them.
    pub(super) fn new(store: NonNull<StoreObjects>, budget: Arc<Budget>, are_kept: bool) -> Self {
        Self { store, are_kept, budget, bytes: Cell::new(0), pages: Cell::new(0) }
    }

    /// Makes an exception by `make`, which adds it to the store's list. Returns what that returned.
    ///
    /// # Errors
    /// [`ErrorKind::Resource`] if the instance's limit of memory is met; then nothing was made.
    ///
    /// # Safety
    /// Guest code of the instance asks.
    pub(super) unsafe fn make(&self, make: impl FnOnce() -> u32) -> Result<u32> {
        // SAFETY: as this function asks.
        self.make_room(unsafe { self.list() })?;
        let reference = make();
        // SAFETY: as above.
        if let Some(made) = unsafe { self.list() }.last_mut() {
            cut_trace(made, MOST_FRAMES);
        }
        self.bytes.set(self.bytes.get().max(1));
        Ok(reference)
    }

    /// Forgets all exceptions: the call has ended, and nobody has a reference to one.
    #[inline]
    pub(crate) fn clear(&self) {
        if self.bytes.get() != 0 {
            self.forget();
        }
    }

    #[cold]
    fn forget(&self) {
        // SAFETY: no guest code of the instance runs.
        *unsafe { self.list() } = Vec::new();
        self.bytes.set(0);
        self.budget.give(self.pages.replace(0));
    }

    /// The store's list.
    ///
    /// # Safety
    /// Guest code of the instance waits, or none runs, and nobody else looks at the list.
    #[allow(clippy::mut_from_ref)] // It is the store's, not this one's.
    unsafe fn list(&self) -> &mut Vec<VMExceptionObj> {
        // SAFETY: the store outlives this, which is kept beside it; the list is nobody's, as this function asks.
        unsafe { VMExceptionObj::list_mut(&mut *self.store.as_ptr()) }
    }

    /// Makes room for one more exception.
    fn make_room(&self, list: &mut Vec<VMExceptionObj>) -> Result<()> {
        if !self.are_kept {
            // It has been caught, and what it carried is in locals by now.
            list.clear();
            return Ok(());
        }
        let Some(last) = list.last_mut() else { return Ok(()) };
        cut_trace(last, 0);
        // SAFETY: what it carries is an allocation of its own, as long as it lives.
        let payload = unsafe { mem::size_of_val(last.payload().as_ref()) };
        let object = mem::size_of::<VMExceptionObj>() + payload + 2 * OVERHEAD;
        self.bytes.set(self.bytes.get() + object);
        let bytes = self.bytes.get();
        let pages = bytes.div_ceil(WASM_PAGE_SIZE) as u64;
        if !self.budget.take(pages - self.pages.get()) {
            let message = format!(
                "the {} exceptions of the call hold {bytes} bytes, and its memory limit is met",
                list.len()
            );
            return Err(Error::new(ErrorKind::Resource, message));
        }
        self.pages.set(pages);
        Ok(())
    }
}

/// Cuts the trace of `exception` after so many of the innermost frames.
fn cut_trace(exception: &mut VMExceptionObj, most: usize) {
    let offset = {
        let (whole, part) = (&raw const *exception as usize, &raw const *exception.backtrace());
        part as usize - whole
    };
    // SAFETY: the trace is a field of the exception, which is borrowed here as a whole.
    let trace = unsafe { &mut *(&raw mut *exception).byte_add(offset).cast::<Backtrace>() };
    if trace.frames().len() > most {
        let mut frames: Vec<BacktraceFrame> =
            mem::replace(trace, Backtrace::from(Vec::new())).into();
        frames.truncate(most);
        frames.shrink_to_fit();
        *trace = frames.into();
    }
}
