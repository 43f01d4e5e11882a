//! What plugins of Extism find behind `extism:host/env`: blocks of memory of the host's, in which their input and output are, and
//! variables. Nothing here knows of calls or instances.

pub(crate) mod blocks;
pub(crate) mod functions;
pub(crate) mod http;
pub(crate) mod kernel;
pub(crate) mod variables;
