//! What a plugin is given, and how an engine works.

pub(crate) mod callback;
pub(crate) mod engine_options;
pub(crate) mod guest_memory;
pub(crate) mod language;
#[allow(unsafe_code)] // Keeps pointers to callers that wait.
pub(crate) mod lent_caller;
pub(crate) mod limits;
pub(crate) mod plugin_config;
