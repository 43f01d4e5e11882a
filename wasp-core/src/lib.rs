//! WebAssembly plugins: load a module, get a sandbox, call its functions with plain values.
//!
//! An [`Engine`] holds plugins by name. An [`Instance`] is one sandbox with memory of its own. A [`Config`] says what a
//! plugin is given; without one it gets nothing.
//!
//! ```
//! use wasp_core::{Config, Engine, Kind};
//!
//! # fn main() -> Result<(), wasp_core::Error> {
//! let engine = Engine::new();
//! let wasm = br#"(module (func (export "sum") (param i32 i32) (result i32)
//!     (i32.add (local.get 0) (local.get 1))))"#;
//! engine.register("calculator", wasm, &Config::new())?;
//!
//! let mut instance = engine.instance("calculator", None)?;
//! let sum: i32 = instance.call("sum", &[3.into(), 2.into()], Kind::I32)?.try_into()?;
//! assert_eq!(sum, 5);
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: `value`, `error`, `log`; `config`, `engine`, `compile`, `cache`, `plugin`; `instance`, `pool`, `sandbox`, `guest`, `call`,
//! `transfer`, `blocks`, `host`;
//! then what lies below: `entry`, `memory`, `stack`, `image`, `instrument`, `interrupt`, `wasi`.

// wasmer's errors are large, and on ways that are rarely taken.
#![allow(clippy::result_large_err)]

mod blocks;
mod cache;
mod call;
mod compile;
mod config;
mod engine;
mod entry;
mod error;
mod guest;
mod host;
mod image;
mod instance;
mod instrument;
mod interrupt;
mod log;
mod memory;
mod names;
mod number;
mod plugin;
mod pool;
mod sandbox;
mod signals;
mod signature;
mod stack;
mod transfer;
mod trap;
mod value;
mod wasi;

pub use config::{Config, Limits};
pub use engine::{Compiler, Engine, Options, Stdio};
pub use error::{Error, ErrorKind, Frame, Import, Result};
pub use host::Caller;
pub use instance::{Functions, Instance};
pub use interrupt::Interrupter;
pub use log::{Level, Log, Record};
pub use plugin::Function;
pub use signals::claim_signals;
pub use value::{Kind, Value};
