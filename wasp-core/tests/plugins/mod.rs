//! The plugins of the tests, and the engines that run them.
//!
//! A plugin is a `.wat` file beside this one, or text in the test where it is about a line or two. Files hold the fields
//! of a module; `allocator.wat` is appended to those that need it.

#![allow(dead_code)] // Each test is a crate of its own and uses some of it.

use std::path::{Path, PathBuf};
use wasp_core::{Compiler, Config, Engine, Error, ErrorKind, Instance, Kind, Limits, Log};
use wasp_core::{Options, Stdio};

/// Runs `test` with an engine of each compiler.
pub fn on_both(test: impl Fn(&Engine)) {
    on_both_with(Log::default(), test);
}

/// The same, with engines that tell `log` what happens.
pub fn on_both_with(log: Log, test: impl Fn(&Engine)) {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        // Seen where the test fails.
        eprintln!("with {compiler:?}:");
        test(&engine(compiler, log.clone()));
    }
}

/// An engine of one compiler.
pub fn engine(compiler: Compiler, log: Log) -> Engine {
    let mut options = Options::default();
    options.compiler = compiler;
    options.stdio = Stdio::None;
    options.log = log;
    choose_stacks();
    Engine::with_options(options)
}

/// Has threads keep their guests' stacks if `WASP_TEST_STACKS_STAY` is set, as in the bindings. All tests run in both ways.
pub fn choose_stacks() {
    if std::env::var_os("WASP_TEST_STACKS_STAY").is_some() {
        // SAFETY: the tests that use wasmer themselves do so in processes where this is not set.
        unsafe { wasp_core::assume_sole_use_of_wasmer() };
    }
}

/// Where the file `name` stands.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins").join(name)
}

/// The text of the plugin `name`, with the allocator.
pub fn plugin(name: &str) -> String {
    let path = path(&format!("{name}.wat"));
    let fields = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    with_allocator(&fields)
}

/// A module with these fields and the allocator.
pub fn with_allocator(fields: &str) -> String {
    format!("{fields}\n{}", include_str!("allocator.wat"))
}

/// The binary format of `wat`.
pub fn binary(wat: &str) -> Vec<u8> {
    wasmer::wat2wasm(wat.as_bytes()).unwrap().into_owned()
}

/// Registers `wat` as "p" and makes an instance of it.
#[track_caller]
pub fn instance(engine: &Engine, wat: &str, config: &Config) -> Instance {
    engine.register("p", wat.as_bytes(), config).unwrap();
    engine.instance("p", None).unwrap()
}

/// A Config whose callback "env"."ask" gives its argument back.
pub fn ask() -> Config {
    let mut config = Config::new();
    config.callback("env", "ask", &[Kind::String], Kind::String, |caller, args| {
        caller.set_result(args[0]);
        Ok(())
    });
    config
}

/// A Config with other limits.
pub fn with_limits(change: impl Fn(&mut Limits)) -> Config {
    let mut limits = Limits::default();
    change(&mut limits);
    let mut config = Config::new();
    config.limits(limits);
    config
}

/// How many blocks of the plugin nobody has freed.
#[track_caller]
pub fn live(instance: &mut Instance) -> i32 {
    instance.call("live", &[], Kind::I32).unwrap().try_into().unwrap()
}

/// The size of the plugin's memory.
#[track_caller]
pub fn pages(instance: &mut Instance) -> i32 {
    instance.call("pages", &[], Kind::I32).unwrap().try_into().unwrap()
}

/// Checks that `outcome` is an error of this kind that says exactly this, in the form that all messages have.
#[track_caller]
pub fn fails<T>(outcome: Result<T, Error>, kind: ErrorKind, message: &str) -> Error {
    let Err(error) = outcome else { panic!("it works, and should say: {message}") };
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
    well_formed(&error);
    error
}

/// Checks that the message is one line in lower case that doesn't end like a sentence.
#[track_caller]
pub fn well_formed(error: &Error) {
    let message = error.to_string();
    assert!(!message.contains(['\n', '\r', '\t', '\0']), "more than a line: {message:?}");
    assert!(!message.starts_with(|first: char| first.is_uppercase()), "{message}");
    assert!(!message.is_empty() && !message.ends_with(['.', ' ', ':']), "{message}");
}
