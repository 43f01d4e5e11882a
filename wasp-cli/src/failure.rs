//! What ends a command, and the exit code that it ends with.

use std::fmt;
use wasp_core::{Error, ErrorKind};

/// The plugin failed, or a check did.
pub const FAILED: u8 = 1;
/// The command line is wrong, or doesn't fit the plugin.
pub const USAGE: u8 = 2;
/// A file can't be used.
pub const UNUSABLE: u8 = 3;

/// What ends a command before it is done.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub kind: &'static str,
    /// One line, or nothing where everything is said.
    pub message: String,
    /// The plugin's stack.
    pub trace: Vec<String>,
    /// What the plugin wrote to its standard error.
    pub stderr: Option<String>,
}

pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Makes that of a command line that is wrong.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(USAGE, "usage", message)
    }

    /// Makes that of a file that can't be used.
    pub fn unusable(message: impl fmt::Display) -> Self {
        Self::new(UNUSABLE, "io", message)
    }

    /// Makes that of checks of which the report has told.
    pub fn reported() -> Self {
        Self::new(FAILED, "check", "")
    }

    /// Makes that of a pipe whose reader has seen enough, which is nothing to tell of.
    pub fn broken_pipe() -> Self {
        Self::new(0, "io", "")
    }

    fn new(code: u8, kind: &'static str, message: impl fmt::Display) -> Self {
        let message = wasp_core::visible(&message.to_string()).into_owned();
        Self { code, kind, message, trace: Vec::new(), stderr: None }
    }

    /// Says what can't be done with the file `path`.
    pub fn of_file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let reason = error.to_string();
        let reason = reason.split(" (os error").next().unwrap_or_default();
        Self::unusable(format_args!("file {path:?}: {reason}"))
    }

    /// Makes that of a plugin that can't be registered.
    pub fn of_registration(error: &Error) -> Self {
        let mut failure = Self::from(error);
        if error.kind() == ErrorKind::Invalid {
            failure.code = UNUSABLE;
        }
        failure
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Invalid | ErrorKind::FunctionNotFound | ErrorKind::Signature => USAGE,
            ErrorKind::Io
            | ErrorKind::Compile
            | ErrorKind::ImportNotFound
            | ErrorKind::PluginNotFound => UNUSABLE,
            _ => FAILED,
        };
        Self {
            trace: error.trace().iter().map(ToString::to_string).collect(),
            stderr: error.stderr().map(str::to_owned),
            ..Self::new(code, error.kind().name(), error)
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}
