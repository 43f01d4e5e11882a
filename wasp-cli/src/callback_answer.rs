//! Callbacks that are answered from the command line: `env.kv_get(string) string=VALUE`.

use crate::failure::{Failure, Outcome};
use crate::value_text::{self, Owned};
use wasp_core::{Config, Kind, PluginImport, PluginInfo, Provider};

/// A callback, and what it answers.
struct Answer<'a> {
    module: &'a str,
    name: &'a str,
    /// Its parameters and result, where they are given.
    kinds: Option<(Vec<Kind>, Kind)>,
    value: &'a str,
}

/// Adds the callbacks that are given; what the module imports tells the kinds of those without.
pub fn add(given: &[String], info: Option<&PluginInfo>, config: &mut Config) -> Outcome {
    for text in given {
        let answer = parse(text)?;
        let Answer { module, name, value, .. } = answer;
        let imported = info.and_then(|info| find(info, module, name));
        let (params, result) = match (answer.kinds, imported) {
            (Some(kinds), _) => kinds,
            (None, Some(import)) => of_import(import, value)?,
            (None, None) => match info {
                Some(info) if info.language.is_none() => {
                    return Err(not_imported(info, module, name));
                }
                _ => {
                    return Err(Failure::usage(format_args!(
                        "the plugin's imports don't tell the kinds of the callback {text:?}: write them, as in \"{module}.{name}(string) string=VALUE\""
                    )));
                }
            },
        };
        let what = format!("the answer of {module}.{name}");
        let answer = value_text::read(value, result, &what)?;
        config.callback(module, name, &params, result, move |caller, _| {
            if !matches!(answer, Owned::Number(wasp_core::Value::None)) {
                caller.set_result(answer.value());
            }
            Ok(())
        });
    }
    Ok(())
}

/// Makes the failure for a callback that the module doesn't import, with the one that may be meant.
fn not_imported(info: &PluginInfo, module: &str, name: &str) -> Failure {
    let missing = info.imports.iter().filter(|import| import.provider == Provider::Missing);
    let known: Vec<String> =
        missing.map(|import| format!("{}.{}", import.module, import.name)).collect();
    let hint = wasp_core::hint(&format!("{module}.{name}"), known.iter().map(String::as_str));
    Failure::usage(format_args!("the plugin imports no \"{module}.{name}\"{hint}"))
}

fn find<'a>(info: &'a PluginInfo, module: &str, name: &str) -> Option<&'a PluginImport> {
    info.imports.iter().find(|import| import.module == module && import.name == name)
}

/// Returns the kinds of an import: its i32 result is a string where the answer is no number.
fn of_import(import: &PluginImport, value: &str) -> Outcome<(Vec<Kind>, Kind)> {
    let Some(params) = import.params.clone() else {
        return Err(Failure::usage(format_args!("no callback can be {import}")));
    };
    let result = match import.result {
        Kind::I32 if value.parse::<i32>().is_err() => Kind::String,
        kind => kind,
    };
    Ok((params, result))
}

/// Reads `module.name=VALUE` and `module.name(kind, kind) kind=VALUE`.
fn parse(text: &str) -> Outcome<Answer<'_>> {
    let refuse = || {
        Failure::usage(format_args!(
            "the callback {text:?} is none, and MODULE.NAME=VALUE or \"MODULE.NAME(KIND, KIND) KIND=VALUE\" is accepted"
        ))
    };
    // What the value holds is its own affair.
    let (head, value) = text.split_once('=').unwrap_or((text, ""));
    let (path, kinds) = match head.split_once('(') {
        None => (head, None),
        Some((path, rest)) => {
            let (params, result) = rest.split_once(')').ok_or_else(refuse)?;
            let params = params.split(',').map(str::trim).filter(|name| !name.is_empty());
            // A parameter may have a name, as in a listing.
            let kind =
                |name: &str| value_text::kind(name.rsplit(':').next().unwrap_or(name).trim());
            let params = params.map(kind).collect::<Outcome<Vec<Kind>>>()?;
            let result = match result.trim() {
                "" => Kind::None,
                name => value_text::kind(name)?,
            };
            (path, Some((params, result)))
        }
    };
    let (module, name) = path.trim().rsplit_once('.').ok_or_else(refuse)?;
    if module.is_empty() || name.is_empty() {
        return Err(refuse());
    }
    Ok(Answer { module, name, kinds, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_read() {
        let read = |text| {
            parse(text).map(|answer| {
                let Answer { module, name, kinds, value } = answer;
                format!("{module} {name} {kinds:?} {value}")
            })
        };
        assert_eq!(read("env.kv_get=a=b").unwrap(), "env kv_get None a=b");
        assert_eq!(read("a.b.c").unwrap(), "a.b c None ");
        let whole = read("env.get(key: string, i32) json={}").unwrap();
        assert_eq!(whole, "env get Some(([String, I32], Json)) {}");
        assert_eq!(read("env.log(string)").unwrap(), "env log Some(([String], None)) ");
        for wrong in ["kv_get=1", ".a=1", "a.=1", "env.a(string=1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
