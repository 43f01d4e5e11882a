//! Python, by the package wasp.

use crate::commands::bindgen::binding::{Binding, Bound};
use crate::commands::bindgen::name::{comment, literal, long_escape, pascal};
use std::fmt::Write;
use wasp_core::Kind;

const HEAD: &str = r#""""Typed calls of the plugin {plugin}, written by `wasp bindgen`: don't change it by hand."""

from __future__ import annotations

from os import PathLike
from typing import Any

import wasp

_SIGNATURES = {
{signatures}}


def register(
    engine: wasp.Engine, source: str | PathLike[str] | bytes, *, name: str = {name}, **options: Any
) -> None:
    """Registers the plugin, as Engine.register does, and checks that it still offers what this was written for.

    Raises TypeError, which names the difference, if it doesn't; then no plugin of that name is registered.
    """
    engine.register(name, source, **options)
    offered = {known.name: known for known in engine.plugin(name).functions}
    for function, (params, result) in _SIGNATURES.items():
        wanted = f"{function}({', '.join(params)}) {result}"
        known = offered.get(function)
        if known is None:
            difference = f"offers no function {wanted}, for which this was written"
        elif (tuple(kind.name for kind in known.params), known.result.name) != (params, result):
            difference = f"offers {known}, and this was written for {wanted}"
        else:
            continue
        engine.unregister(name)
        raise TypeError(f"plugin {name!r} {difference}: write it anew by wasp bindgen")


class {class}:
    """The plugin's functions, called in one instance."""

    def __init__(self, instance: wasp.Instance) -> None:
        self.instance = instance
"#;

/// Writes a module.
pub fn code(binding: &Binding) -> String {
    let mut signatures = String::new();
    for Bound { name, params, result, .. } in &binding.functions {
        let params: Vec<String> =
            params.iter().map(|param| format!("\"{}\"", param.kind)).collect();
        // A tuple of one has a comma.
        let comma = if params.len() == 1 { "," } else { "" };
        let _ = writeln!(
            signatures,
            "    {}: (({}{comma}), \"{result}\"),",
            text(name),
            params.join(", ")
        );
    }
    let mut code = HEAD
        .replace("{plugin}", &comment(&binding.plugin))
        .replace("{signatures}", &signatures)
        .replace("{name}", &text(&binding.plugin))
        .replace("{class}", &pascal(&binding.name));
    for function in &binding.functions {
        code.push_str(&method(function));
    }
    code
}

fn method(function: &Bound) -> String {
    let Bound { name, ident, params, result, docs, .. } = function;
    let mut head = String::new();
    let mut args = String::new();
    for param in params {
        let _ = write!(head, ", {}: {}", param.ident, taken(param.kind));
        let _ = write!(args, ", {}", param.ident);
    }
    let docs = match docs.as_str() {
        "" => String::new(),
        // Its last letter may be a quote.
        docs if docs.ends_with('"') => format!("        \"\"\"{} \"\"\"\n", comment(docs)),
        docs => format!("        \"\"\"{}\"\"\"\n", comment(docs)),
    };
    let (kind, returned) = (result.name().to_uppercase(), given(*result));
    let call = format!("self.instance.call({}{args}, returns=wasp.Kind.{kind})", text(name));
    let body = match result {
        Kind::None => format!("        {call}\n"),
        Kind::Json | Kind::Any => format!("        return {call}\n"),
        _ => format!("        result: {returned} = {call}\n        return result\n"),
    };
    format!("\n    def {ident}(self{head}) -> {returned}:\n{docs}{body}")
}

/// Returns the type of an argument.
fn taken(kind: Kind) -> &'static str {
    match kind {
        Kind::I32 | Kind::I64 => "int",
        Kind::F32 | Kind::F64 => "float",
        Kind::String => "str",
        Kind::Bytes => "bytes | bytearray | memoryview",
        Kind::Json | Kind::Any | Kind::None => "Any",
    }
}

/// Returns the type of a result.
fn given(kind: Kind) -> &'static str {
    match kind {
        Kind::None => "None",
        Kind::Bytes => "bytes",
        kind => taken(kind),
    }
}

fn text(text: &str) -> String {
    literal(text, long_escape)
}
