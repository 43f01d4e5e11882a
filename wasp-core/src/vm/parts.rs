//! What the host reaches of one instance's state, and the snapshot that it goes back to.
//!
//! One of the modules that hold `unsafe`: it points into the instance that owns it.

use crate::sys::dirty_pages::{Found, Policy};
use crate::sys::mem_image::Image;
use crate::vm::memory::{Budget, Memory};
use crate::vm::turn::HostTurn;
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
    /// How many elements its tables have, all together, and how many they may have.
    pub(super) elements: u32,
    pub(super) elements_limit: u32,
    /// The plugin's own mutable ones, references excepted.
    pub(super) globals: Vec<NonNull<VMGlobalDefinition>>,
    pub(super) flag: Option<NonNull<VMGlobalDefinition>>,
}

/// The state that every instance of a plugin starts from: what its start-up left. It is the same for the code of each compiler.
#[derive(Clone)]
pub(crate) struct Snapshot {
    image: Option<Arc<Image>>,
    globals: Vec<RawValue>,
    policy: Policy,
}

impl Snapshot {
    /// Returns whether its memory has at most `limit` bytes, and can be mapped.
    pub(crate) fn fits(&self, limit: u64) -> bool {
        let fits = |image: &Image| image.len() as u64 <= limit && image.descriptor().is_ok();
        self.image.as_deref().is_none_or(fits)
    }

    /// Returns how many bytes of the host's memory it takes.
    pub(crate) fn memory_used(&self) -> u64 {
        self.image.as_ref().map_or(0, |image| image.memory_used())
    }
}

impl InstanceParts {
    /// The interrupt flag.
    pub(crate) fn flag(&self) -> *mut i32 {
        self.flag.map_or(std::ptr::null_mut(), |global| global.as_ptr().cast())
    }

    /// Notes that this thread makes a call.
    #[inline]
    pub(crate) fn entered(&self) {
        if let Some(memory) = self.memories.first() {
            memory.entered();
        }
    }

    /// Notes that something else than the thread that makes a call may write to the memory until the next reset.
    pub(crate) fn strayed(&self) {
        for memory in &self.memories {
            memory.strayed();
        }
    }

    /// Takes a snapshot of the state as it is now, of an instance with one memory at most, which begins from its image
    /// afterwards. `base` is the snapshot that it was made from.
    pub(crate) fn snapshot(
        &self,
        base: Option<&Snapshot>,
        policy: Policy,
        turn: &mut HostTurn,
    ) -> io::Result<Snapshot> {
        let base = base.and_then(|base| base.image.as_deref());
        let image = self.memories.first().map(|memory| memory.take_image(base, turn));
        // SAFETY: the globals live as long as the instance, which the turn says is alive.
        let globals = self.globals.iter().map(|global| unsafe { global.as_ref().val }).collect();
        Ok(Snapshot { image: image.transpose()?.map(Arc::new), globals, policy })
    }

    /// Brings the state back to `snapshot`, from whose image the memory was made.
    #[inline]
    pub(crate) fn restore(&self, snapshot: &Snapshot, turn: &mut HostTurn) -> io::Result<Found> {
        let found = match (self.memories.first(), &snapshot.image) {
            (Some(memory), Some(image)) => memory.restore(image, snapshot.policy, turn)?,
            _ => Found::Nothing,
        };
        for (global, value) in self.globals.iter().zip(&snapshot.globals) {
            // SAFETY: the globals live as long as the instance, in which nobody is, as the turn says.
            unsafe { (*global.as_ptr()).val = *value };
        }
        Ok(found)
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
