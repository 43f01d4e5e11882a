//! The modules that an engine has compiled, as long as a plugin uses them: the same bytes under many names are compiled once.

use crate::base::error::Result;
use crate::compile::cache::{Compiled, Hash};
use crate::compile::debug_lines::{DebugLines, SourceLine};
use crate::compile::packed_script::{self, PackedScript};
use crate::compile::target::Target;
use crate::sys::process::generation;
use crate::vm::bounds::Bounds;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use wasmer_types::FrameInfo;

/// A module's machine code, and what it was made for.
pub(crate) struct Ready {
    pub compiled: Compiled,
    pub bounds: Bounds,
    lines: DebugLines,
}

impl Ready {
    pub(crate) fn new(compiled: Compiled, bounds: Bounds) -> Self {
        Self { compiled, bounds, lines: DebugLines::default() }
    }

    /// Returns the offset in the module of the instruction that stands at `address`, in a function which `info` is about. What a
    /// function does before its first one counts as its start.
    pub(crate) fn module_offset(&self, info: &FrameInfo, address: usize) -> u32 {
        let start = (info.module_offset() as u32).wrapping_sub(info.func_offset() as u32);
        let found = self.compiled.instruction(info, address);
        found.filter(|offset| *offset != u32::MAX).unwrap_or(start)
    }

    /// Returns the name of a function, if the module has one for it.
    pub(crate) fn function_name(&self, function: u32) -> Option<&str> {
        self.compiled.function_name(function)
    }

    /// Returns the script that the module carries along, for what was compiled with it.
    pub(crate) fn packed_script(&self) -> Result<Option<PackedScript>> {
        self.compiled.custom_section(packed_script::SECTION).map(PackedScript::read).transpose()
    }

    /// Returns where in its source each of the instructions at `offsets` of the module is, where it says so.
    pub(crate) fn lines(&self, offsets: &[u32]) -> Vec<Option<SourceLine>> {
        let section = |name: &str| self.compiled.custom_section(name);
        self.lines.find(&section, self.compiled.code_offset, offsets)
    }
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
        let Some(place) = self.place(hash, target) else { return make().map(Arc::new) };
        let mut module = place.lock();
        if let Some(ready) = module.upgrade() {
            return Ok(ready);
        }
        make().map(|ready| note(&mut module, ready))
    }

    /// The same where `load` may find nothing. Doesn't wait where another thread makes it at this moment: then there is none.
    pub(crate) fn get_if_there(
        &self,
        hash: Hash,
        target: Target,
        load: impl FnOnce() -> Result<Option<Ready>>,
    ) -> Result<Option<Arc<Ready>>> {
        let Some(place) = self.place(hash, target) else { return Ok(load()?.map(Arc::new)) };
        let Some(mut module) = place.try_lock() else { return Ok(None) };
        if let Some(ready) = module.upgrade() {
            return Ok(Some(ready));
        }
        Ok(load()?.map(|ready| note(&mut module, ready)))
    }

    /// Where the module is or will be; none in a child of a fork.
    fn place(&self, hash: Hash, target: Target) -> Option<Arc<Place>> {
        if self.generation != generation() {
            return None;
        }
        let mut places = self.places.lock();
        // Those that nobody has any more, and that nobody waits for.
        places.retain(|_, place| Arc::strong_count(place) > 1 || place.lock().strong_count() > 0);
        Some(Arc::clone(places.entry((hash, target)).or_default()))
    }
}

fn note(module: &mut Weak<Ready>, ready: Ready) -> Arc<Ready> {
    let ready = Arc::new(ready);
    *module = Arc::downgrade(&ready);
    ready
}
