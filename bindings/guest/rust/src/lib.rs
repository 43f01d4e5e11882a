//! What a [wasp] plugin written in Rust needs: [`export!`] declares the functions that the host may call, [`import!`] those
//! that the host provides.
//!
//! ```
//! wasp_guest::import! {
//!     from "env";
//!     fn call_me(name: &str) -> String;
//! }
//!
//! wasp_guest::export! {
//!     /// Greets somebody.
//!     fn hello(name: &str) -> String {
//!         format!("Hello {}", name)
//!     }
//!
//!     fn introduce() -> String {
//!         call_me("Nic")
//!     }
//!
//!     fn size(path: &str) -> Result<u64, std::io::Error> {
//!         Ok(std::fs::metadata(path)?.len())
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! # Types
//!
//! | in Rust | kind |
//! |---|---|
//! | `i8` to `i64`, `u8` to `u64`, `isize`, `usize`, `f32`, `f64`, `bool` | a number |
//! | `&str`, `String` | `string` |
//! | `&[u8]`, `Vec<u8>` | `bytes` |
//! | `Option` of a string, a number or a `bool` | `json`: `null` is `None` |
//! | `Json<T>`, with the feature `serde` | `json` |
//!
//! A `&str` or `&[u8]` that a function takes is the host's copy, for the time of the call; a `String` or `Vec<u8>` is the
//! function's own. The blocks of memory in between are the host's to free, which it does when the call is over; a plugin
//! never does.
//!
//! # Failures
//!
//! A function that may fail returns a [`Result`]. A panic ends the instance, and the host's error has its words and its place.
//!
//! [wasp]: https://github.com/nicholasjackson/wasp

#![warn(missing_docs)]

mod blocks;
mod failure;
#[cfg(feature = "serde")]
mod json;
mod listing;
mod macros;
mod memory;
#[cfg(not(target_arch = "wasm32"))]
mod mock;
mod option;
mod pass;
#[cfg(target_arch = "wasm32")]
mod start_up;

pub use failure::raise_error;
#[cfg(feature = "serde")]
pub use json::Json;
pub use option::{FromJson, ToJson};
pub use pass::{Argument, Call, FromHost, Pass, ToHost};

// For the macros.
#[doc(hidden)]
pub use failure::{answer, refuse};
#[doc(hidden)]
pub use listing::{is_listed, ListedInExport, Listing, Signature};
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)]
pub use mock::Mock;
