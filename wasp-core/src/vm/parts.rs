//! What the host reaches of one instance's state, and the snapshot that it goes back to.
//!
//! One of the modules that hold `unsafe`: it points into the instance that owns it.

use crate::sys::mem_image::Image;
use crate::vm::memory::{Budget, Memory};
use std::cell::RefCell;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use wasmer_types::RawValue;
use wasmer_vm::VMGlobalDefinition;

/// What the host must reach of one instance.
#[derive(Default)]
pub(crate) struct InstanceParts {
    /// What it exports as `memory`, where the guest ABI's blocks live.
    pub memory: Option<Memory>,
    pub(super) memories: Vec<Memory>,
    /// What all its memories grow from.
    pub budget: Option<Arc<Budget>>,
    /// The mutable ones, references excepted.
    pub(super) globals: Vec<NonNull<VMGlobalDefinition>>,
    pub(super) flag: Option<NonNull<VMGlobalDefinition>>,
}

/// The state that every instance of a plugin starts from: what its start-up left.
pub(crate) struct Snapshot {
    image: Option<Arc<Image>>,
    globals: Vec<RawValue>,
}

impl InstanceParts {
    /// The interrupt flag.
    pub(crate) fn flag(&self) -> *mut i32 {
        self.flag.map_or(std::ptr::null_mut(), |global| global.as_ptr().cast())
    }

    /// Notes that this thread makes a call.
    pub(crate) fn entered(&self) {
        if let Some(memory) = self.memories.first() {
            memory.entered();
        }
    }

    /// The state as it is now. The memory begins from its image afterwards.
    ///
    /// # Safety
    /// The instance must be alive, nobody may be in it or hold a slice of its memory, and it must have one memory at most.
    pub(crate) unsafe fn snapshot(&self) -> io::Result<Snapshot> {
        let image = match self.memories.first() {
            // SAFETY: the instance is alive, and nobody is in it or holds a slice, as this function asks.
            Some(memory) => Some(Arc::new(unsafe { memory.take_image() }?)),
            None => None,
        };
        // SAFETY: the globals live as long as the instance.
        let globals = self.globals.iter().map(|global| unsafe { global.as_ref().val }).collect();
        Ok(Snapshot { image, globals })
    }

    /// Brings the state back to `snapshot`, from whose image the memory was made.
    ///
    /// # Safety
    /// The instance must be alive, and nobody may be in it or hold a slice of its memory.
    pub(crate) unsafe fn restore(&self, snapshot: &Snapshot) -> io::Result<()> {
        if let (Some(memory), Some(image)) = (self.memories.first(), &snapshot.image) {
            // SAFETY: nobody is in the instance or holds a slice, as this function asks.
            unsafe { memory.restore(image) }?;
        }
        for (global, value) in self.globals.iter().zip(&snapshot.globals) {
            // SAFETY: the globals live as long as the instance, in which nobody is.
            unsafe { (*global.as_ptr()).val = *value };
        }
        Ok(())
    }
}

/// An instance that is being made on this thread.
#[derive(Default)]
pub(super) struct Instantiation {
    pub image: Option<Arc<Image>>,
    pub parts: InstanceParts,
}

thread_local! {
    pub(super) static INSTANTIATION: RefCell<Instantiation> = RefCell::default();
}

/// Runs `instantiate`, which makes an instance whose memory starts from the snapshot, if there is one. Returns its result and
/// the instance's parts.
pub(crate) fn instantiate_with<R>(
    snapshot: Option<&Snapshot>,
    instantiate: impl FnOnce() -> R,
) -> (R, InstanceParts) {
    let image = snapshot.and_then(|snapshot| snapshot.image.clone());
    INSTANTIATION.set(Instantiation { image, parts: InstanceParts::default() });
    let made = instantiate();
    let parts = INSTANTIATION.take().parts;
    for memory in &parts.memories {
        memory.instantiated();
    }
    (made, parts)
}
