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
use crate::sys::dirty_pages::Policy;
use crate::sys::pagemap::PAGE;
use crate::sys::process;
use crate::vm::parts::Snapshot;
use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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

/// Where one idle instance waits. No lock: a child of a fork could find it held by a thread that it doesn't have.
type Slot = AtomicCell<Option<Box<WasmInstance>>>;

const _: () = assert!(Slot::is_lock_free());

struct IdleSet {
    snapshot: Option<Snapshot>,
    slots: Box<[CachePadded<Slot>]>,
    overflow: Overflow,
    /// Whether the plugin was unregistered: idle instances will have no next owner.
    closed: AtomicBool,
}

/// The instances that found their slot taken.
struct Overflow {
    slots: Box<[Slot]>,
    /// About how many wait. They are at the front, mostly.
    count: AtomicUsize,
}

impl Overflow {
    fn new(most: usize) -> Self {
        Self { slots: (0..most).map(|_| Slot::default()).collect(), count: AtomicUsize::new(0) }
    }

    fn pop(&self) -> Option<Box<WasmInstance>> {
        let count = self.count.load(Ordering::Relaxed);
        if count == 0 {
            return None;
        }
        let (front, back) = self.slots.split_at(count.min(self.slots.len()));
        let popped = front.iter().rev().chain(back).find_map(Slot::take);
        if popped.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        popped
    }

    /// Keeps `instance`, or returns it if there is no room.
    fn push(&self, mut instance: Option<Box<WasmInstance>>) -> Option<Box<WasmInstance>> {
        let count = self.count.load(Ordering::Relaxed);
        if count >= self.slots.len() {
            return instance;
        }
        // Counted first, so that the count is never less than 0.
        self.count.fetch_add(1, Ordering::Relaxed);
        let (front, back) = self.slots.split_at(count);
        // Mostly the first one is free; else what it had goes on to the next.
        let mut slots = back.iter().chain(front.iter().rev());
        while let (Some(_), Some(slot)) = (&instance, slots.next()) {
            instance = slot.swap(instance);
        }
        if instance.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        instance
    }
}

impl Pool {
    /// Starts the plugin once, which takes its snapshot. The instance that it started in becomes the first idle one.
    pub(crate) fn new(plugin: Plugin) -> Result<Self> {
        let plugin = Arc::new(plugin);
        let mut first = WasmInstance::new(&plugin, None)?;
        plugin.finish(first.signatures()?)?;
        let policy = Policy {
            witness: plugin.witness,
            most_private: plugin.limits.idle_memory_bytes / PAGE,
        };
        let snapshot = if plugin.restorable { Some(first.snapshot(policy)?) } else { None };

        let idle = plugin.limits.idle_instances;
        let slots: Box<[CachePadded<Slot>]> =
            (0..idle.min(SHARDS)).map(|_| CachePadded::default()).collect();
        let overflow = Overflow::new(idle - slots.len());
        let idle_set =
            Arc::new(IdleSet { snapshot, slots, overflow, closed: AtomicBool::new(false) });
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
        while idle_set.overflow.pop().is_some() {}
        idle_set.slots.iter().for_each(|slot| drop(slot.take()));
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
        let IdleSet { slots, overflow, .. } = &*self.idle_set;
        slots
            .get(self.slot)
            .and_then(|slot| slot.take())
            .or_else(|| overflow.pop())
            .or_else(|| slots.iter().find_map(|slot| slot.take()))
    }

    /// Keeps `instance` idle, or frees one where enough are.
    fn push_idle(&self, instance: Box<WasmInstance>) {
        let IdleSet { slots, overflow, .. } = &*self.idle_set;
        let mut instance = Some(instance);
        // The one that was released last is in the processor's cache: it takes the slot.
        if let Some(slot) = slots.get(self.slot) {
            instance = slot.swap(instance);
        }
        if instance.is_some() {
            instance = overflow.push(instance);
        }
        if instance.is_some() {
            // What is displaced goes on to the next slot; what found no place is freed.
            slots
                .iter()
                .fold(instance, |instance, slot| instance.and_then(|some| slot.swap(Some(some))));
        }
    }

    fn in_context(&self, error: Error) -> Error {
        error.in_context(format_args!("plugin {:?}", self.plugin.name))
    }
}
