//! Idle instances of a plugin, and the snapshot they start from.
//!
//! Instances are acquired and released from many threads, more often than anything else. To keep threads out of each other's
//! way, each uses one shard of the pool: its reference count is separate, and the instance that it released last waits in its
//! slot, with its memory still in that processor's cache and its written pages known.

#[allow(unsafe_code)] // Takes the instance out when it is dropped.
pub(crate) mod lease;
#[allow(unsafe_code)] // Moves a store between threads, and resets it.
pub(crate) mod wasm_instance;

use crate::base::error::{Error, Result};
use crate::plugin::Plugin;
use crate::pool::wasm_instance::WasmInstance;
use crate::sys::process;
use crate::vm::parts::Snapshot;
use crossbeam_utils::CachePadded;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many shards a pool has. With more threads than this, some share one.
const SHARDS: usize = 16;

/// Makes instances of one plugin, and keeps released ones for their next owner.
///
/// Where the plugin is restorable, an instance starts from the snapshot that start-up left, and is reset to it when its owner
/// is done. Otherwise each is new, runs start-up itself, and is used once.
pub(crate) struct Pool(Box<[Arc<CachePadded<Shard>>]>);

/// What the threads that use one shard share of a pool. Padded: threads that count in one cache line wait for each other.
pub(crate) struct Shard {
    pub plugin: Arc<Plugin>,
    idle_set: Arc<IdleSet>,
    /// The index of its own slot.
    slot: usize,
}

/// Where one idle instance waits.
type Slot = CachePadded<Mutex<Option<Box<WasmInstance>>>>;

// An instance is large, and moves under a lock.
#[allow(clippy::vec_box)]
struct IdleSet {
    snapshot: Option<Snapshot>,
    slots: Box<[Slot]>,
    /// Instances that found their slot taken, up to `overflow_limit`.
    overflow: Mutex<Vec<Box<WasmInstance>>>,
    overflow_limit: usize,
    /// Whether the plugin was unregistered: idle instances will have no next owner.
    closed: AtomicBool,
}

impl Pool {
    /// Starts the plugin once, which takes its snapshot. The instance that it started in becomes the first idle one.
    pub(crate) fn new(plugin: Plugin) -> Result<Self> {
        let plugin = Arc::new(plugin);
        let mut first = WasmInstance::new(&plugin, None)?;
        plugin.finish(first.signatures()?)?;
        let snapshot = if plugin.restorable { Some(first.snapshot()?) } else { None };

        let idle = plugin.limits.idle_instances;
        let slots: Box<[Slot]> = (0..idle.min(SHARDS)).map(|_| Slot::default()).collect();
        let (overflow_limit, closed) = (idle - slots.len(), AtomicBool::new(false));
        let idle_set = Arc::new(IdleSet {
            snapshot,
            slots,
            overflow: Mutex::default(),
            overflow_limit,
            closed,
        });
        let shard = |slot| {
            Arc::new(CachePadded::new(Shard {
                plugin: Arc::clone(&plugin),
                idle_set: Arc::clone(&idle_set),
                slot,
            }))
        };
        let pool = Self((0..SHARDS).map(shard).collect());
        pool.shard().release(Box::new(first));
        Ok(pool)
    }

    /// Returns this thread's shard.
    pub(crate) fn shard(&self) -> &Arc<CachePadded<Shard>> {
        &self.0[process::thread() as usize % SHARDS]
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let idle_set = &self.0[0].idle_set;
        // One that is released right now may still be kept; it is freed with the last living instance.
        idle_set.closed.store(true, Ordering::Relaxed);
        let mut waiting: Vec<Box<WasmInstance>> = std::mem::take(&mut *idle_set.overflow.lock());
        waiting.extend(idle_set.slots.iter().filter_map(|slot| slot.lock().take()));
        // Freed with no lock held: that unmaps memory.
        drop(waiting);
    }
}

impl Shard {
    /// Returns an instance in the state of a new one: an idle one if there is one.
    pub(crate) fn acquire(&self) -> Result<Box<WasmInstance>> {
        match self.pop_idle() {
            Some(instance) => Ok(instance),
            None => self.instantiate().map_err(|error| self.in_context(error)),
        }
    }

    /// Resets an instance that its owner is done with, and keeps it for the next owner.
    pub(crate) fn release(&self, mut instance: Box<WasmInstance>) {
        if let Some(snapshot) = &self.idle_set.snapshot
            && !self.idle_set.closed.load(Ordering::Relaxed)
        {
            instance.disown();
            if instance.restore(snapshot).is_ok() {
                self.push_idle(instance);
            }
        }
    }

    /// Brings an instance back to the state of a new one, for the same owner.
    pub(crate) fn reset(&self, instance: &mut WasmInstance) -> Result<()> {
        match &self.idle_set.snapshot {
            Some(snapshot) => instance.restore(snapshot),
            None => instance.replace(),
        }
        .map_err(|error| self.in_context(error))
    }

    fn instantiate(&self) -> Result<Box<WasmInstance>> {
        WasmInstance::new(&self.plugin, self.idle_set.snapshot.as_ref()).map(Box::new)
    }

    /// Pops an idle instance, preferring this shard's slot.
    fn pop_idle(&self) -> Option<Box<WasmInstance>> {
        let (slots, own) = (&self.idle_set.slots, self.slot);
        let take_from = |slot: &Slot| slot.lock().take();
        slots
            .get(own)
            .and_then(take_from)
            .or_else(|| self.idle_set.overflow.lock().pop())
            .or_else(|| slots.iter().find_map(take_from))
    }

    /// Keeps `instance` idle, or frees it where enough are.
    fn push_idle(&self, instance: Box<WasmInstance>) {
        let mut instance = Some(instance);
        let mut fill = |slot: &Slot| {
            let mut place = slot.lock();
            if place.is_none() {
                *place = instance.take();
            }
            instance.is_none()
        };
        if self.idle_set.slots.get(self.slot).is_some_and(&mut fill) {
            return;
        }
        let mut overflow = self.idle_set.overflow.lock();
        if overflow.len() < self.idle_set.overflow_limit {
            overflow.extend(instance);
            return;
        }
        drop(overflow);
        // An instance that found no place is freed with no lock held: that unmaps memory.
        let _ = self.idle_set.slots.iter().any(fill);
    }

    fn in_context(&self, error: Error) -> Error {
        error.in_context(format_args!("plugin {:?}", self.plugin.name))
    }
}
