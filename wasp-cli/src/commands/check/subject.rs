//! The plugin that is checked, and calls of it.

use crate::arguments::Plugin;
use crate::failure::Outcome;
use crate::value_text::Owned;
use std::time::Duration;
use wasp_core::{Engine, Error, ErrorKind, Function, Instance, Kind, Value};

/// The plugin, and those of its functions that are checked.
pub struct Subject<'a> {
    engine: &'a Engine,
    plugin: &'a Plugin,
    pub functions: Vec<Function>,
    /// How long a call may take.
    pub limit: Duration,
    /// The memory that the module may have by its own declaration.
    pub memory_max: Option<u64>,
}

/// How a call ended.
pub enum End {
    /// It returned, or failed by its language's own means: whatever value it was given, that is its right.
    Fine,
    /// The same, but the instance must be reset.
    Ended,
    /// It called a host function that is not there.
    Lacks,
    Broke(Error),
}

impl<'a> Subject<'a> {
    /// Takes the functions whose parameters are known.
    pub fn new(
        engine: &'a Engine,
        plugin: &'a Plugin,
        functions: Vec<Function>,
        limit: Duration,
        memory_max: Option<u64>,
    ) -> Self {
        let is_known = |known: &Function| known.declared || !known.params.contains(&Kind::I32);
        let functions = functions.into_iter().filter(is_known).collect();
        Self { engine, plugin, functions, limit, memory_max }
    }

    /// Returns the functions that take text or bytes.
    pub fn of_text(&self) -> impl Iterator<Item = &Function> {
        let is_text = |kind: &Kind| !matches!(kind, Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64);
        self.functions.iter().filter(move |known| known.params.iter().any(is_text))
    }

    /// Makes an instance.
    pub fn instance(&self) -> Outcome<Instance> {
        self.plugin.instance(self.engine)
    }
}

/// Returns arguments for a function: `text` wherever one may be.
pub fn arguments(function: &Function, text: &str) -> Vec<Owned> {
    let argument = |kind: &Kind| match kind {
        Kind::I64 => Owned::Number(Value::I64(1)),
        Kind::F32 => Owned::Number(Value::F32(1.0)),
        Kind::F64 => Owned::Number(Value::F64(1.0)),
        Kind::String | Kind::Any => Owned::String(text.to_owned()),
        Kind::Bytes => Owned::Bytes(text.as_bytes().to_vec()),
        Kind::Json => Owned::Json(serde_json::Value::from(text).to_string()),
        _ => Owned::Number(Value::I32(1)),
    };
    function.params.iter().map(argument).collect()
}

/// Calls a function within `limit`.
pub fn call(
    instance: &mut Instance,
    function: &Function,
    args: &[Value<'_>],
    limit: Duration,
) -> End {
    let Err(error) = instance.call_within(limit, &function.name, args, Kind::Any) else {
        return End::Fine;
    };
    match error.kind() {
        ErrorKind::Guest => End::Fine,
        ErrorKind::Abort => End::Ended,
        ErrorKind::Trap if error.to_string().contains(": it called the missing import ") => {
            End::Lacks
        }
        _ => End::Broke(error),
    }
}

/// Says what went wrong, without the name that this program gave the plugin.
pub fn shown(function: &Function, error: &Error) -> String {
    let text = error.to_string();
    let reason = text.split_once(&format!("function {:?}: ", function.name));
    let reason = reason.map_or(&*text, |(_, reason)| reason);
    match error.trace().first() {
        Some(frame) => format!("{}: {reason}, in {frame}", function.name),
        None => format!("{}: {reason}", function.name),
    }
}
