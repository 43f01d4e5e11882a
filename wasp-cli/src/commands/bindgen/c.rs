//! C, by libwasp: a header.

use crate::commands::bindgen::binding::{Binding, Bound};
use crate::commands::bindgen::name::comment;
use std::fmt::Write;
use wasp_core::Kind;

const HEAD: &str = r#"/* Typed calls of the plugin {plugin}, written by `wasp bindgen`: don't change it by hand. */
#pragma once

#include <stdio.h>
#include <wasp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether `info` still has the function `name`; if not, the difference is put into `difference`. */
static inline bool {name}_has(const wasp_plugin_info *info, wasp_slice name, const char *wanted, const wasp_kind *params,
                              size_t param_count, wasp_kind result, char *difference, size_t size) {
  for (size_t i = 0; i < info->function_count; i++) {
    const wasp_function *known = &info->functions[i];
    if (known->name.len != name.len || memcmp(known->name.ptr, name.ptr, name.len) != 0) continue;
    bool fits = known->result == result && known->param_count == param_count;
    for (size_t at = 0; fits && at < param_count; at++) fits = known->params[at] == params[at];
    if (!fits) snprintf(difference, size, "the plugin's function %s has another signature: write this anew by wasp bindgen", wanted);
    return fits;
  }
  snprintf(difference, size, "the plugin offers no function %s: write this anew by wasp bindgen", wanted);
  return false;
}

/*
 * Registers the plugin `name` from a file, as wasp_engine_register_file does, and checks that it still offers what this was written
 * for. If it doesn't, `difference`, which has room for `size` bytes, says so, and no plugin of that name is registered; otherwise
 * `difference` is empty.
 */
static inline wasp_error *{name}_register(wasp_engine *engine, wasp_slice name, wasp_slice path, const wasp_config *config,
                                          char *difference, size_t size) {
  if (size > 0) difference[0] = '\0';
  wasp_plugin_info *info = NULL;
  wasp_error *error = wasp_engine_register_file(engine, name, path, config);
  if (error == NULL) error = wasp_engine_plugin(engine, name, &info);
  if (error != NULL) return error;
{params}  bool fits = {checks};
  wasp_plugin_info_free(info);
  return fits ? NULL : wasp_engine_unregister(engine, name);
}
"#;

/// Writes a header.
pub fn code(binding: &Binding) -> String {
    let mut checks = String::new();
    let mut params = String::new();
    for function in &binding.functions {
        let between = if checks.is_empty() { "" } else { " &&\n              " };
        let _ = write!(checks, "{between}{}", check(&binding.name, function));
        let kinds: Vec<String> = function.params.iter().map(|param| constant(param.kind)).collect();
        if !kinds.is_empty() {
            let (ident, kinds) = (&function.ident, kinds.join(", "));
            let _ = writeln!(params, "  static const wasp_kind {ident}_params[] = {{{kinds}}};");
        }
    }
    if checks.is_empty() {
        checks.push_str("true");
    }
    let mut code = HEAD
        .replace("{plugin}", &comment(&binding.plugin))
        .replace("{name}", &binding.name)
        .replace("{params}", &params)
        .replace("{checks}", &checks);
    for function in &binding.functions {
        code.push_str(&call(&binding.name, function));
    }
    code + "\n#ifdef __cplusplus\n}\n#endif\n"
}

fn check(prefix: &str, function: &Bound) -> String {
    let Bound { name, params, result, signature, .. } = function;
    let (list, count) = match params.len() {
        0 => ("NULL".to_owned(), 0),
        count => (format!("{}_params", function.ident), count),
    };
    format!(
        "{prefix}_has(info, wasp_str({}), {}, {list}, {count}, {}, difference, size)",
        text(name),
        text(&format!("{name}{signature}")),
        constant(*result)
    )
}

fn call(prefix: &str, function: &Bound) -> String {
    let Bound { name, ident, params, result, docs, signature, .. } = function;
    let mut head = String::new();
    let mut args = Vec::new();
    for param in params {
        let ident = &param.ident;
        let _ = write!(head, ", {} {ident}", of(param.kind));
        args.push(argument(param.kind, ident));
    }
    let out = match result {
        Kind::None => String::new(),
        kind => format!(", {} *result", of(*kind)),
    };
    let docs = if docs.is_empty() { signature } else { docs };
    let mut code = format!(
        "\n/* {}. What `result` refers to is the instance's until its next call. */\n",
        comment(docs.trim_end_matches('.'))
    );
    if matches!(result, Kind::None | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64) {
        code = format!("\n/* {}. */\n", comment(docs.trim_end_matches('.')));
    }
    let (list, count) = match args.len() {
        0 => ("NULL".to_owned(), 0),
        count => ("args".to_owned(), count),
    };
    let _ = writeln!(
        code,
        "static inline wasp_error *{prefix}_{ident}(wasp_instance *instance{head}{out}) {{"
    );
    if count > 0 {
        let _ = writeln!(code, "  wasp_value args[] = {{{}}};", args.join(", "));
    }
    for (index, param) in params.iter().enumerate() {
        if matches!(param.kind, Kind::String | Kind::Bytes | Kind::Json) {
            let _ = writeln!(code, "  args[{index}].of.slice = {};", param.ident);
        }
    }
    let (name, kind) = (text(name), constant(*result));
    if *result == Kind::None {
        let _ = writeln!(
            code,
            "  return wasp_call(instance, wasp_str({name}), {list}, {count}, {kind}, NULL);\n}}"
        );
        return code;
    }
    let _ = writeln!(code, "  wasp_value value;");
    let _ = writeln!(
        code,
        "  wasp_error *error = wasp_call(instance, wasp_str({name}), {list}, {count}, {kind}, &value);"
    );
    let member = match result {
        Kind::String | Kind::Bytes | Kind::Json => "value.of.slice".to_owned(),
        Kind::Any => "value".to_owned(),
        kind => format!("value.of.{kind}"),
    };
    let _ = writeln!(code, "  if (error == NULL) *result = {member};\n  return error;\n}}");
    code
}

fn argument(kind: Kind, ident: &str) -> String {
    match kind {
        Kind::Any | Kind::None => ident.to_owned(),
        Kind::String | Kind::Bytes | Kind::Json => {
            format!("{{{}, {{0}}}}", constant(kind))
        }
        kind => format!("wasp_value_{kind}({ident})"),
    }
}

fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::I32 => "int32_t",
        Kind::I64 => "int64_t",
        Kind::F32 => "float",
        Kind::F64 => "double",
        Kind::String | Kind::Bytes | Kind::Json => "wasp_slice",
        Kind::Any | Kind::None => "wasp_value",
    }
}

/// Writes `WASP_STRING`.
fn constant(kind: Kind) -> String {
    format!("WASP_{}", kind.name().to_uppercase())
}

/// Writes a literal, in which what isn't plain ASCII is escaped.
fn text(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => literal.extend(['\\', byte as char]),
            // Three digits always, as digits may follow; a question mark may begin a trigraph.
            0x20..0x7F if byte != b'?' => literal.push(byte as char),
            _ => {
                let _ = write!(literal, "\\{byte:03o}");
            }
        }
    }
    literal.push('"');
    literal
}
