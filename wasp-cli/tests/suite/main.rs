//! The tests of the command line, a module for each command. They run the program, with the example plugins of `make plugins` and the
//! runtimes of `make runtimes`.

mod assemblyscript_plugins;
mod bench;
mod bindgen;
mod build;
mod c_plugins;
mod call;
mod check;
mod command;
mod go_plugins;
mod inspect;
mod new_project;
mod readmes;
mod run;
mod rust_plugins;
