//! The instances of a plugin that wait for their next owner.

use crate::pool::wasm_instance::WasmInstance;
use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where one idle instance waits. No lock: a child of a fork could find it held by a thread that it doesn't have.
type Slot = AtomicCell<Option<Box<WasmInstance>>>;

const _: () = assert!(Slot::is_lock_free());

/// The instances of a plugin that wait for their next owner: one for each shard of the pool, and those that found their slot
/// taken.
pub(super) struct IdleSet {
    slots: Box<[CachePadded<Slot>]>,
    overflow: Overflow,
}

impl IdleSet {
    /// Makes room for `most` instances, in a slot for each of `shards` as far as that goes.
    pub(super) fn new(most: usize, shards: usize) -> Self {
        let slots: Box<[CachePadded<Slot>]> =
            (0..most.min(shards)).map(|_| CachePadded::default()).collect();
        let overflow = Overflow::new(most - slots.len());
        Self { slots, overflow }
    }

    /// Takes an instance, preferring the slot of `shard`.
    pub(super) fn pop(&self, shard: usize) -> Option<Box<WasmInstance>> {
        let Self { slots, overflow } = self;
        slots
            .get(shard)
            .and_then(|slot| slot.take())
            .or_else(|| overflow.pop())
            .or_else(|| slots.iter().find_map(|slot| slot.take()))
    }

    /// Keeps `instance`, in the slot of `shard`, or frees one where enough are.
    pub(super) fn push(&self, shard: usize, instance: Box<WasmInstance>) {
        let Self { slots, overflow } = self;
        let mut instance = Some(instance);
        // The one that was released last is in the processor's cache: it takes the slot.
        if let Some(slot) = slots.get(shard) {
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

    /// Frees all, and returns how many these were.
    pub(super) fn clear(&self) -> usize {
        let waiting = std::iter::from_fn(|| self.overflow.pop()).count();
        waiting + self.slots.iter().filter_map(|slot| slot.take()).count()
    }
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
