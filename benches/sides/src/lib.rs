//! What every side of the benchmark does, wasp and its peers alike.
//!
//! A [`Side`] compiles plugins and makes instances; an [`Instance`] answers calls. [`Work`] is what is measured, written once
//! for all of them. A [`Face`] is a side behind C functions, so that one can live in a library of its own. [`abi`] has the
//! steps by which text and bytes pass, for the peers that leave them to the host's author.

pub mod abi;
mod face;
mod side;
mod work;

pub use face::{Bench, Face, face};
pub use side::{Instance, Language, Side, Variant};
pub use work::{Loaded, Work};
