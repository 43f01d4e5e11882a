//! The modules that an engine has compiled, as long as a plugin uses them: the same bytes under many names are compiled once.

use crate::base::error::Result;
use crate::compile::cache::{Compiled, Hash};
use crate::compile::target::Target;
use crate::sys::process::generation;
use crate::vm::bounds::Bounds;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

/// A module's machine code, and what it was made for.
pub(crate) struct Ready {
    pub compiled: Compiled,
    pub bounds: Bounds,
}

/// One module, which the first that asks for it compiles while others wait.
type Place = Mutex<Weak<Ready>>;

/// The compiled modules of one engine, by the hashes of their bytes and what they are compiled for.
pub(crate) struct Modules {
    places: Mutex<HashMap<(Hash, Target), Arc<Place>>>,
    /// A child of a fork doesn't ask: another thread may have held a lock.
    generation: u64,
}

impl Default for Modules {
    fn default() -> Self {
        Self { places: Mutex::default(), generation: generation() }
    }
}

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Modules")
    }
}

impl Modules {
    /// Returns the module with this hash, compiled for `target`, made by `make` if no plugin has it.
    pub(crate) fn get(
        &self,
        hash: Hash,
        target: Target,
        make: impl FnOnce() -> Result<Ready>,
    ) -> Result<Arc<Ready>> {
        if self.generation != generation() {
            return make().map(Arc::new);
        }
        let place = {
            let mut places = self.places.lock();
            // Those that nobody has any more, and that nobody waits for.
            places
                .retain(|_, place| Arc::strong_count(place) > 1 || place.lock().strong_count() > 0);
            Arc::clone(places.entry((hash, target)).or_default())
        };
        let mut module = place.lock();
        if let Some(ready) = module.upgrade() {
            return Ok(ready);
        }
        let ready = Arc::new(make()?);
        *module = Arc::downgrade(&ready);
        Ok(ready)
    }
}
