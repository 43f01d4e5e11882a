//! Idle instances of a plugin, and the snapshot they start from.
//!
//! Instances are acquired and released from many threads, more often than anything else. To keep threads out of each other's
//! way, each uses one shard of the pool: its reference count is separate, and the instance that it released last waits in its
//! slot, with its memory still in that processor's cache and its written pages known.

mod extism_calls;
mod idle_set;
#[allow(unsafe_code)] // Takes the instance out when it is dropped.
pub(crate) mod lease;
mod script_calls;
mod start_state;
#[allow(unsafe_code)] // Moves a store between threads, and resets it.
pub(crate) mod wasm_instance;

use crate::base::error::{Error, Result};
use crate::compile::modules::Ready;
use crate::plugin::Plugin;
use crate::plugin::info::PluginInfo;
use crate::pool::idle_set::IdleSet;
use crate::pool::start_state::StartState;
use crate::pool::wasm_instance::WasmInstance;
use crate::sys::dirty_pages::Policy;
use crate::sys::pagemap::PAGE;
use crate::sys::process;
use crossbeam_utils::CachePadded;
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
    shared: Arc<Shared>,
    /// Its index.
    number: usize,
}

/// What all shards of a pool share.
struct Shared {
    snapshot: Option<StartState>,
    idle_set: IdleSet,
    /// Whether the plugin was unregistered: idle instances will have no next owner.
    closed: AtomicBool,
}

impl Pool {
    /// Starts the plugin once, which takes its snapshot. The instance that it started in becomes the first idle one.
    pub(crate) fn new(plugin: &Arc<Plugin>) -> Result<Self> {
        Self::begin(plugin, WasmInstance::new(plugin, None)?, None)
    }

    /// The same for a script's plugin. The start-up of its `runtime`, which takes longer than loading a script, isn't run again where
    /// it would leave the same as last time.
    pub(crate) fn of_script(plugin: &Arc<Plugin>, runtime: &Self) -> Result<Self> {
        let Shard { plugin: of_runtime, shared, .. } = &**runtime.0[0];
        let limit = plugin.limits.memory_bytes;
        let started = shared.snapshot.as_ref().filter(|state| state.snapshot.fits(limit));
        match started.filter(|_| plugin.starts_as(of_runtime)) {
            Some(start) => Self::begin(plugin, WasmInstance::loaded(plugin, start)?, Some(start)),
            None => Self::new(plugin),
        }
    }

    fn begin(
        plugin: &Arc<Plugin>,
        mut first: WasmInstance,
        base: Option<&StartState>,
    ) -> Result<Self> {
        plugin.finish(first.signatures()?)?;
        first.warm_up()?;
        let policy = Policy {
            witness: plugin.witness,
            most_private: plugin.limits.idle_memory_bytes / PAGE,
        };
        let snapshot = if plugin.restorable { Some(first.snapshot(base, policy)?) } else { None };
        let pool = Self::with_snapshot(plugin, snapshot);
        pool.shard().release(Box::new(first));
        Ok(pool)
    }

    /// Makes a pool of the same plugin with code by another compiler, whose instances start from the same snapshot.
    pub(crate) fn with_code(&self, ready: Arc<Ready>) -> Self {
        let Shard { plugin, shared, .. } = &**self.0[0];
        Self::with_snapshot(&Arc::new(plugin.with_code(ready)), shared.snapshot.clone())
    }

    fn with_snapshot(plugin: &Arc<Plugin>, snapshot: Option<StartState>) -> Self {
        let idle_set = IdleSet::new(plugin.limits.idle_instances, SHARDS);
        let shared = Arc::new(Shared { snapshot, idle_set, closed: AtomicBool::new(false) });
        let shard = |number| {
            let (plugin, shared) = (Arc::clone(plugin), Arc::clone(&shared));
            Arc::new(CachePadded::new(Shard { plugin, shared, number }))
        };
        Self((0..SHARDS).map(shard).collect())
    }

    /// Returns the plugin.
    pub(crate) fn plugin(&self) -> &Plugin {
        &self.0[0].plugin
    }

    /// Returns the plugin's name.
    pub(crate) fn name(&self) -> &str {
        &self.0[0].plugin.name
    }

    /// Tells what its plugin offers and needs.
    pub(crate) fn info(&self) -> PluginInfo {
        self.0[0].plugin.info(self.snapshot_size())
    }

    /// Returns what tells the machine code of its plugin from that of others, and how many bytes that and its snapshot have.
    pub(crate) fn sizes(&self) -> (usize, u64, u64) {
        let (code, size) = self.0[0].plugin.code_size();
        (code, size, self.snapshot_size())
    }

    fn snapshot_size(&self) -> u64 {
        self.0[0].shared.snapshot.as_ref().map_or(0, StartState::memory_used)
    }

    /// Frees the idle instances, and returns how many these were.
    pub(crate) fn free_idle(&self) -> usize {
        self.0[0].shared.idle_set.clear()
    }

    /// Returns this thread's shard.
    pub(crate) fn shard(&self) -> &Arc<CachePadded<Shard>> {
        &self.0[process::thread() as usize % SHARDS]
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let shared = &self.0[0].shared;
        // One that is released right now may still be kept; it is freed with the last living instance.
        shared.closed.store(true, Ordering::Relaxed);
        shared.idle_set.clear();
    }
}

impl Shard {
    /// Returns an instance in the state of a new one: an idle one if there is one.
    pub(crate) fn acquire(&self) -> Result<Box<WasmInstance>> {
        match self.shared.idle_set.pop(self.number) {
            Some(instance) => Ok(instance),
            None => self.instantiate().map_err(|error| self.in_context(error)),
        }
    }

    /// Resets an instance that its owner is done with, and keeps it for the next owner.
    pub(crate) fn release(&self, mut instance: Box<WasmInstance>) {
        if let Some(snapshot) = &self.shared.snapshot
            && !self.shared.closed.load(Ordering::Relaxed)
        {
            instance.disown();
            if instance.restore(snapshot).is_ok() {
                self.shared.idle_set.push(self.number, instance);
            }
        }
    }

    /// Brings an instance back to the state of a new one, for the same owner.
    pub(crate) fn reset(&self, instance: &mut WasmInstance) -> Result<()> {
        match &self.shared.snapshot {
            Some(snapshot) => instance.restore(snapshot),
            None => instance.replace(),
        }
        .map_err(|error| self.in_context(error))
    }

    fn instantiate(&self) -> Result<Box<WasmInstance>> {
        let snapshot = self.shared.snapshot.as_ref();
        let mut instance = WasmInstance::new(&self.plugin, snapshot).map(Box::new)?;
        if snapshot.is_none() {
            instance.warm_up()?;
            instance.resume_at_next_call();
        }
        Ok(instance)
    }

    fn in_context(&self, error: Error) -> Error {
        error.in_context(format_args!("plugin {:?}", self.plugin.name))
    }
}
