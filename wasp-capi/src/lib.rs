//! The C face of wasp-core: what `include/wasp.h` declares.
//!
//! Each function's Rust signature is its contract: `&T` is borrowed for the call, `Box<T>` is handed over, and
//! `Option` is a pointer that may be NULL. The text of the header is in `cbindgen.toml` and in the `///` here, written
//! for a reader of C.

#![allow(non_camel_case_types)]
// What a name says needs no words in the header.
#![allow(missing_docs)]
// What a caller in C must see to stands once, at the head of the header.
#![allow(clippy::missing_safety_doc)]

mod argument;
// In the order of the header.
mod config;
mod engine;
mod error;
mod instance;
mod slice;
mod value;
mod version;

pub use config::*;
pub use engine::*;
pub use error::*;
pub use instance::*;
pub use slice::*;
pub use value::*;
pub use version::*;
