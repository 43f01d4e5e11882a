//! What can go wrong, in one type.

use crate::base::visible::visible;
use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;

/// What kind of thing went wrong; the number is the one that the C API gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// An argument of the host is wrong: an option out of range, a string with a NUL inside.
    Invalid = 1,
    /// A file or directory of the host can't be used.
    Io = 2,
    /// The bytes are not a module that wasp can compile.
    Compile = 3,
    /// The module imports something that no callback provides, or with another type.
    ImportNotFound = 4,
    /// No plugin is registered under that name.
    PluginNotFound = 5,
    /// The plugin exports no function of that name.
    FunctionNotFound = 6,
    /// The arguments or the result don't fit the function's WebAssembly signature.
    Signature = 7,
    /// The guest broke the ABI: a pointer outside memory, a string without end, text that isn't UTF-8.
    Abi = 8,
    /// The guest trapped: unreachable, out of bounds, division by zero, stack overflow, ...
    Trap = 9,
    /// The guest reported an error: through `env.raise_error`, or as plugins of Extism do.
    Guest = 10,
    /// The guest called `env.abort`.
    Abort = 11,
    /// The guest called `proc_exit`.
    Exit = 12,
    /// A host function failed or panicked.
    Callback = 13,
    /// The call ran past its time limit.
    Timeout = 14,
    /// The host interrupted the call.
    Cancelled = 15,
    /// The machine or a limit has no more memory, address space, stack or threads.
    Resource = 16,
    /// An earlier call failed half-way, so the instance must be reset before it is used again.
    Poisoned = 17,
    /// The instance runs a call already.
    Busy = 18,
    /// A defect of wasp itself.
    Internal = 19,
}

impl ErrorKind {
    /// Returns the kind's name in lower case, such as `"import_not_found"`: what bindings show as its code.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Invalid => "invalid",
            ErrorKind::Io => "io",
            ErrorKind::Compile => "compile",
            ErrorKind::ImportNotFound => "import_not_found",
            ErrorKind::PluginNotFound => "plugin_not_found",
            ErrorKind::FunctionNotFound => "function_not_found",
            ErrorKind::Signature => "signature",
            ErrorKind::Abi => "abi",
            ErrorKind::Trap => "trap",
            ErrorKind::Guest => "guest",
            ErrorKind::Abort => "abort",
            ErrorKind::Exit => "exit",
            ErrorKind::Callback => "callback",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Resource => "resource",
            ErrorKind::Poisoned => "poisoned",
            ErrorKind::Busy => "busy",
            ErrorKind::Internal => "internal",
        }
    }
}

/// One frame of a guest's stack trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The function's name from the module's name section, where it has one: demangled if it is of Rust or C++. Control
    /// characters are escaped.
    pub function: Option<String>,
    /// The function's index in the module.
    pub function_index: u32,
    /// The offset in bytes of the instruction from the start of the module.
    pub module_offset: u32,
    /// The source file of the instruction, as the compiler was given it, where the module has DWARF.
    pub file: Option<String>,
    /// The line of the instruction in `file`, from 1, where it is of one.
    pub line: Option<u32>,
    /// The column of the instruction in `line`, from 1, where that is known.
    pub column: Option<u32>,
}

/// `greet::hello (src/lib.rs:12:5)`, or where the source isn't known `greet::hello (function 7, offset 0x1f2)`.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, function_index, module_offset, file, line, column } = self;
        write!(f, "{} (", function.as_deref().unwrap_or("?"))?;
        let Some(file) = file else {
            return write!(f, "function {function_index}, offset {module_offset:#x})");
        };
        f.write_str(file)?;
        for place in [line, column].into_iter().map_while(Option::as_ref) {
            write!(f, ":{place}")?;
        }
        f.write_str(")")
    }
}

/// An import of a module that no callback provides, or with another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module, or namespace, that it is imported from.
    pub module: String,
    /// Its name there.
    pub name: String,
}

