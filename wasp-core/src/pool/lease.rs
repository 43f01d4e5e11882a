//! An instance on loan from its pool.

use crate::base::error::Result;
use crate::pool::Shard;
use crate::pool::wasm_instance::WasmInstance;
use crossbeam_utils::CachePadded;
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// An instance with one owner, released to its pool when this is dropped. It keeps its plugin alive.
///
/// The fields are open so that both can be borrowed at once.
pub(crate) struct Lease {
    pub shard: Arc<CachePadded<Shard>>,
    pub instance: ManuallyDrop<Box<WasmInstance>>,
}

impl Lease {
    /// Acquires an instance in the state of a new one.
    pub(crate) fn new(shard: &Arc<CachePadded<Shard>>) -> Result<Self> {
        let instance = ManuallyDrop::new(shard.acquire()?);
        Ok(Self { shard: Arc::clone(shard), instance })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // SAFETY: nothing uses the field after this: a value is dropped once.
        self.shard.release(unsafe { ManuallyDrop::take(&mut self.instance) });
    }
}
