//! TypeScript, by the npm package wasp.

use crate::commands::bindgen::binding::{Binding, Bound};
use crate::commands::bindgen::name::{camel, comment, literal, pascal};
use std::fmt::Write;
use wasp_core::Kind;

const HEAD: &str = r#"// Typed calls of the plugin {plugin}, written by `wasp bindgen`: don't change it by hand.

import type { Engine, Instance, {types}WaspConfig, WaspKind } from 'wasp'

const SIGNATURES: Record<string, [params: WaspKind[], returns: WaspKind]> = {
{signatures}}

const shown = (name: string, params: readonly string[], returns: string) =>
  `${name}(${params.join(', ')})${returns === 'none' ? '' : ` ${returns}`}`

/**
 * Registers the plugin, as `Engine.register` does, and checks that it still offers what this was written for. If it doesn't, the
 * error names the difference, and no plugin of that name is registered.
 */
export function register(
  engine: Engine,
  source: string | URL | Uint8Array,
  config: WaspConfig = {},
  name = {quoted},
): void {
  engine.register(name, source, config)
  const offered = new Map(engine.plugin(name).functions.map((known) => [known.name, known]))
  for (const [key, [params, returns]] of Object.entries(SIGNATURES)) {
    const wanted = shown(key, params, returns)
    const known = offered.get(key)
    if (known && shown(key, known.params, known.returns) === wanted) continue
    engine.unregister(name)
    const difference = known
      ? `offers ${shown(key, known.params, known.returns)}, and this was written for ${wanted}`
      : `offers no function ${wanted}, for which this was written`
    throw new TypeError(`plugin ${JSON.stringify(name)} ${difference}: write it anew by wasp bindgen`)
  }
}

/** The plugin's functions, called in one instance. */
export class {class} {
  readonly instance: Instance

  constructor(instance: Instance) {
    this.instance = instance
  }
"#;

/// Writes a module.
pub fn code(binding: &Binding) -> String {
    let mut signatures = String::new();
    for Bound { name, params, result, .. } in &binding.functions {
        let params: Vec<String> = params.iter().map(|param| format!("'{}'", param.kind)).collect();
        // Computed, as `__proto__` is a name like any other then.
        let _ = writeln!(signatures, "  [{}]: [[{}], '{result}'],", text(name), params.join(", "));
    }
    let mut methods = String::new();
    for function in &binding.functions {
        methods.push_str(&method(function));
    }
    // Those that are used.
    let types: String = ["WaspArgument", "WaspBytes", "WaspJson", "WaspValue"]
        .into_iter()
        .filter(|name| {
            methods.match_indices(name).any(|(at, name)| {
                !methods[at + name.len()..].starts_with(|next: char| next.is_alphabetic())
            })
        })
        .fold(String::new(), |list, name| list + name + ", ");
    HEAD.replace("{plugin}", &comment(&binding.plugin))
        .replace("{types}", &types)
        .replace("{signatures}", &signatures)
        .replace("{quoted}", &text(&binding.plugin))
        .replace("{class}", &pascal(&binding.name))
        + &methods
        + "}\n"
}

fn method(function: &Bound) -> String {
    let Bound { name, ident, params, result, docs, .. } = function;
    let list = |write: &dyn Fn(&str, Kind) -> String| {
        let params = params.iter().map(|param| write(&camel(&param.ident), param.kind));
        params.collect::<Vec<_>>().join(", ")
    };
    let head = list(&|ident, kind| format!("{ident}: {}", taken(kind)));
    let args = list(&|ident, _| ident.to_owned());
    let docs = match docs.as_str() {
        "" => String::new(),
        docs => format!("  /** {} */\n", comment(docs)),
    };
    let name = text(name);
    let (ident, result, returned) = (camel(ident), result, given(*result));
    let call = if *result == Kind::None { "" } else { "return " };
    format!(
        "\n{docs}  {ident}({head}): {returned} {{\n    {call}this.instance.call({name}, [{args}], '{result}')\n  }}\n"
    )
}

fn taken(kind: Kind) -> &'static str {
    match kind {
        Kind::I64 => "bigint | number",
        Kind::I32 | Kind::F32 | Kind::F64 => "number",
        Kind::String => "string",
        Kind::Bytes => "WaspBytes",
        Kind::Json | Kind::Any | Kind::None => "WaspArgument",
    }
}

fn given(kind: Kind) -> &'static str {
    match kind {
        Kind::None => "void",
        Kind::I64 => "bigint",
        Kind::I32 | Kind::F32 | Kind::F64 => "number",
        Kind::String => "string",
        Kind::Bytes => "Buffer",
        Kind::Json => "WaspJson",
        Kind::Any => "WaspValue",
    }
}

fn text(text: &str) -> String {
    let literal = literal(text, |char| format!("\\u{{{char:x}}}"));
    if literal.contains(['\'', '\\']) { literal } else { literal.replace('"', "'") }
}
