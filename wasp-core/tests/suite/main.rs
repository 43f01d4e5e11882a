//! The tests of wasp-core that can share a process, a module for each behaviour. One binary: each would link both compilers.
//!
//! What forks the process or changes its signals runs in one of its own, by `alone`. What measures the process is beside this
//! folder: `footprint`, `pool`, and `stack`, which pools small stacks only.

#[path = "../plugins/mod.rs"]
mod plugins;

mod allocator;
mod alone;
mod arguments;
mod bounds;
mod cache;
mod call;
mod call_within;
mod callbacks;
mod door;
mod errors;
mod exceptions;
mod extism;
mod filter;
mod fork;
mod host_limits;
mod hostile;
mod inspect;
mod instances;
mod isolation;
mod javascript;
mod json;
mod languages;
mod layers;
mod lending;
mod limits;
mod log;
mod memory_access;
mod missing_imports;
mod modules;
mod numbers;
mod packed_scripts;
mod process_limit;
mod proposals;
mod register;
mod runners;
mod runtimes;
mod scripts;
mod signals;
mod snapshot;
mod stacks;
mod startup;
mod staying;
mod stopping;
mod streams;
mod tenants;
mod threads;
mod tiered;
mod traces;
mod warm_up;
