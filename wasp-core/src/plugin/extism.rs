//! What a plugin of Extism is given, and how its functions and its host's look to the host.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::config::plugin_config::Config;
use crate::plugin::export::Export;
use crate::plugin::import::{Import, ImportTarget};
use crate::plugin::listing::Signature;
use std::collections::BTreeMap;
use wasmer::Type;

/// What all instances of a plugin of Extism are given.
pub(crate) struct Extism {
    /// Its config, by keys.
    pub config: BTreeMap<String, String>,
}

impl Extism {
    /// Returns what a plugin with these imports is given; none where it imports nothing of Extism's.
    pub(crate) fn new(imports: &[Import], config: &Config) -> Option<Self> {
        let is_extism = |import: &Import| {
            matches!(import.target, ImportTarget::Extism(_) | ImportTarget::ExtismHttp(_))
        };
        let config = || Self { config: config.entries.clone() };
        imports.iter().any(is_extism).then(config)
    }
}

/// Declares the functions that are called as Extism does: those without parameters, whose only result says whether they failed.
pub(crate) fn declare(exports: &mut [Export]) {
    for export in exports {
        let results = export.ty.results();
        if !export.ty.params().is_empty() || !matches!(results, [] | [Type::I32]) {
            continue;
        }
        export.extism = true;
        let mut signature = Signature::of_kinds(vec![Kind::Any], Kind::Bytes);
        signature.param_names = vec!["input".to_owned()];
        export.declared = signature.into();
    }
}

/// Returns the input that the arguments of a call are.
///
/// # Errors
/// [`ErrorKind::Signature`] if they can't be.
pub(crate) fn input<'a>(args: &[Value<'a>]) -> Result<&'a [u8]> {
    let misfit = |message| Err(Error::new(ErrorKind::Signature, message));
    match args {
        [] | [Value::None] => Ok(&[]),
        [Value::String(text) | Value::Json(text)] => Ok(text.as_bytes()),
        [Value::Bytes(bytes)] => Ok(bytes),
        [number] => {
            let (kind, value) = (number.kind(), slots::DisplayValues(args));
            misfit(format!(
                "argument 1 is {kind} {value}, and a function of an Extism plugin takes string, bytes or json"
            ))
        }
        many => misfit(format!(
            "it takes 1 argument at most, as a function of an Extism plugin, not {}",
            many.len()
        )),
    }
}

/// Refuses a kind of result that a function of an Extism plugin never has.
///
/// # Errors
/// [`ErrorKind::Signature`]
pub(crate) fn check_result(kind: Kind) -> Result<()> {
    match kind {
        Kind::None | Kind::String | Kind::Bytes | Kind::Json | Kind::Any => Ok(()),
        _ => Err(Error::new(
            ErrorKind::Signature,
            format!("its result is string, bytes or json, as that of an Extism plugin, not {kind}"),
        )),
    }
}
