//! WASI preview 1 and `wasi_unstable`: what one instance sees of the host's files, clocks and standard streams.
//!
//! The rest of the crate meets WASI only here, so that `wasi-common` can be replaced.
//!
//! Every instance of a plugin has the same descriptors: 0, 1 and 2, then the volumes in the order configured, then
//! `/workspace`. Language runtimes list them once, at start-up, and keep the numbers.

mod capture;
mod context;
mod dir;
mod empty_dir;
mod file;
mod functions;
mod listing;
mod poll;
mod slash;
mod stderr_tail;
mod stdio;
#[cfg(test)]
#[allow(unsafe_code)]
mod tests;
mod time;
mod written;

pub use capture::{Capture, Output};
pub(crate) use context::{Context, Settings, Workspace};
pub(crate) use functions::{Function, Stop, function, is_wasi, names};
pub(crate) use stdio::Streams;
