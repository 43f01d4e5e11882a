//! What is known of the place that a value goes to.

use wasp_core::Kind;

/// Where a value goes.
pub(crate) struct Place<'a> {
    /// Returns what errors call the value.
    pub name: &'a dyn Fn() -> String,
    /// Returns the kind that it goes to, where one is known.
    pub kind: &'a dyn Fn() -> Option<Kind>,
}
