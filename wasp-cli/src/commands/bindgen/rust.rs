//! Rust, by the crate wasp-core.

use crate::commands::bindgen::binding::{Binding, Bound};
use crate::commands::bindgen::name::{comment, pascal};
use std::fmt::Write;
use wasp_core::Kind;

const HEAD: &str = r#"//! Typed calls of the plugin {plugin}, written by `wasp bindgen`: don't change it by hand.

use wasp_core::{Config, Engine, Error, ErrorKind, Instance, Kind{value}};

const SIGNATURES: [(&str, &[Kind], Kind); {count}] = [
{signatures}];

/// Registers the plugin, as [`Engine::register`] does, and checks that it still offers what this was written for.
///
/// # Errors
/// Those of `register`, and [`ErrorKind::Signature`], which names the difference; then no plugin of that name is registered.
pub fn register(engine: &Engine, name: &str, wasm: &[u8], config: &Config) -> Result<(), Error> {
    engine.register(name, wasm, config)?;
    check(engine, name).inspect_err(|_| drop(engine.unregister(name)))
}

fn check(engine: &Engine, name: &str) -> Result<(), Error> {
    let offered = engine.plugin(name)?.functions;
    for (function, params, result) in SIGNATURES {
        let known = offered.iter().find(|known| known.name == function);
        if known.is_some_and(|known| known.params == params && known.result == result) {
            continue;
        }
        let kinds: Vec<&str> = params.iter().map(|kind| kind.name()).collect();
        let wanted = format!("{function}({}) {result}", kinds.join(", "));
        let difference = match known {
            Some(known) => format!("offers {known}, and this was written for {wanted}"),
            None => format!("offers no function {wanted}, for which this was written"),
        };
        let message = format!("plugin {name:?} {difference}: write it anew by wasp bindgen");
        return Err(Error::from_host(ErrorKind::Signature, message));
    }
    Ok(())
}

/// The plugin's functions, called in one instance.
pub struct {class} {
    /// The instance.
    pub instance: Instance,
}

impl {class} {
    /// Calls the plugin's functions in this instance.
    pub fn new(instance: Instance) -> Self {
        Self { instance }
    }
"#;

/// Writes a module.
pub fn code(binding: &Binding) -> String {
    let mut signatures = String::new();
    for Bound { name, params, result, .. } in &binding.functions {
        let params: Vec<String> = params.iter().map(|param| variant(param.kind)).collect();
        let _ =
            writeln!(signatures, "    ({name:?}, &[{}], {}),", params.join(", "), variant(*result));
    }
    let mut methods = String::new();
    for function in &binding.functions {
        methods.push_str(&method(function));
    }
    let value = if methods.contains("Value") { ", Value" } else { "" };
    HEAD.replace("{plugin}", &comment(&binding.plugin))
        .replace("{value}", value)
        .replace("{count}", &binding.functions.len().to_string())
        .replace("{signatures}", &signatures)
        .replace("{class}", &pascal(&binding.name))
        + &methods
        + "}\n"
}

fn method(function: &Bound) -> String {
    let Bound { name, ident, params, result, docs, .. } = function;
    let mut head = String::new();
    let mut args = Vec::new();
    for param in params {
        let ident = &param.ident;
        let _ = write!(head, ", {ident}: {}", taken(param.kind));
        args.push(match param.kind {
            Kind::Json => format!("Value::Json({ident})"),
            Kind::Any | Kind::None => ident.clone(),
            _ => format!("{ident}.into()"),
        });
    }
    let docs = match docs.as_str() {
        "" => format!("Calls the plugin's function `{}`.", comment(&name.replace('`', "'"))),
        docs => comment(docs),
    };
    let call =
        format!("self.instance.call({name:?}, &[{}], {})?", args.join(", "), variant(*result));
    let (returned, body) = match result {
        Kind::None => ("()".to_owned(), format!("{call};\n        Ok(())")),
        Kind::String => borrowed("str", "to_owned", &call, "String"),
        Kind::Bytes => borrowed("[u8]", "to_vec", &call, "Vec<u8>"),
        Kind::Json => (
            "String".to_owned(),
            format!(
                "match {call} {{\n            Value::Json(text) => Ok(text.to_owned()),\n            _ => Ok(String::new()),\n        }}"
            ),
        ),
        Kind::Any => ("Value<'_>".to_owned(), format!("Ok({call})")),
        kind => (kind.name().to_owned(), format!("{call}.try_into()")),
    };
    format!(
        "\n    /// {docs}\n    ///\n    /// # Errors\n    /// Those of [`Instance::call`].\n    pub fn {ident}(&mut self{head}) -> Result<{returned}, Error> {{\n        {body}\n    }}\n"
    )
}

/// Returns the type and the code for a result that the host gets a copy of.
fn borrowed(ty: &str, copy: &str, call: &str, owned: &str) -> (String, String) {
    (
        owned.to_owned(),
        format!("let result: &{ty} = {call}.try_into()?;\n        Ok(result.{copy}())"),
    )
}

fn taken(kind: Kind) -> &'static str {
    match kind {
        Kind::String | Kind::Json => "&str",
        Kind::Bytes => "&[u8]",
        Kind::Any | Kind::None => "Value<'_>",
        number => number.name(),
    }
}

/// Writes `Kind::String`.
fn variant(kind: Kind) -> String {
    format!("Kind::{kind:?}")
}
