//! What a module imports, and what each import leads to.

use crate::base::error::{self, Error, ErrorKind, Result};
use crate::base::slots;
use crate::config::callback::Callback;
use crate::config::plugin_config::Config;
use crate::plugin::export::type_text;
use crate::wasi;
use std::fmt::{self, Write};
use std::sync::Arc;
use wasmer::{ExternType, FunctionType, Module, Type};

/// An import of the module, in the module's order, and what it leads to.
pub(crate) struct Import {
    pub ty: FunctionType,
    pub target: ImportTarget,
}

/// What an import leads to.
#[derive(Clone)]
pub(crate) enum ImportTarget {
    Callback(Arc<Callback>),
    Wasi(&'static wasi::Function),
    RaiseError,
    Abort,
}

impl ImportTarget {
    /// What the import `module`.`name` leads to, if anything does. A callback of the Config comes first.
    pub(crate) fn find(callbacks: &[Arc<Callback>], module: &str, name: &str) -> Option<Self> {
        if let Some(found) =
            callbacks.iter().find(|known| known.module == module && known.name == name)
        {
            return Some(ImportTarget::Callback(Arc::clone(found)));
        }
        match (module, name) {
            ("env", "raise_error") => Some(ImportTarget::RaiseError),
            ("env", "abort") => Some(ImportTarget::Abort),
            _ => wasi::function(module, name).map(ImportTarget::Wasi),
        }
    }

    /// The WebAssembly type that an import of it must have.
    pub(crate) fn ty(&self) -> FunctionType {
        match self {
            ImportTarget::Callback(callback) => {
                let params: Vec<Type> =
                    callback.params.iter().filter_map(|kind| slots::wasm_type(*kind)).collect();
                FunctionType::new(params, slots::wasm_type(callback.result).as_slice())
            }
            ImportTarget::Wasi(function) => FunctionType::new(function.params, function.results),
            ImportTarget::RaiseError => FunctionType::new([Type::I32], []),
            ImportTarget::Abort => FunctionType::new([Type::I32; 4], []),
        }
    }
}

impl fmt::Display for ImportTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportTarget::Callback(callback) => callback.fmt(f),
            ImportTarget::Wasi(function) => write!(f, "WASI function {:?}", function.name),
            ImportTarget::RaiseError => f.write_str("host function \"env\".\"raise_error\""),
            ImportTarget::Abort => f.write_str("host function \"env\".\"abort\""),
        }
    }
}

/// Finds every import, or reports all that are missing or differ in one error.
pub(crate) fn resolve(module: &Module, config: &Config) -> Result<Vec<Import>> {
    let mut imports = Vec::new();
    let mut problems = String::new();
    let mut missing = Vec::new();
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let problem = match import.ty() {
            ExternType::Function(ty) => match ImportTarget::find(&config.callbacks, from, name) {
                Some(target) if target.ty() == *ty => {
                    imports.push(Import { ty: ty.clone(), target });
                    continue;
                }
                Some(target) => format!(
                    "{from:?}.{name:?} as {}, while the {target} is {}",
                    type_text(ty),
                    type_text(&target.ty())
                ),
                None if wasi::is_wasi(from) => {
                    format!("{from:?}.{name:?}, which WASI preview 1 doesn't have")
                }
                None => format!("{from:?}.{name:?}, which no callback provides"),
            },
            ExternType::Memory(_) => {
                format!("memory {from:?}.{name:?}, but only functions can be imported")
            }
            ExternType::Table(_) => {
                format!("table {from:?}.{name:?}, but only functions can be imported")
            }
            ExternType::Global(_) => {
                format!("global {from:?}.{name:?}, but only functions can be imported")
            }
            ExternType::Tag(_) => {
                format!("tag {from:?}.{name:?}, but only functions can be imported")
            }
        };
        missing.push(error::Import { module: from.to_owned(), name: name.to_owned() });
        let _ =
            write!(problems, "{}{problem}", if problems.is_empty() { "it imports " } else { "; " });
    }
    if problems.is_empty() {
        Ok(imports)
    } else {
        Err(Error::new(ErrorKind::ImportNotFound, problems).with_imports(missing))
    }
}
