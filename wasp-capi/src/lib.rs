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
mod function;
mod slice;
mod user_data;
mod value;

// In the order of the header's functions; rustfmt sorts what stands together.
mod engine;

mod config;

mod caller;

mod instance;

mod memory;

mod info;

mod error;

mod process;

mod version;

pub use caller::*;
pub use config::*;
pub use engine::*;
pub use error::*;
pub use function::wasp_function;
pub use info::*;
pub use instance::*;
pub use memory::*;
pub use process::wasp_claim_signals;
pub use slice::*;
pub use user_data::wasp_free_fn;
pub use value::*;
pub use version::*;
