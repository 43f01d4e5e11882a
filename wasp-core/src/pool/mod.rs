//! A registered plugin with its snapshot and the sandboxes that wait for their next owner.
//!
//! Hosts get sandboxes and give them back from many threads, and more often than anything else. So threads keep out of each
//! other's way: each has a share in the pool, which is counted apart, and where a sandbox that it took and gave back waits for it,
//! with its memory still in that processor's cache and its written pages known.

pub(crate) mod wasm_instance;

use crate::base::error::{Error, Result};
use crate::plugin::Plugin;
use crate::pool::wasm_instance::Sandbox;
use crate::sys::process;
use crate::vm::memory::Snapshot;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More threads than this share shares.
const SHARES: usize = 16;

/// Makes sandboxes of one plugin, and takes them back.
///
/// Where the plugin allows it, a sandbox starts from the snapshot of what start-up left, and goes back to it when its
/// owner is done. Else each is a new instance that runs start-up itself, and is used once.
pub(crate) struct Pool(Box<[Arc<Share>]>);

/// What some of the threads have of a pool. It is a cache line of its own, or two where they come in pairs: threads that
/// count in the same line wait for each other.
#[repr(align(128))]
pub(crate) struct Share {
    pub plugin: Arc<Plugin>,
    stock: Arc<Stock>,
    seat: usize,
}

// A sandbox is large, and moves under a lock.
#[allow(clippy::vec_box)]
struct Stock {
    snapshot: Option<Snapshot>,
    seats: Box<[Seat]>,
    /// Those that found their seat taken, and how many there may be.
    standing: Mutex<Vec<Box<Sandbox>>>,
    room: usize,
    /// Whether the plugin is registered no more, and nobody will come for those that wait.
    closed: AtomicBool,
}

/// Where one sandbox waits.
#[repr(align(128))]
#[derive(Default)]
struct Seat(Mutex<Option<Box<Sandbox>>>);

impl Pool {
    /// Starts the plugin once, to see that it starts and to take its snapshot. That sandbox waits for its first owner.
    pub(crate) fn new(plugin: Plugin) -> Result<Self> {
        let plugin = Arc::new(plugin);
        let mut first = Sandbox::new(&plugin, None)?;
        plugin.finish(first.signatures()?)?;
        let snapshot = if plugin.restorable { Some(first.snapshot()?) } else { None };

        let idle = plugin.limits.idle_instances;
        let seats: Box<[Seat]> = (0..idle.min(SHARES)).map(|_| Seat::default()).collect();
        let (room, closed) = (idle - seats.len(), AtomicBool::new(false));
        let stock = Arc::new(Stock { snapshot, seats, standing: Mutex::default(), room, closed });
        let share =
            |seat| Arc::new(Share { plugin: Arc::clone(&plugin), stock: Arc::clone(&stock), seat });
        let pool = Self((0..SHARES).map(share).collect());
        pool.share().give(Box::new(first));
        Ok(pool)
    }

    /// This thread's share.
    pub(crate) fn share(&self) -> &Arc<Share> {
        &self.0[process::thread() as usize % SHARES]
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let stock = &self.0[0].stock;
        // One that comes back right now may still sit down; it goes with the last living instance.
        stock.closed.store(true, Ordering::Relaxed);
        let mut waiting: Vec<Box<Sandbox>> = std::mem::take(&mut *lock(&stock.standing));
        waiting.extend(stock.seats.iter().filter_map(|seat| lock(&seat.0).take()));
        // Freed with no lock held: that unmaps memory.
        drop(waiting);
    }
}

impl Share {
    /// A sandbox that nobody used before, or none would know.
    pub(crate) fn take(&self) -> Result<Box<Sandbox>> {
        match self.waiting() {
            Some(sandbox) => Ok(sandbox),
            None => self.make().map_err(|error| self.in_context(error)),
        }
    }

    /// Takes a sandbox back from its owner, for the next one.
    pub(crate) fn give(&self, mut sandbox: Box<Sandbox>) {
        if let Some(snapshot) = &self.stock.snapshot
            && !self.stock.closed.load(Ordering::Relaxed)
        {
            sandbox.disown();
            if sandbox.restore(snapshot).is_ok() {
                self.put(sandbox);
            }
        }
    }

    /// Brings a sandbox back to the state of a new one.
    pub(crate) fn renew(&self, sandbox: &mut Sandbox) -> Result<()> {
        match &self.stock.snapshot {
            Some(snapshot) => sandbox.restore(snapshot),
            None => sandbox.replace(),
        }
        .map_err(|error| self.in_context(error))
    }

    fn make(&self) -> Result<Box<Sandbox>> {
        Sandbox::new(&self.plugin, self.stock.snapshot.as_ref()).map(Box::new)
    }

    /// One that waits: at best on the seat of this share.
    fn waiting(&self) -> Option<Box<Sandbox>> {
        let (seats, own) = (&self.stock.seats, self.seat);
        let seated = |seat: &Seat| lock(&seat.0).take();
        seats
            .get(own)
            .and_then(seated)
            .or_else(|| lock(&self.stock.standing).pop())
            .or_else(|| seats.iter().find_map(seated))
    }

    /// Lets `sandbox` wait, or frees it where enough do.
    fn put(&self, sandbox: Box<Sandbox>) {
        let mut sandbox = Some(sandbox);
        let mut sit = |seat: &Seat| {
            let mut place = lock(&seat.0);
            if place.is_none() {
                *place = sandbox.take();
            }
            sandbox.is_none()
        };
        if self.stock.seats.get(self.seat).is_some_and(&mut sit) {
            return;
        }
        let mut standing = lock(&self.stock.standing);
        if standing.len() < self.stock.room {
            standing.extend(sandbox);
            return;
        }
        drop(standing);
        // What still has no place is freed with no lock held: that unmaps memory.
        let _ = self.stock.seats.iter().any(sit);
    }

    fn in_context(&self, error: Error) -> Error {
        error.in_context(format_args!("plugin {:?}", self.plugin.name))
    }
}

// A panic can't leave these half-changed, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
