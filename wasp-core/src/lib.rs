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
//! The folders are layers, and each imports only from those below it: `engine` and `instance`; `pool`; `guest`; `plugin`;
//! `compile`; `vm`, `wasi` and `extism`; `config`; `sys`; `base`. `tests/suite/layers.rs` keeps it so.

// Unsafe code is in the modules that exist for it, each marked where it is declared.
#![deny(unsafe_code)]
// wasmer's errors are large, and on ways that are rarely taken.
#![allow(clippy::result_large_err)]

mod base;
mod compile;
mod config;
mod engine;
mod extism;
mod guest;
mod instance;
mod plugin;
mod pool;
#[allow(unsafe_code)]
mod sys;
#[allow(unsafe_code)]
mod vm;
mod wasi;

pub use base::error::{Error, ErrorKind, Frame, Import, Result};
pub use base::log::{Level, Log, Record};
pub use base::nearest::{hint, nearest};
pub use base::text::utf8;
pub use base::value::{Kind, Value};
pub use base::visible::{visible, visible_lines};
pub use config::callback::Caller;
pub use config::engine_options::{Compiler, Options, Stdio};
pub use config::language::runner;
pub use config::lent_caller::{CallerSlot, LentCaller};
pub use config::limits::Limits;
pub use config::plugin_config::Config;
pub use engine::Engine;
pub use instance::{Functions, Instance};
pub use plugin::export::Function;
pub use plugin::info::{PluginImport, PluginInfo, Provider};
pub use sys::interrupt::Interrupter;
pub use sys::signals::claim_signals;
pub use sys::turnstile::Turnstile;
pub use vm::guest_stack::assume_sole_use_of_wasmer;
pub use wasi::{Capture, Output};
