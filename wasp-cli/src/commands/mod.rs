//! The commands, a module for each.

pub mod bench;
pub mod bindgen;
pub mod build;
pub mod call;
pub mod check;
pub mod compile;
pub mod completions;
pub mod inspect;
pub mod man;
pub mod new_project;
pub mod run;
