//! The state that all instances of a plugin start from.

use crate::extism::variables::Variables;
use crate::vm::parts::Snapshot;

/// What start-up left.
#[derive(Clone)]
pub(crate) struct StartState {
    /// The memory and the globals of its module.
    pub snapshot: Snapshot,
    /// The variables of a plugin of Extism.
    pub variables: Option<Variables>,
}

impl StartState {
    /// Returns how many bytes of the host's memory it takes.
    pub(crate) fn memory_used(&self) -> u64 {
        let variables = self.variables.as_ref().map_or(0, Variables::size);
        self.snapshot.memory_used() + variables as u64
    }
}
