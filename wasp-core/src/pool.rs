//! A registered plugin with its snapshot and the sandboxes that wait for their next owner.

use crate::error::{Error, Result};
use crate::memory::Snapshot;
use crate::plugin::Plugin;
use crate::sandbox::Sandbox;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes sandboxes of one plugin, and takes them back.
///
/// Where the plugin allows it, a sandbox starts from the snapshot of what start-up left, and goes back to it when its
/// owner is done. Else each is a new instance that runs start-up itself, and is used once.
pub(crate) struct Pool {
    pub plugin: Arc<Plugin>,
    snapshot: Option<Snapshot>,
    idle: Mutex<Vec<Sandbox>>,
}

impl Pool {
    /// Starts the plugin once, to see that it starts and to take its snapshot. One sandbox is made ready.
    pub(crate) fn new(plugin: Plugin) -> Result<Self> {
        let mut plugin = Arc::new(plugin);
        let mut first = Sandbox::new(&plugin, None)?;
        let signatures = first.signatures()?;
        let snapshot = if plugin.restorable { Some(first.snapshot()?) } else { None };
        drop(first);
        Arc::get_mut(&mut plugin).expect("the only sandbox is gone").finish(signatures)?;
        let pool = Self { plugin, snapshot, idle: Mutex::default() };
        if let Some(snapshot) = &pool.snapshot {
            pool.put(Sandbox::new(&pool.plugin, Some(snapshot))?);
        }
        Ok(pool)
    }

    /// A sandbox that nobody used before, or none would know.
    pub(crate) fn take(&self) -> Result<Sandbox> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(sandbox) => Ok(sandbox),
            None => Sandbox::new(&self.plugin, self.snapshot.as_ref())
                .map_err(|error| self.in_context(error)),
        }
    }

    /// Takes a sandbox back from its owner, for the next one.
    pub(crate) fn give(&self, mut sandbox: Sandbox) {
        if let Some(snapshot) = &self.snapshot {
            sandbox.disown();
            if sandbox.restore(snapshot).is_ok() {
                self.put(sandbox);
            }
        }
    }

    /// Brings a sandbox back to the state of a new one.
    pub(crate) fn renew(&self, sandbox: &mut Sandbox) -> Result<()> {
        match &self.snapshot {
            Some(snapshot) => sandbox.restore(snapshot),
            None => sandbox.replace(),
        }
        .map_err(|error| self.in_context(error))
    }

    fn put(&self, sandbox: Sandbox) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.plugin.limits.idle_instances {
            idle.push(sandbox);
        } else {
            drop(idle);
            // Freeing it unmaps memory: not while others wait for the lock.
            drop(sandbox);
        }
    }

    fn in_context(&self, error: Error) -> Error {
        error.in_context(format_args!("plugin {:?}", self.plugin.name))
    }
}