/// Every failure of this crate: a kind to match on and one line to show.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    function: Option<String>,
    trace: Vec<Frame>,
    stderr: Option<String>,
    exit_code: Option<i32>,
    imports: Vec<Import>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: one_line(message.into()),
            function: None,
            trace: Vec::new(),
            stderr: None,
            exit_code: None,
            imports: Vec::new(),
            source: None,
        }))
    }

    /// Makes an error that a binding reports itself.
    pub fn from_host(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, message)
    }

    /// Returns the error of a second call on an instance that runs one, for bindings whose instances have such a state.
    #[cold]
    pub fn instance_busy() -> Self {
        Self::new(
            ErrorKind::Busy,
            "the instance runs a call already, and an instance runs one at a time",
        )
    }

    /// Returns the error of using an instance that was closed, for bindings whose instances have such a state.
    #[cold]
    pub fn instance_closed() -> Self {
        Self::new(ErrorKind::Invalid, "the instance is closed")
    }

    /// Returns the error for a panic of wasp itself, which [`catch_unwind`](std::panic::catch_unwind) gave as `payload`.
    #[cold]
    pub fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = panic_message(payload);
        Self::new(ErrorKind::Internal, format!("wasp panicked, please report it: {text}"))
    }

    /// That `what` can't be used, in one line: without the number that [`io::Error`] appends.
    pub(crate) fn io(what: impl fmt::Display, error: io::Error) -> Self {
        let reason = error.to_string();
        let reason = reason.split(" (os error").next().unwrap_or_default();
        Self::new(ErrorKind::Io, format!("{what}: {reason}")).with_source(Box::new(error))
    }

    pub(crate) fn with_function(mut self, function: &str) -> Self {
        self.0.function.get_or_insert_with(|| function.to_owned());
        self
    }

    pub(crate) fn with_trace(mut self, trace: Vec<Frame>) -> Self {
        self.0.trace = trace;
        self
    }

    pub(crate) fn with_stderr(mut self, stderr: Option<String>) -> Self {
        self.0.stderr = stderr;
        self
    }

    pub(crate) fn with_exit_code(mut self, code: i32) -> Self {
        self.0.exit_code = Some(code);
        self
    }

    pub(crate) fn with_imports(mut self, imports: Vec<Import>) -> Self {
        self.0.imports = imports;
        self
    }

    pub(crate) fn with_source(mut self, source: Box<dyn StdError + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    /// Puts `context` and a colon in front of the message.
    pub(crate) fn in_context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = one_line(format!("{context}: {}", self.0.message));
        self
    }

    /// The same, unless the message is long already: for contexts that nest.
    pub(crate) fn in_nested_context(self, context: impl fmt::Display) -> Self {
        if self.0.message.len() < 500 { self.in_context(context) } else { self }
    }

    /// Puts `text` behind the message.
    pub(crate) fn after(mut self, text: impl fmt::Display) -> Self {
        self.0.message = one_line(format!("{}{text}", self.0.message));
        self
    }

    /// The same failure, with its trace, as another kind in other words.
    pub(crate) fn reworded(mut self, kind: ErrorKind, message: impl Into<String>) -> Self {
        self.0.kind = kind;
        self.0.message = one_line(message.into());
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the plugin's function that was being called, if one was.
    pub fn function(&self) -> Option<&str> {
        self.0.function.as_deref()
    }

    /// Returns the guest's stack when it failed, innermost frame first; empty where none was running.
    pub fn trace(&self) -> &[Frame] {
        &self.0.trace
    }

    /// Returns what the guest wrote to its standard error during the call that failed, at most the last 1,024 bytes, as text in which
    /// control characters other than line ends and tabs are escaped; `None` where it wrote nothing, or its instance can go on.
    pub fn stderr(&self) -> Option<&str> {
        self.0.stderr.as_deref()
    }

    /// Returns the imports at fault, in the module's order, for [`ErrorKind::ImportNotFound`].
    pub fn imports(&self) -> &[Import] {
        &self.0.imports
    }

    /// Returns the code that the guest passed to `proc_exit`, for [`ErrorKind::Exit`].
    pub fn exit_code(&self) -> Option<i32> {
        self.0.exit_code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, function, trace, .. } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("message", message)
            .field("function", function)
            .field("trace", trace)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Whatever is in it, a message is one line: a guest's names and texts can be in any.
fn one_line(message: String) -> String {
    match visible(&message) {
        Cow::Borrowed(_) => message,
        Cow::Owned(escaped) => escaped,
    }
}

/// What a panic said.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The error of a host function that panicked, in the words of `what` it was.
pub(crate) fn panic_error(kind: ErrorKind, what: &str, payload: &(dyn Any + Send)) -> Error {
    Error::new(kind, format!("{what} panicked: {}", panic_message(payload)))
}
